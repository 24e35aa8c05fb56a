#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# record.sh FILE.nspect: three labelled containers of containerd's, recorded while they talk.
# Needs root, a running containerd, busybox (static) and nspect in PATH; takes the containers away again.
. "$(dirname "$0")/../box.sh"
take_away() {
    for name in web api db; do
        ctr -n shop tasks rm -f "nspect-$name"
        ctr -n shop containers rm "nspect-$name"
    done
    ctr namespaces rm shop
    ip link del nspect0
}
make_bridge
make_root "$scratch/root"
pid() { ctr -n shop tasks ls | awk -v name="nspect-$1" '$1 == name {print $2}'; }
start() { # NAME ADDRESS COMMAND...
    local name=$1 address=$2
    shift 2
    ctr -n shop run -d --rootfs --label "app=$name" "$scratch/root" "nspect-$name" "$@"
    plug "$name" "$(pid "$name")" "$address"
}
start db 10.88.21.2 /bin/httpd -f -p 6379 -h /www
start api 10.88.21.3 /bin/httpd -f -p 8080 -h /www
start web 10.88.21.4 /bin/sleep 600
ask() { ctr -n shop tasks exec --exec-id "$RANDOM$RANDOM" "nspect-$1" /bin/wget -q -O /dev/null "http://$2/"; }

record_shop 10.88.21.3:8080 10.88.21.2:6379
