#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Long work tells how far it is where stderr is a terminal, and leaves nothing in a pipe.

    tests/cli/progress.py PROGRAM
"""
import fcntl
import json
import os
import pathlib
import pty
import re
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import time

CAPTURE = pathlib.Path("tests/golden/data/shop.pcap").read_bytes()
TIMEOUT = 300
CLEAR = "\r\x1b[K"
BARS = {"C.UTF-8": "[\u2588\u2591]{20}", "C": "[#.]{20}"}
# What is soon over is not talked about, and how soon that is depends on the machine: work is made larger until it is.
COPIES = [25_000 << doubled for doubled in range(7)]
PODS = (250, 500, 1000, 2000, 4000)


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


# Where the values stand in a row of a block: docs/recording-format.md.
ID, FIRST, CLIENT_PORT, CLIENT_ISN = 0, 1, 7, 18


def template_of(rows):
    """The text of the rows with a %d for what differs from copy to copy, and for each of these what it is in the first and what it may be at most."""
    numbers = []
    for row in rows:
        for place, most in ((ID, 2**62), (CLIENT_PORT, 60000), (CLIENT_ISN, 2**32)):
            if place < len(row) and row[place] is not None:
                numbers.append((row[place], most, place == ID))
                row[place] = "%d"
    return json.dumps(rows, separators=(",", ":")).replace('"%d"', "%d"), numbers


def large_recording(program, folder, copies):
    """The sightings of the sample, over and over, a millisecond later each; and how many they are."""
    path = f"{folder}/large-{copies}.nspect"
    if not os.path.exists(path):
        subprocess.run([program, "capture", "-q", "--read", "tests/golden/data/shop.pcap", "--out", path], check=True, timeout=TIMEOUT)
        with sqlite3.connect(path) as file:
            (start, text), = file.execute("SELECT from_ns, rows FROM sighting_block")
            rows = json.loads(text)
            ids, latest = max(row[ID] for row in rows), max(row[FIRST] for row in rows)
            template, numbers = template_of(rows)
            file.executemany("INSERT INTO sighting_block VALUES (?, ?, ?, ?)", (
                (len(rows) * (n + 1), start + n * 1_000_000, start + n * 1_000_000 + latest,
                 template % tuple((first + (ids if is_id else 1) * n) % most for first, most, is_id in numbers)) for n in range(1, copies)))
        file.close()
    with sqlite3.connect(path) as file:
        count = file.execute("SELECT max(id) FROM sighting_block").fetchone()[0]
    file.close()
    return path, count


def many_pods(folder, count):
    """So many workloads that who reaches whom takes a while."""
    path = pathlib.Path(folder, f"pods-{count}.json")
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"p{i}", "namespace": "n"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
        for i in range(count)]}), encoding="utf-8")
    return path


def seen_in_terminal(command, locale, columns=200):
    """What stderr showed, a terminal, while the result went elsewhere."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
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
    assert not said or said.endswith(CLEAR.encode()), f"nothing of it stays: {said[-500:]!r}"
    return said.decode()


def grown(sizes, run, *patterns):
    """What `run` said of work of the first size that is long enough on this machine for all of these to be said."""
    for size in sizes:
        said = run(size)
        if all(re.search(pattern, said) for pattern in patterns):
            return said
    raise AssertionError(f"not said, of work of any size: {patterns}, but {said[-1000:]!r}")


def line(what, bar, of):
    """How far `what` is, with a bar, a share, a rate, and what is left."""
    count = r"[\d.]+( [kM])?"
    return rf"\r\x1b\[K{what}  {bar}  \d+ %  {count} of {count} {of}  {count}/s  (\d+ min )?\d+ s left"


def of_verbs(program, folder):
    def of_recording(*command, locale="C", columns=200):
        return lambda copies: seen_in_terminal([program, *command, large_recording(program, folder, copies)[0], "-o", "json"], locale, columns)

    for locale, bar in BARS.items():
        said = grown(COPIES, of_recording("flows", locale=locale), line(r"reading \S+nspect", bar, "sightings"))
        _, sightings = large_recording(program, folder, int(re.search(r"large-(\d+)", said)[1]))
        total = f"{sightings / 1e3:.1f} k" if sightings < 999_950 else f"{sightings / 1e6:.1f} M"
        assert f" of {total} sightings" in said, (total, said[-500:])
    joining, judging = line("joining what was seen", BARS["C"], "conversations"), line("judging", BARS["C"], "conversations")
    for verb in "audit", "graph":
        grown(COPIES, of_recording(verb), judging)
    grown(COPIES, of_recording("generate"), joining, line("generating, and proving it", BARS["C"], "conversations"))
    grown(PODS, lambda count: seen_in_terminal([program, "connectivity", many_pods(folder, count), "-o", "json"], "C"),
          line("following policies", BARS["C"], "workloads"))
    for columns, kept in (80, r"reading \S*~\S*nspect  \d+ %.*/s  \d+ s left"), (50, r" %.*~.* s left"):
        narrow = grown(COPIES, of_recording("flows", columns=columns), kept)
        assert all(len(each) < columns for each in narrow.split(CLEAR)), repr(narrow)
    recording, _ = large_recording(program, folder, COPIES[0])
    assert seen_in_terminal([program, "audit", recording, "-q", "-o", "json"], "C") == "", "--quiet is quiet"
    ended = subprocess.run([program, "audit", recording, "-o", "json"], capture_output=True, timeout=TIMEOUT, check=False)
    assert b"\x1b" not in ended.stderr, "nothing of it in a pipe"


def main():
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="nspect-progress-") as folder:
        command = [program, "capture", "--read", "-", "--out", f"{folder}/shop.nspect", "--force"]
        said = in_terminal(command)
        assert re.search(r"\r\x1b\[Kreading  [\d.]+ k?B  [\d.]+ k?B/s", said), repr(said)
        assert said.rindex("\x1b[K") < said.index("packets"), f"the line is gone before the words: {said!r}"
        assert "\x1b" not in in_terminal([*command, "--quiet"]), "--quiet is quiet"
        assert "\x1b" not in in_pipe(command), "nothing of it in a pipe"
        of_verbs(program, folder)
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
