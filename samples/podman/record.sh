#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# record.sh FILE.nspect: three labelled containers of Podman, recorded while they talk.
# Needs root, podman, busybox (static) and nspect in PATH; takes the containers and the image away again.
. "$(dirname "$0")/../box.sh"
image=localhost/nspect-sample:1
take_away() {
    podman rm -t 0 -f nspect-web nspect-api nspect-db
    podman rmi "$image"
}
make_root "$scratch/root"
tar -C "$scratch/root" -c . | podman import -q - "$image" >/dev/null
podman run -d --name nspect-db --label app=db "$image" httpd -f -p 6379 -h /www >/dev/null
podman run -d --name nspect-api --label app=api "$image" httpd -f -p 8080 -h /www >/dev/null
podman run -d --name nspect-web --label app=web "$image" sleep 600 >/dev/null
address() { podman inspect -f '{{.NetworkSettings.IPAddress}}' "$1"; }
ask() { podman exec "nspect-$1" wget -q -O /dev/null "http://$2/"; }

record_shop "$(address nspect-api):8080" "$(address nspect-db):6379"
