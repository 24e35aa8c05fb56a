#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""live_tools.py [--rounds N] [--frames N] NSPECT SEND_FRAMES: live capture beside `tcpdump -s 96 -w FILE`.

A veth into a network namespace of its own; nothing leaves them. Needs root, and tcpdump and iperf3 where they shall
be compared. SEND_FRAMES is the program send_frames. The rounds go through all tools in turn; printed are the best.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

POD = "nsbench"
LINK = "vbench"
ADDRESSES = ("10.99.0.1", "10.99.0.2")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def make_lab():
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    run("ip", "netns", "add", POD)
    run("ip", "link", "add", LINK, "type", "veth", "peer", "name", "eth0", "netns", POD)
    for prefix, address, link in (((), ADDRESSES[0], LINK), (("-n", POD), ADDRESSES[1], "eth0")):
        run("ip", *prefix, "addr", "add", address + "/24", "dev", link)
        run("ip", *prefix, "link", "set", link, "up")
        run("ip", *prefix, "link", "set", "lo", "up")


class Tool:
    """A running capture; how it is seen to have begun and what it says at the end."""
    def __init__(self, name, command, begun, seen, lost):
        self.name, self.command, self.begun, self.seen, self.lost = name, command, begun, seen, lost

    def start(self, folder):
        self.log = folder / "log"
        with open(self.log, "w") as log:
            self.child = subprocess.Popen(self.command, stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while self.begun not in self.log.read_text():
            if time.monotonic() > deadline or self.child.poll() is not None:
                raise SystemExit(f"{self.name} did not begin:\n{self.log.read_text()}")
            time.sleep(0.05)
        time.sleep(0.5)
        self.before = self.cpu()

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """Processor seconds since start() returned, ending and writing included; packets seen, and lost."""
        time.sleep(0.7)
        self.child.send_signal(signal.SIGINT)
        _, status, usage = os.wait4(self.child.pid, 0)
        self.child.returncode = status
        words = self.log.read_text()
        seen, lost = (int(re.search(pattern, words).group(1)) for pattern in (self.seen, self.lost))
        return usage.ru_utime + usage.ru_stime - self.before, seen, lost


class NoTool:
    name = "no capture"

    def start(self, folder):
        pass

    def stop(self):
        return 0.0, None, 0


def tools(nspect, folder):
    yield NoTool()
    if shutil.which("tcpdump"):
        yield Tool("tcpdump -s 96 -w", ["tcpdump", "-i", LINK, "-s", "96", "-w", str(folder / "out.pcap")],
                   "listening on", r"(\d+) packets? captured", r"(\d+) packets? dropped by kernel")
    else:
        print("tcpdump: left out, not installed")
    yield Tool("nspect capture", [nspect, "capture", "--out", str(folder / "out.nspect"), "--force"],
               "capturing", r"(\d+) packets?, ", r"lost: (\d+) packets?")


def frames(tool, folder, sender, count, size, pace):
    tool.start(folder)
    sent, seconds = run("ip", "netns", "exec", POD, sender, "eth0", str(count), str(size), "1000", str(pace)).split()
    cpu, seen, lost = tool.stop()
    if seen is not None:
        lost = max(lost, int(sent) - seen)
    return {"rate": int(sent) / float(seconds), "lost": lost, "sent": int(sent), "cpu": cpu}


def print_frames(results, size, pace):
    print(f"\nframes of {size} bytes, " + (f"{pace} a second" if pace else "as fast as the link takes them"))
    print(f"{'':20} {'offered':>13} {'lost':>16} {'CPU a packet':>13} {'/ tcpdump':>10}")
    anchor = min((each["cpu"] / each["sent"] for each in results.get("tcpdump -s 96 -w", [])), default=None)
    for name, rounds in results.items():
        best = min(rounds, key=lambda each: each["cpu"] / each["sent"])
        cost = best["cpu"] / best["sent"]
        lost = sorted(each["lost"] for each in rounds)
        ratio = f"{cost / anchor:10.2f}" if anchor and cost else ""
        print(f"{name:20} {max(each['rate'] for each in rounds) / 1e3:8.0f} kpps {lost[0]:7}..{lost[-1]:<7} "
              f"{cost * 1e9:10.0f} ns {ratio}")


def connect(attempts=20):
    """Three seconds of iperf3, once its server listens."""
    for _ in range(attempts):
        time.sleep(0.5)
        client = subprocess.run(["iperf3", "-c", ADDRESSES[1], "-t", "3", "-J"], capture_output=True, text=True,
                                timeout=60, check=False)
        if client.returncode == 0:
            return client.stdout
    raise SystemExit(f"iperf3: {client.stdout}{client.stderr}")


def throughput(tool, folder):
    server = subprocess.Popen(["ip", "netns", "exec", POD, "iperf3", "-s", "-1"], stdout=subprocess.DEVNULL)
    tool.start(folder)
    answer = json.loads(connect())
    _, _, lost = tool.stop()
    server.wait(timeout=10)
    return {"bits": answer["end"]["sum_received"]["bits_per_second"], "lost": lost}


def print_throughput(results):
    print(f"\niperf3, one TCP stream\n{'':20} {'throughput':>15} {'kept':>8} {'packets lost':>16}")
    free = max(each["bits"] for each in results["no capture"])
    for name, rounds in results.items():
        bits = max(each["bits"] for each in rounds)
        lost = sorted(each["lost"] for each in rounds)
        print(f"{name:20} {bits / 1e9:10.1f} Gb/s {100 * bits / free:6.0f} % {lost[0]:7}..{lost[-1]:<7}")


def in_turn(options, folder, measure):
    results = {}
    for _ in range(options.rounds):
        for tool in tools(options.nspect, folder):
            results.setdefault(tool.name, []).append(measure(tool))
    return results


def main(options):
    make_lab()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for size, pace in ((100, 0), (1400, 0), (100, 200_000)):
            results = in_turn(options, folder, lambda tool, size=size, pace=pace: frames(
                tool, folder, options.sender, options.frames, size, pace))
            print_frames(results, size, pace)
        if shutil.which("iperf3"):
            print_throughput(in_turn(options, folder, lambda tool: throughput(tool, folder)))
        else:
            print("iperf3: left out, not installed")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("nspect", type=os.path.abspath)
    parser.add_argument("sender", type=os.path.abspath)
    known = parser.parse_args()
    if known.inside:
        main(known)
    else:
        sys.exit(subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
                                 sys.executable, os.path.abspath(__file__), *sys.argv[1:], "--inside"],
                                check=False).returncode)
