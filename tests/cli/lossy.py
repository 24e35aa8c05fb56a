#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every result over a recording with losses, drops, a window shorter than the one asked for, or conversations seen by half says
so, in every verb and format; over one without, none does.

    tests/cli/lossy.py PROGRAM
"""
import html
import json
import pathlib
import re
import sqlite3
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKETS = ROOT / "samples" / "mesh" / "mesh.pcapng"
WORLD = "samples/mesh"

# A verb with its arguments; REC stands for the recording. Its formats.
RESULTS = [
    (["audit", "REC", WORLD], ["text", "json", "md", "sarif", "junit", "html", "csv", "baseline"]),
    (["lint", "REC", WORLD], ["text", "json", "md", "sarif", "junit"]),
    (["flows", "REC", WORLD], ["text", "json", "csv"]),
    (["graph", "REC", WORLD], ["dot", "svg", "html", "json", "mermaid", "md"]),
    (["generate", "REC", WORLD], ["yaml", "json"]),
    (["generate", "REC", WORLD, "--diff"], ["yaml", "json"]),
    (["diff", "REC", "REC", WORLD], ["text", "json", "md", "csv", "dot", "svg", "html"]),
    (["explain", "SRC", "DST:7", "REC", WORLD], ["text", "json"]),  # which nobody tried
    (["explain", "SRC", "DST", "REC", WORLD], ["text", "json"]),
]
UNSAFE = r"Something was not recorded"
# Kind of recording: all that has to be said of it.
SAYS = {
    "whole": [],
    "cut": [UNSAFE, r"Lost at \S+: 1 \(file\) at \S+"],
    "drops": [UNSAFE, r"Lost at \S+: 9 \(interface\) between \S+ and \S+", r"Lost at \S+: 4 \(kernel\) between \S+ and \S+"],
    "short": [UNSAFE, r"Recorded for 5 s of the 3600 s asked for"],
    "half": [r"Half seen: [1-9]\d* without their start, \d+ in one direction only"],
}
# Said of the whole one by none.
NEVER = [UNSAFE, r"Lost at", r"Recorded for", r"Half seen", r"not safe", r'"lossy": ?true']


def run(program, *arguments):
    ended = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, timeout=120, check=False)
    return ended.returncode, (ended.stdout + ended.stderr).decode()


def statistics(interface, by_interface, by_system):
    """A pcapng block of what its writer missed."""
    options = struct.pack("<HHQHHQHH", 5, 8, by_interface, 7, 8, by_system, 0, 0)
    length = 24 + len(options)
    return struct.pack("<IIIII", 5, length, interface, 0, 0) + options + struct.pack("<I", length)


def without_starts(packets):
    """The packets of a pcapng file without the first of each connection: every SYN left out."""
    kept, at = b"", 0
    while at < len(packets):
        kind, length = struct.unpack_from("<II", packets, at)
        block = packets[at:at + length]
        at += length
        is_syn = kind == 6 and tcp_flags(block[28:-4]) & 0x02
        kept += b"" if is_syn else block
    return kept


def tcp_flags(frame):
    """Of an SLL2 frame with IPv4 and TCP; else 0."""
    if len(frame) < 54 or frame[0:2] != b"\x08\x00" or frame[29] != 6:
        return 0
    return frame[20 + (frame[20] & 15) * 4 + 13]


def asked_for(recording_path, seconds):
    with sqlite3.connect(recording_path) as database:
        database.execute("UPDATE recording SET asked_for_ns = ?", (seconds * 10 ** 9,))
    return recording_path


def recording(program, folder, name, packets):
    path = folder / f"{name}.pcapng"
    path.write_bytes(packets)
    into = folder / f"{name}.nspect"
    run(program, "capture", "-q", "--read", str(path), "--out", str(into))
    return str(into)


def workload(program, whole):
    """Some workload that the recording knows, for explain."""
    _, text = run(program, "flows", whole, WORLD, "-o", "json", "-q")
    for line in text.splitlines():
        flow = json.loads(line)
        if "workload" in flow["src"] and "workload" in flow["dst"]:
            return [flow[side]["workload"].split("[")[0] for side in ("src", "dst")]
    raise AssertionError("no workload in the sample")


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="nspect-lossy-") as scratch:
        folder = pathlib.Path(scratch)
        packets = PACKETS.read_bytes()
        whole = recording(program, folder, "whole", packets)
        recordings = {
            "whole": whole,
            "cut": recording(program, folder, "cut", packets[:len(packets) - 7]),
            "drops": recording(program, folder, "drops", packets + statistics(0, 9, 4)),
            "short": asked_for(recording(program, folder, "short", packets), 3600),
            "half": recording(program, folder, "half", without_starts(packets)),
        }
        ends = workload(program, whole)
        for arguments, formats in RESULTS:
            arguments = [each.replace("SRC", ends[0]).replace("DST", ends[1]) for each in arguments]
            for form in formats:
                for kind, path in recordings.items():
                    code, text = run(program, *[path if each == "REC" else each for each in arguments], "-o", form)
                    text = html.unescape(text)
                    half_of_nothing = kind == "half" and arguments[2:3] == [f"{ends[1]}:7"]
                    missing = [words for words in SAYS[kind] if not half_of_nothing and not re.search(words, text)]
                    too_much = [words for words in NEVER if kind == "whole" and re.search(words, text)]
                    if code not in (0, 1) or missing or too_much:
                        wrong += 1
                        print(f"WRONG {' '.join(arguments)} -o {form}, {kind}: without {missing}, with {too_much} ({code})")
    print("every verb and format says what was not recorded" if not wrong else f"{wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
