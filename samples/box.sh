# SPDX-License-Identifier: Apache-2.0
# Sourced by the record.sh of each runtime: a root file system of busybox, and a recording around what they do.
# A record.sh defines take_away(), which removes what it started.
set -euo pipefail
out=${1:?record.sh FILE.nspect}
scratch=$(mktemp -d)
capture=
end() {
    [ -z "$capture" ] || kill -TERM "$capture" 2>/dev/null || true
    take_away >/dev/null 2>&1 || true
    rm -rf --one-file-system "$scratch"
}
trap end EXIT

make_root() { # FOLDER
    mkdir -p "$1"/{bin,etc,usr,www,proc,sys,dev,tmp,run}
    cp "$(command -v busybox)" "$1/bin/busybox"
    local tool
    for tool in sh httpd wget sleep; do ln -sf busybox "$1/bin/$tool"; done
    echo ok >"$1/www/index.html"
    echo ID=busybox >"$1/etc/os-release"
}

begin_recording() {
    nspect capture --quiet --out "$out" --force &
    capture=$!
    sleep 2
}

end_recording() {
    sleep 2
    kill -TERM "$capture"
    wait "$capture"
    capture=
}

record_shop() { # API DATABASE: as ask() takes them. What is recorded of each runtime
    begin_recording
    for _ in 1 2 3; do
        ask web "$1"
        ask api "$2"
    done
    ask web "$2" # no policy allows it, and nobody enforces that
    end_recording
}

plug() { # NAME PID ADDRESS: a veth from bridge nspect0 into the network namespace of a process
    ip link add "v$1" type veth peer name eth0 netns "$2"
    ip link set "v$1" master nspect0 up
    nsenter --net="/proc/$2/ns/net" sh -c "ip addr add $3/24 dev eth0; ip link set eth0 up; ip link set lo up"
}

make_bridge() {
    ip link add nspect0 type bridge
    ip link set nspect0 up
}
