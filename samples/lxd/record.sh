#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# record.sh FILE.nspect: three containers of LXD on a bridge, labelled by user.* keys, recorded while they talk.
# Needs root, a running LXD (`lxd init` is not needed), busybox (static) and nspect in PATH; takes containers, image and storage pool away again.
. "$(dirname "$0")/../box.sh"
take_away() {
    lxc delete -f nspect-web nspect-api nspect-db
    lxc image delete nspect-box
    lxc storage delete nspect
    ip link del nspect0
}
make_bridge
make_root "$scratch/image/rootfs"
mkdir "$scratch/image/rootfs/sbin"
printf '#!/bin/sh\nexec httpd -f -p "$(cat /etc/port)" -h /www\n' >"$scratch/image/rootfs/sbin/init"
chmod 755 "$scratch/image/rootfs/sbin/init"
printf 'architecture: %s\ncreation_date: 1700000000\nproperties:\n  description: busybox box\n' "$(uname -m)" >"$scratch/image/metadata.yaml"
tar -C "$scratch/image" -cf "$scratch/image.tar" metadata.yaml rootfs
lxc -q image import "$scratch/image.tar" --alias nspect-box
lxc -q storage create nspect dir
start() { # NAME ADDRESS PORT
    lxc -q init nspect-box "nspect-$1" --no-profiles --storage nspect -c "user.app=$1"
    lxc -q config device add "nspect-$1" eth0 nic nictype=bridged parent=nspect0
    echo "$3" | lxc -q file push - "nspect-$1/etc/port"
    lxc -q start "nspect-$1"
    local pid
    pid=$(lxc query "/1.0/instances/nspect-$1/state" | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
    nsenter --net="/proc/$pid/ns/net" sh -c "ip addr add $2/24 dev eth0; ip link set eth0 up; ip link set lo up"
}
start db 10.88.21.2 6379
start api 10.88.21.3 8080
start web 10.88.21.4 80
ask() { lxc exec "nspect-$1" -- wget -q -O /dev/null "http://$2/"; }

record_shop 10.88.21.3:8080 10.88.21.2:6379
