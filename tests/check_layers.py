#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when an include crosses rooms against the arrows of docs/architecture.md."""
import pathlib
import re
import sys

MAY_USE = {
    "model": set(),
    "capture": {"model"},
    "ingest": {"model"},
    "store": {"model"},
    "analyzer": {"model"},
    "viz": {"model", "analyzer"},
    "cli": {"model", "capture", "ingest", "store", "analyzer", "viz"},
}
# Inside capture: a decoder builds without libpcap, discovery without packets.
CAPTURE_MAY_USE = {
    "os": set(),
    "decode": set(),
    "source": {"os", "decode"},
    "targets": {"os"},
    "flow": {"decode"},
    "tls": {"decode", "flow"},
}
# Where third-party headers may appear: (pattern, files allowed by prefix).
THIRD_PARTY = [
    (r"<pcap", ("capture/source/",)),
    (r"<netlink/|<linux/(rt)?netlink", ("capture/os/",)),
    (r"<boost/", ("analyzer/",)),
    (r"<sqlite3", ("store/", "capture/targets/podman_sqlite")),
    (r"<curl/", ("capture/targets/engine_api", "ingest/live/", "store/")),
    (r"<openssl/", ("capture/tls/crypto", "capture/tls/certificate", "capture/tls/key_log",)),
    (r"<graphviz/", ("viz/layout",)),
    (r"<yaml", ("ingest/",)),
    (r"<CLI/", ("cli/",)),
    (r"<fmt/", ("cli/", "viz/")),
    (r"<httplib", ("viz/web/",)),
]


def main(root: pathlib.Path) -> int:
    wrong = 0
    for room, allowed in MAY_USE.items():
        for path in sorted((root / room).rglob("*")):
            if path.suffix not in {".h", ".cpp"}:
                continue
            name = path.relative_to(root).as_posix()
            part = name.split("/")[1] if room == "capture" and name.count("/") > 1 else None
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                wrong += check(name, room, part, allowed, number, line)
    return 1 if wrong else 0


def check(name, room, part, allowed, number, line) -> int:
    quoted = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
    if quoted:
        used = quoted.group(1).split("/")
        if used[0] not in MAY_USE:
            print(f'{name}:{number}: "{quoted.group(1)}" is not named from the root of the tree')
            return 1
        if used[0] != room and used[0] not in allowed:
            print(f"{name}:{number}: {room}/ may not use {used[0]}/")
            return 1
        if part in CAPTURE_MAY_USE and used[0] == "capture" and len(used) > 2 and used[1] != part:
            if used[1] not in CAPTURE_MAY_USE[part]:
                print(f"{name}:{number}: capture/{part}/ may not use capture/{used[1]}/")
                return 1
        return 0
    for pattern, homes in THIRD_PARTY:
        if re.search(r"#\s*include\s*" + pattern, line):
            if not name.startswith(homes):
                print(f"{name}:{number}: {line.strip()} belongs to {' '.join(homes)}")
                return 1
            if name.endswith(".h"):
                print(f"{name}:{number}: a third-party header in a header of ours")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
