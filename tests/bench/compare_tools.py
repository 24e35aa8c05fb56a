#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare_tools.py NSPECT BARE FILE.pcap: `capture --read` beside other tools on one file.

BARE is the program bare_loop. Tools that are not installed are left out and said so.
Processor time and memory of the whole process, the best of three; ratios to the bare loop.
"""
import os
import resource
import shutil
import subprocess
import sys
import tempfile

ROUNDS = 3


def commands(nspect, bare, pcap, folder):
    recording = os.path.join(folder, "out.nspect")
    return [
        ("bare libpcap loop", [bare, pcap]),
        ("nspect capture", [nspect, "capture", "-q", "--read", pcap, "--out", recording, "--force"]),
        ("tcpdump -w", ["tcpdump", "-r", pcap, "-w", os.devnull]),
        ("nfpcapd", ["nfpcapd", "-r", pcap, "-w", folder]),
        ("softflowd", ["softflowd", "-r", pcap, "-6", "-m", "1000000", "-n", "127.0.0.1:9"]),
        ("ndpiReader", ["ndpiReader", "-q", "-i", pcap]),
        ("tshark conv", ["tshark", "-n", "-q", "-r", pcap, "-z", "conv,tcp"]),
    ]


def measure(command):
    """Processor seconds and peak memory in MiB; None when it failed."""
    with open(os.devnull, "w") as nowhere:
        child = subprocess.Popen(command, stdout=nowhere, stderr=nowhere)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status != 0:
        return None
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def best(command):
    results = [measure(command) for _ in range(ROUNDS)]
    good = [each for each in results if each]
    return min(good) if good else None


def main():
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nspect, bare, pcap = sys.argv[1:]
    first = None
    with tempfile.TemporaryDirectory() as folder:
        for name, command in commands(nspect, bare, pcap, folder):
            if shutil.which(command[0]) is None:
                print(f"{name:20} left out: not installed")
                continue
            result = best(command)
            if result is None:
                print(f"{name:20} failed")
                continue
            seconds, memory = result
            first = first or seconds
            print(f"{name:20} {seconds:8.2f} s {memory:8.0f} MiB {seconds / first:8.2f} x the bare loop")
    return 0


sys.exit(main())
