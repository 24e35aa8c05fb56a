#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# drift.sh RECORDINGS MANIFESTS OUT: what talks now and did not before, as a page, a picture and Markdown (docs/drift.md).
# RECORDINGS holds recordings whose names sort by time (2026-11-22.nspect); the last two are compared. Exit 1 when something
# is new, so that cron mails what is printed, and a scheduled pipeline fails.
set -eu
[ $# -eq 3 ] || { sed -n '3,5s/^# //p' "$0" >&2; exit 2; }
recordings=$1 manifests=$2 out=$3
before='' after=''
for each in "$recordings"/*.nspect; do
    before=$after after=$each
done
if [ -z "$before" ]; then
    echo "drift.sh: $recordings has not two recordings yet" >&2
    exit 2
fi
mkdir -p "$out"
for format in html svg md; do
    nspect diff "$before" "$after" "$manifests" -q --fail-on never -o "$format" --file "$out/drift.$format"
done
nspect diff "$before" "$after" "$manifests" -q --fail-on opened
