#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# record.sh FILE.nspect: three network namespaces without any runtime, recorded while they talk.
# Needs root, iproute2, busybox (static) and nspect in PATH; takes the namespaces away again.
. "$(dirname "$0")/../box.sh"
servers=()
take_away() {
    local each
    for each in "${servers[@]}"; do kill "$each"; done
    for each in web api db; do ip netns del "nspect-$each"; done
    ip link del nspect0
}
make_bridge
make_root "$scratch/root"
start() { # NAME ADDRESS COMMAND...
    local name=nspect-$1 address=$2
    shift 2
    ip netns add "$name"
    ip netns exec "$name" "$@" &
    servers+=($!)
    until [ "$(ip netns identify $!)" = "$name" ]; do sleep 0.1; done
    plug "${name#nspect-}" $! "$address"
}
start db 10.88.23.2 busybox httpd -f -p 6379 -h "$scratch/root/www"
start api 10.88.23.3 busybox httpd -f -p 8080 -h "$scratch/root/www"
start web 10.88.23.4 sleep 600
ask() { ip netns exec "nspect-$1" busybox wget -q -O /dev/null "http://$2/"; }

record_shop 10.88.23.3:8080 10.88.23.2:6379
