#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every result over a recording with losses says so, in every verb and format; over one without, none does.

    tests/cli/lossy.py PROGRAM
"""
import json
import pathlib
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
    (["explain", "shop/none", "shop/", "REC", WORLD], ["text", "json"]),
]
SAYS_SO = ("Something was not recorded", "\"lossy\":true", "not safe")


def run(program, *arguments):
    ended = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, timeout=120, check=False)
    return ended.returncode, (ended.stdout + ended.stderr).decode()


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
        lossy = recording(program, folder, "lossy", packets[:len(packets) - 7])
        ends = workload(program, whole)
        for arguments, formats in RESULTS:
            if arguments[0] == "explain":
                arguments = ["explain", ends[0], f"{ends[1]}:7", "REC", WORLD]
            for form in formats:
                for path, expected in ((lossy, True), (whole, False)):
                    code, text = run(program, *[path if each == "REC" else each for each in arguments], "-o", form)
                    says = any(words in text for words in SAYS_SO)
                    if code not in (0, 1) or says != expected:
                        wrong += 1
                        print(f"WRONG {' '.join(arguments)} -o {form}: {'no word of the loss' if expected else 'a loss'}"
                              f" ({code})\n{text[:300]}")
    print("every verb and format says what was lost" if not wrong else f"{wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
