#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian 12 packages nspect needs: `install-deps.sh [build|test|demo|all]...` (default: build).
# Idempotent; says what it does; needs root, or sudo. Services that come with a package (nginx, redis,
# dnsmasq) are not started.
set -euo pipefail

build=(g++ cmake ninja-build pkg-config git ca-certificates
       libpcap-dev libnl-3-dev libnl-route-3-dev libboost-graph-dev nlohmann-json3-dev libgraphviz-dev
       libyaml-dev libcli11-dev libfmt-dev libsqlite3-dev libssl-dev libcurl4-openssl-dev catch2
       node-d3 fonts-dejavu-core)
demo=(iproute2 nftables openssl nginx-light redis-server dnsmasq-base curl bind9-dnsutils procps util-linux netcat-openbsd)
tests=(clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev ccache python3 python3-jsonschema python3-yaml sqlite3 tcpdump iputils-ping
       iproute2 nftables openssl gnutls-bin postgresql curl netcat-openbsd procps strace util-linux chromium node-typescript
       docker.io containerd runc iptables podman containernetworking-plugins uidmap slirp4netns passt
       lxc lxc-templates lxd lxd-client systemd-container busybox-static)

wanted=()
for what in "${@:-build}"; do
    case "$what" in
        build) wanted+=("${build[@]}") ;;
        demo) wanted+=("${demo[@]}") ;;
        test) wanted+=("${tests[@]}") ;;
        all) wanted+=("${build[@]}" "${demo[@]}" "${tests[@]}") ;;
        *) echo "install-deps.sh: unknown part '$what': build, test, demo or all" >&2; exit 2 ;;
    esac
done

missing=()
while IFS= read -r package; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done < <(printf '%s\n' "${wanted[@]}" | sort -u)

if ((${#missing[@]} == 0)); then
    echo "install-deps: all $(printf '%s\n' "${wanted[@]}" | sort -u | wc -l) packages are installed" >&2
    exit 0
fi

as_root=()
if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
        echo "install-deps: not root and no sudo; as root: apt-get install ${missing[*]}" >&2
        exit 2
    fi
    as_root=(sudo)
fi

echo "install-deps: installing ${missing[*]}" >&2
# Debian starts a service when its package is installed; a policy-rc.d that answers 101 forbids it (invoke-rc.d(8)).
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
log=$(mktemp)
install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}" >"$log" 2>&1
}
# Package lists may be older than the archive: refresh them when the first try fails.
if ! install; then
    "${as_root[@]}" apt-get update >"$log" 2>&1 || { tail -20 "$log" >&2; exit 2; }
    install || { tail -20 "$log" >&2; exit 2; }
fi
rm -f "$log"
echo "install-deps: done" >&2
