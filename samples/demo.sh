#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job on live traffic: a small shop of containers, captured, audited against samples/shop, with
# least-privilege policies, a report and a picture left in a folder.
#   samples/demo.sh [--out DIR]
# As root it makes the shop and captures it live; as another user it works from samples/shop/shop.nspect.
set -euo pipefail
cd "$(dirname "$0")/.."

out=
case "${1:-}" in
    "") out=$(mktemp -d "${TMPDIR:-/tmp}/nspect-demo.XXXXXX") ;;
    --out) out=${2:?--out needs a folder}; mkdir -p "$out"; out=$(cd "$out" && pwd) ;;
    *) echo "usage: samples/demo.sh [--out DIR]" >&2; exit 2 ;;
esac

packaging/install-deps.sh build demo
[[ -f build/release/CMakeCache.txt ]] || cmake --preset release -DNSPECT_BUILD_TESTS=OFF >/dev/null
cmake --build --preset release --target nspect
nspect=$PWD/build/release/nspect
started=$SECONDS

if ((EUID == 0)); then
    echo "== live: a shop of network namespaces with nginx, redis, openssl and dnsmasq"
    # Private namespaces: the kernel removes all of it when the lab's first process ends, also on Ctrl-C.
    unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private \
        samples/shop/internet.sh "$nspect" "$out" &
    lab=$!
    trap 'kill -KILL "$lab" 2>/dev/null || true' EXIT
    trap 'exit 130' INT TERM
    wait "$lab"
    trap - EXIT INT TERM
    echo
    echo "== nspect targets (inside the lab)"
    cat "$out/targets.txt"
    echo
    echo "== nspect capture"
    cat "$out/capture.log"
else
    echo "== not root: working from the recorded sample samples/shop/shop.nspect (live: sudo samples/demo.sh)"
    cp samples/shop/shop.nspect "$out/shop.nspect"
fi

shop=(samples/shop/cluster.yaml samples/shop/policies.yaml samples/expectations.yaml)
findings=0
show() { echo; echo "== nspect $*"; "$nspect" "$@"; }

show flows "$out/shop.nspect" "${shop[@]}"
show audit "$out/shop.nspect" "${shop[@]}" || findings=$?
((findings <= 1)) || exit "$findings"
echo
echo "== nspect generate: policies for exactly this traffic, and the proof"
"$nspect" generate "$out/shop.nspect" "${shop[@]}" --out "$out/policies"
"$nspect" audit "$out/shop.nspect" "${shop[@]}" -o html --file "$out/report.html" || (($? == 1))
"$nspect" graph "$out/shop.nspect" "${shop[@]}" -o svg --file "$out/shop.svg"

echo
echo "== done in $((SECONDS - started)) s; left in $out:"
echo "   report.html   open it in a browser: the picture, the findings, every edge"
echo "   shop.svg      the picture alone"
echo "   policies/     $(find "$out/policies" -name '*.yaml' | wc -l) least-privilege NetworkPolicies"
echo "   shop.nspect   the recording: sqlite3, or any nspect verb"
