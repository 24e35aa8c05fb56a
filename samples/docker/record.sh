#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# record.sh FILE.nspect: three containers of a Compose project on this host's Docker, recorded while they talk.
# Needs root, a running Docker, busybox (static) and nspect in PATH; takes the containers and the image away again.
set -euo pipefail
out=${1:?record.sh FILE.nspect}
image=nspect-sample:1
network=nspect-sample
cleanup() {
    docker rm -f nspect-web nspect-api nspect-db nspect-spy >/dev/null 2>&1 || true
    docker network rm "$network" >/dev/null 2>&1 || true
    docker image rm "$image" >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
scratch=$(mktemp -d)
trap cleanup EXIT

mkdir -p "$scratch/bin" "$scratch/www"
cp "$(command -v busybox)" "$scratch/bin/"
for tool in sh httpd wget nc sleep; do ln -s busybox "$scratch/bin/$tool"; done
echo ok >"$scratch/www/index.html"
tar -C "$scratch" -c . | docker import - "$image" >/dev/null
docker network create "$network" >/dev/null

start() {
    local name=$1 service=$2
    shift 2
    docker run -d --name "$name" --network "$network" --network-alias "$service" \
        --label com.docker.compose.project=shop --label "com.docker.compose.service=$service" "$image" "$@" >/dev/null
}
start nspect-db db httpd -f -p 6379 -h /www
start nspect-api api httpd -f -p 8080 -h /www
start nspect-web web sleep 600

nspect capture --quiet --out "$out" --force &
capture=$!
sleep 2
ask() { docker exec "$1" wget -q -O /dev/null "http://$2/" || true; }
for _ in 1 2 3; do
    ask nspect-web api:8080
    ask nspect-api db:6379
done
ask nspect-web db:6379 # no policy allows it, and nobody enforces that
docker run --rm --name nspect-spy --network "$network" "$image" wget -q -O /dev/null http://db:6379/
sleep 2
kill -TERM "$capture"
wait "$capture"
