#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare_tools.py [--rounds N] [--without TOOL]... NSPECT BARE FILE.pcap: `capture --read` beside other tools on one file.

BARE is the program bare_loop. Tools that are not installed are left out and said so. The rounds go through all
tools in turn, so that a busy machine disturbs all alike; of each the best round is printed: processor time (user and
system, of the whole process), time on the wall, memory at most, and processor time against the bare loop and nspect.
"""
import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time


def commands(nspect, bare, pcap, folder):
    recording = os.path.join(folder, "out.nspect")
    flows = os.path.join(folder, "nfcapd")
    os.mkdir(flows)
    return [
        ("bare libpcap loop", [bare, pcap]),
        ("nspect capture", [nspect, "capture", "-q", "--read", pcap, "--out", recording, "--force"]),
        ("tcpdump -w", ["tcpdump", "-r", pcap, "-w", os.devnull]),
        ("nfpcapd", ["nfpcapd", "-r", pcap, "-w", flows]),
        ("softflowd", ["softflowd", "-d", "-r", pcap, "-6", "-m", "1000000", "-n", "127.0.0.1:9",
                       "-p", os.path.join(folder, "pid"), "-c", "none"]),
        ("ndpiReader", ["ndpiReader", "-q", "-i", pcap]),
        ("tshark conv,tcp", ["tshark", "-n", "-q", "-r", pcap, "-z", "conv,tcp"]),
    ]


def measure(command):
    """Processor seconds, seconds and peak memory in MiB; None when it failed."""
    begin = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, child.returncode, usage = os.wait4(child.pid, 0)
    if child.returncode != 0:
        return None
    return usage.ru_utime + usage.ru_stime, time.monotonic() - begin, usage.ru_maxrss / 1024


def best(results):
    """The lowest of each column; None when no round succeeded."""
    good = [each for each in results if each]
    return tuple(min(column) for column in zip(*good)) if good else None


def print_table(results):
    first = results["bare libpcap loop"]
    ours = results["nspect capture"]
    print(f"{'':20} {'cpu':>9} {'wall':>9} {'memory':>9} {'/ bare':>8} {'/ nspect':>8}")
    for name, result in results.items():
        if result is None:
            print(f"{name:20} failed")
            continue
        cpu, wall, memory = result
        print(f"{name:20} {cpu:7.2f} s {wall:7.2f} s {memory:5.0f} MiB "
              f"{cpu / first[0]:8.2f} {cpu / ours[0]:8.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without", action="append", default=[], help="leave out what begins so, such as tshark")
    parser.add_argument("nspect")
    parser.add_argument("bare")
    parser.add_argument("pcap")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as folder:
        tools = commands(options.nspect, options.bare, options.pcap, folder)
        for name, command in tools:
            if shutil.which(command[0]) is None:
                print(f"{name:20} left out: not installed")
        tools = [(name, command) for name, command in tools
                 if shutil.which(command[0]) and not name.startswith(tuple(options.without))]
        rounds = [{name: measure(command) for name, command in tools} for _ in range(options.rounds)]
    results = {name: best([each[name] for each in rounds]) for name, _ in tools}
    if not results.get("bare libpcap loop") or not results.get("nspect capture"):
        raise SystemExit("the bare loop or nspect failed: nothing to compare with")
    print_table(results)


main()
