#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails on a header past 200 lines, a source past 500, or a folder README past 25: a room has one job."""
import pathlib
import sys

ROOMS = ["model", "capture", "ingest", "store", "analyzer", "viz", "cli", "tests"]
LIMITS = {".h": 200, ".cpp": 500, ".js": 500, ".py": 500, ".sh": 500}


def main(root: pathlib.Path) -> int:
    wrong = 0
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            limit = 25 if path.name == "README.md" else LIMITS.get(path.suffix)
            if not path.is_file() or limit is None or "node_modules" in path.parts:
                continue
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > limit:
                print(f"{path.relative_to(root)}: {lines} lines, at most {limit}")
                wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
