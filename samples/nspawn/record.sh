#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# record.sh FILE.nspect: three machines of systemd-nspawn on a bridge, recorded while they talk.
# Needs root, systemd-nspawn, busybox (static) and nspect in PATH; takes the machines away again.
. "$(dirname "$0")/../box.sh"
machines=()
take_away() {
    local each
    for each in "${machines[@]}"; do kill "$each"; done
    wait
    ip link del nspect0
}
make_bridge
pid() { # NAME: the first process in the machine
    local supervisor
    supervisor=$(pgrep -of -- "--machine=nspect-$1 ")
    pgrep -P "$supervisor" | head -1
}
start() { # NAME ADDRESS COMMAND...
    local name=$1 address=$2
    shift 2
    make_root "$scratch/$name"
    systemd-nspawn --quiet --register=no --keep-unit --network-bridge=nspect0 --machine="nspect-$name" \
        --directory="$scratch/$name" --as-pid2 "$@" &
    machines+=($!)
    until ip link show "vb-nspect-$name" 2>/dev/null | grep -q . && [ -n "$(pid "$name")" ]; do sleep 0.1; done
    sleep 0.5
    nsenter --net="/proc/$(pid "$name")/ns/net" sh -c "ip addr add $address/24 dev host0; ip link set host0 up"
}
start db 10.88.22.2 /bin/httpd -f -p 6379 -h /www
start api 10.88.22.3 /bin/httpd -f -p 8080 -h /www
start web 10.88.22.4 /bin/sleep 600
ask() { nsenter --net="/proc/$(pid "$1")/ns/net" busybox wget -q -O /dev/null "http://$2/"; }

record_shop 10.88.22.3:8080 10.88.22.2:6379
