#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stops `nspect capture` by signal and looks at what is left.

    tests/cli/signals.py PROGRAM files      reading a capture from a pipe that stays open; needs no root
    tests/cli/signals.py PROGRAM live       live, in a network namespace of its own; needs root

Ctrl-C ends with 130, SIGTERM with 0; either way the recording is whole: it opens without a warning and holds
every connection that was made before.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PCAP = ROOT / "tests" / "golden" / "data" / "shop.pcap"
EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 0}
TIMEOUT = 60
READ = "63" if os.uname().machine == "aarch64" else "0"  # number of the system call

# In the fresh namespace: lo comes up, nspect listens, and once it says so one connection is made over lo. What
# other namespaces of this machine do meanwhile is recorded too, so the connection is known by its port.
LIVE = """
ip link set lo up
exec "$0" capture --host --out "$1"
"""
CONNECT = """
import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1])
socket.create_connection(server.getsockname()).close()
server.accept()[0].close()
"""


def conversations(program, recording):
    """What the recording holds; anything said about it on stderr is a failure."""
    ended = subprocess.run([program, "flows", recording, "-o", "json"], capture_output=True, text=True,
                           timeout=TIMEOUT, check=True)
    assert ended.stderr == "", f"the recording is not whole: {ended.stderr}"
    return [json.loads(line) for line in ended.stdout.splitlines()]


def check_exit(process, number):
    code = process.wait(timeout=TIMEOUT)
    assert code == EXIT_CODES[number], f"{number.name}: exit code {code}, not {EXIT_CODES[number]}"


def stop_while_reading(program, recording, number):
    """The pipe ends after the signal, as in `tcpdump -w - | nspect capture --read -` on Ctrl-C."""
    with subprocess.Popen([program, "capture", "-q", "--read", "-", "--out", recording],
                          stdin=subprocess.PIPE) as process:
        process.stdin.write(PCAP.read_bytes())
        process.stdin.flush()
        wait_until(lambda: recording.exists() and waits_for_more(process), "nspect to read the pipe empty")
        process.send_signal(number)
        process.stdin.close()
        check_exit(process, number)
    assert len(conversations(program, recording)) == 7, "packets read before the signal are missing"


def wait_until(condition, what):
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.05)


def waits_for_more(process):
    """Whether it sleeps in read() of its standard input, having taken everything that was there."""
    return pathlib.Path(f"/proc/{process.pid}/syscall").read_text(encoding="ascii").split()[:2] == [READ, "0x0"]


def stop_live(program, recording, number):
    with subprocess.Popen(["unshare", "--net", "sh", "-ec", LIVE, program, recording],
                          stderr=subprocess.PIPE, text=True) as process:
        words = process.stderr.readline()
        assert words.startswith("capturing: "), words
        connected = subprocess.run(
            ["nsenter", f"--net=/proc/{process.pid}/ns/net", sys.executable, "-c", CONNECT],
            stdout=subprocess.PIPE, text=True, check=True, timeout=TIMEOUT)
        process.send_signal(number)
        check_exit(process, number)
        process.stderr.read()
    port = int(connected.stdout)
    outcomes = [each["outcome"] for each in conversations(program, recording) if each["dst"]["port"] == port]
    assert outcomes == ["established"], f"one connection was made just before, recorded: {outcomes}"


def main(program, kind):
    if kind == "live" and os.geteuid() != 0:
        print("left out: stopping a live capture (network namespaces need root)")
        return 1 if os.environ.get("NSPECT_REQUIRE_LIVE") == "1" else 0
    check = stop_live if kind == "live" else stop_while_reading
    for number in EXIT_CODES:
        with tempfile.TemporaryDirectory(prefix="nspect-signals-") as folder:
            check(str(pathlib.Path(program).resolve()), pathlib.Path(folder) / "stopped.nspect", number)
            print(f"{kind}: {number.name} ends with {EXIT_CODES[number]} and a whole recording")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
