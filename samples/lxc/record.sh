#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# record.sh FILE.nspect: three containers of LXC on a bridge, recorded while they talk.
# Needs root, lxc with its busybox template, busybox (static) and nspect in PATH; takes the containers away again.
. "$(dirname "$0")/../box.sh"
take_away() {
    for name in web api db; do
        lxc-stop -k -n "nspect-$name"
        lxc-destroy -n "nspect-$name"
    done
    ip link del nspect0
}
make_bridge
start() { # NAME ADDRESS COMMAND
    cat >"$scratch/conf" <<END
lxc.net.0.type = veth
lxc.net.0.link = nspect0
lxc.net.0.flags = up
lxc.net.0.ipv4.address = $2/24
lxc.init.cmd = $3
lxc.apparmor.profile = unconfined
END
    lxc-create -n "nspect-$1" -t busybox -f "$scratch/conf" >/dev/null
    lxc-start -n "nspect-$1" -d
    for _ in $(seq 50); do # it is said to run before it has its address
        lxc-attach -n "nspect-$1" -- ip addr show dev eth0 2>/dev/null | grep -q "$2/" && break
        sleep 0.1
    done
}
start db 10.88.20.2 "/bin/busybox httpd -f -p 6379 -h /etc"
start api 10.88.20.3 "/bin/busybox httpd -f -p 8080 -h /etc"
start web 10.88.20.4 "/bin/busybox sleep 600"
ask() { lxc-attach -n "nspect-$1" -- busybox wget -q -O /dev/null "http://$2/passwd"; }

record_shop 10.88.20.3:8080 10.88.20.2:6379
