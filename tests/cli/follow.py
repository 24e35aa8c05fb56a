#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Follows a recording with `nspect flows --follow`.

    tests/cli/follow.py PROGRAM files      a closed recording: all of it, then the end; needs no root
    tests/cli/follow.py PROGRAM live       one that is being made, in a network namespace of its own; needs root

Live, a connection is told while the capture still runs, each once, filtered, and the end of the capture is its end.
"""
import json
import os
import pathlib
import selectors
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PCAP = ROOT / "tests" / "golden" / "data" / "shop.pcap"
TIMEOUT = 60
CAPTURE = """
ip link set lo up
exec "$0" capture --host --out "$1"
"""
CONNECT = """
import socket
server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]
socket.create_connection(("127.0.0.1", port)).close()
server.accept()[0].close()
server.close()
try:
    socket.create_connection(("127.0.0.1", port))
except ConnectionRefusedError:
    print(port)
"""


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=True).stdout


def closed(program, folder):
    recording = folder / "closed.nspect"
    run(program, "capture", "-q", "--read", PCAP, "--out", recording)
    for how in (["-o", "json"], ["-o", "csv"]):
        at_once = run(program, "flows", recording, *how)
        assert at_once.count("\n") >= 7, at_once
        assert run(program, "flows", "--follow", recording, *how) == at_once, how
    text = run(program, "flows", "--follow", recording)
    assert text.startswith("Time") and text.count("\n") == 1 + 7, text
    print("files: a closed recording is told whole, and ends")


def next_line(process, port):
    """The next conversation with that port: other namespaces of this host may be busy too."""
    while True:
        told = next_of_any(process)
        if (told["dst"].get("ip"), told["dst"].get("port")) == ("127.0.0.1", port):
            return told


def next_of_any(process):
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ)
        assert ready.select(TIMEOUT), "nothing was told"
    return json.loads(process.stdout.readline())


def connect(capture):
    return int(run("nsenter", f"--net=/proc/{capture.pid}/ns/net", sys.executable, "-c", CONNECT))


def follower(program, recording, *how):
    return subprocess.Popen([program, "flows", "--follow", recording, "-o", "json", *how], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, bufsize=0)


def own(told, ports):
    """How many of the lines are about these ports."""
    return sum(json.loads(line)["dst"].get("port") in ports for line in told.splitlines())


def live(program, folder):
    recording = folder / "live.nspect"
    with subprocess.Popen(["unshare", "--net", "sh", "-ec", CAPTURE, program, recording],
                          stderr=subprocess.PIPE, text=True) as capture:
        assert capture.stderr.readline().startswith("capturing: ")
        with follower(program, recording) as every, follower(program, recording, "--outcome", "refused") as refused, \
                follower(program, recording) as stopped:
            ports = []
            try:
                for _ in range(2):
                    port = connect(capture)
                    ports.append(port)
                    for outcome in ("established", "refused"):
                        told = next_line(every, port)
                        assert (told["outcome"], told["dst"]["port"]) == (outcome, port), told
                    told = next_line(refused, port)
                    assert (told["outcome"], told["dst"]["port"]) == ("refused", port), told
                assert capture.poll() is None, "the capture ended by itself"
                stopped.send_signal(signal.SIGINT)
                assert own(stopped.communicate(timeout=TIMEOUT)[0], ports) == 4
                assert stopped.returncode == 130, stopped.returncode
                time.sleep(0.1)
                capture.send_signal(signal.SIGTERM)
                for each in (every, refused):
                    rest, words = each.communicate(timeout=TIMEOUT)
                    assert (own(rest, ports), words, each.returncode) == (0, b"", 0), (rest, words, each.returncode)
            except BaseException:
                for each in (every, refused, stopped, capture):
                    each.kill()
                raise
        capture.stderr.read()
    print("live: each connection was told once while the capture ran, filtered; its end was the end")


def main(program, kind):
    if kind == "live" and os.geteuid() != 0:
        print("left out: following a live capture (network namespaces need root)")
        return 1 if os.environ.get("NSPECT_REQUIRE_LIVE") == "1" else 0
    with tempfile.TemporaryDirectory(prefix="nspect-follow-") as folder:
        (live if kind == "live" else closed)(str(pathlib.Path(program).resolve()), pathlib.Path(folder))
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
