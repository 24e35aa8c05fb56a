#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Long work tells how far it is where stderr is a terminal, and leaves nothing in a pipe.

    tests/cli/progress.py PROGRAM
"""
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile
import time

CAPTURE = pathlib.Path("tests/golden/data/shop.pcap").read_bytes()
TIMEOUT = 30


def slowly(pipe):
    """Half of the capture now, the rest later: two readings of the clock."""
    half = len(CAPTURE) // 2
    for part in (CAPTURE[:half], CAPTURE[half:half + 1], CAPTURE[half + 1:]):
        pipe.write(part)
        pipe.flush()
        time.sleep(0.4)
    pipe.close()


def in_terminal(command):
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        slowly(process.stdin)
        assert process.wait(timeout=TIMEOUT) == 0
    said = b""
    try:
        while True:
            said += os.read(ours, 4096)
    except OSError:  # the other end is closed
        return said.decode()


def in_pipe(command):
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        slowly(process.stdin)
        said = process.stderr.read().decode()
        assert process.wait(timeout=TIMEOUT) == 0
        return said


def main():
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="nspect-progress-") as folder:
        command = [program, "capture", "--read", "-", "--out", f"{folder}/shop.nspect", "--force"]
        said = in_terminal(command)
        assert re.search(r"\r\x1b\[Kreading  [\d.]+ k?B  [\d.]+ k?B/s", said), repr(said)
        assert said.rindex("\x1b[K") < said.index("packets"), f"the line is gone before the words: {said!r}"
        assert "\x1b" not in in_terminal([*command, "--quiet"]), "--quiet is quiet"
        assert "\x1b" not in in_pipe(command), "nothing of it in a pipe"
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
