#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Long work tells how far it is where stderr is a terminal, and leaves nothing in a pipe.

    tests/cli/progress.py PROGRAM
"""
import json
import os
import pathlib
import pty
import re
import sqlite3
import subprocess
import sys
import tempfile
import time

CAPTURE = pathlib.Path("tests/golden/data/shop.pcap").read_bytes()
TIMEOUT = 120


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


def large_recording(program, folder):
    """Half a million sightings: those of the sample, over and over, a second later each."""
    path = f"{folder}/large.nspect"
    subprocess.run([program, "capture", "-q", "--read", "tests/golden/data/shop.pcap", "--out", path], check=True, timeout=TIMEOUT)
    with sqlite3.connect(path) as file:
        columns = [row[1] for row in file.execute("PRAGMA table_info(sighting)")]
        moved = {"id": "id + 1000 * n", "first_ns": "first_ns + n * 1000000", "last_ns": "last_ns + n * 1000000", "client_isn": "client_isn + n",
                 "client_port": "1024 + (client_port + n) % 60000"}
        file.execute(f"WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < 70000) INSERT INTO sighting ({', '.join(columns)}) "
                     f"SELECT {', '.join(moved.get(each, each) for each in columns)} FROM sighting, more")
    file.close()
    return path


def many_pods(folder):
    """So many workloads that who reaches whom takes a while."""
    path = pathlib.Path(folder, "pods.json")
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"p{i}", "namespace": "n"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
        for i in range(1500)]}), encoding="utf-8")
    return path


def seen_in_terminal(command, locale):
    """What stderr showed, a terminal, while the result went elsewhere."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs,
                          env={**os.environ, "LC_ALL": locale}) as process:
        os.close(theirs)
        said = b""
        try:
            while block := os.read(ours, 4096):
                said += block
        except OSError:  # the other end is closed
            pass
        assert process.wait(timeout=TIMEOUT) in (0, 1), said
    os.close(ours)
    return said.decode()


def of_other_verbs(program, folder):
    recording = large_recording(program, folder)
    bars = {"C.UTF-8": "[\u2588\u2591]{20}", "C": "[#.]{20}"}
    for locale, bar in bars.items():
        said = seen_in_terminal([program, "flows", recording, "-o", "json"], locale)
        rate = r"\d+ %  [\d.]+( k)? of [\d.]+ k sightings  [\d.]+( [kM])?/s  \d+ s left"
        assert re.search(rf"\r\x1b\[Kreading \S+large.nspect  {bar}  {rate}", said), repr(said[-500:])
        assert said.endswith("\r\x1b[K"), "nothing of it stays"
    for command, words in (["audit", "-o", "json"], "judging"), (["generate", "-o", "json"], "generating"), (["graph", "-o", "json"], "judging"):
        said = seen_in_terminal([program, command[0], recording, *command[1:]], "C")
        # A step that is over at once says nothing: at least one of the two takes long enough on any machine.
        assert any(f"\r\x1b[K{each}" in said for each in ("joining what was seen", words)), repr(said[-500:])
    assert "\x1b" not in seen_in_terminal([program, "audit", recording, "-q", "-o", "json"], "C"), "--quiet is quiet"
    ended = subprocess.run([program, "audit", recording, "-o", "json"], capture_output=True, timeout=TIMEOUT, check=False)
    assert b"\x1b" not in ended.stderr, "nothing of it in a pipe"
    said = seen_in_terminal([program, "connectivity", many_pods(folder), "-o", "json"], "C")
    assert re.search(rf"following policies  {bars['C']}  \d+ %  [\d.]+( k)? of 1.5 k workloads", said), repr(said[-500:])


def main():
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="nspect-progress-") as folder:
        command = [program, "capture", "--read", "-", "--out", f"{folder}/shop.nspect", "--force"]
        said = in_terminal(command)
        assert re.search(r"\r\x1b\[Kreading  [\d.]+ k?B  [\d.]+ k?B/s", said), repr(said)
        assert said.rindex("\x1b[K") < said.index("packets"), f"the line is gone before the words: {said!r}"
        assert "\x1b" not in in_terminal([*command, "--quiet"]), "--quiet is quiet"
        assert "\x1b" not in in_pipe(command), "nothing of it in a pipe"
        of_other_verbs(program, folder)
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
