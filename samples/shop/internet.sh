#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The world outside the shop's node: internet.sh NSPECT OUT. It stands in process and network namespaces of
# its own, which the node cannot look into, as with any customer; the node is lab.sh, one level further in.
set -euo pipefail
cd "$(dirname "$0")"
nspect=$1
out=$2

ip link set lo up
ip link add eth0 type veth peer name uplink
ip addr add 203.0.113.10/24 dev eth0
ip link set eth0 up

unshare --net --mount --pid --fork --kill-child --mount-proc ./lab.sh "$nspect" "$out" &
node=$!
own=$(readlink /proc/self/ns/net)
until [[ $(readlink "/proc/$node/ns/net") != "$own" ]]; do sleep 0.02; done
ip link set uplink netns "$node"
ip route add default via 203.0.113.1

(   # The customer comes when the shop is open.
    until [[ -e $out/.open ]]; do sleep 0.05; done
    for _ in 1 2 3 4 5; do
        curl -fsS --max-time 3 -o /dev/null http://10.244.1.11:8080/
        sleep 0.3
    done
    touch "$out/.served"
) &
wait "$node"
rm -f "$out/.open" "$out/.served"
