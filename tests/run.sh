#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds nspect and runs every test. As root the live ones too (they make their own network namespaces); as
# another user it runs what needs no root and says what it left out.
# NSPECT_REQUIRE_LIVE=1: a live test that cannot run is a failure. NSPECT_SHARED: where conformance data is.
set -euo pipefail
cd "$(dirname "$0")/.."

packaging/install-deps.sh build test demo
export NSPECT_SHARED="${NSPECT_SHARED:-$PWD/../shared}"
if [[ ! -d $NSPECT_SHARED ]]; then
    echo "left out: conformance and capture data sets ($NSPECT_SHARED is not there; set NSPECT_SHARED)"
fi

cmake --preset release -DNSPECT_BUILD_TESTS=ON >/dev/null
cmake --build --preset release

filter=()
if ((EUID != 0)); then
    filter=(--label-exclude root)
    echo "left out: live tests (network namespaces need root; run: sudo tests/run.sh)"
    if [[ ${NSPECT_REQUIRE_LIVE:-0} == 1 ]]; then
        echo "NSPECT_REQUIRE_LIVE=1, and this is not root" >&2
        exit 1
    fi
fi
exec ctest --test-dir build/release --output-on-failure --no-tests=error "${filter[@]}" "$@"
