#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Follows a recording with `nspect flows --follow`.

    tests/cli/follow.py PROGRAM files      a closed recording: all of it, then the end; needs no root
    tests/cli/follow.py PROGRAM live       one that is being made, and this host without any; needs root

Live, in network namespaces of its own: a connection is told while the capture still runs, each once, filtered, and the
end of the capture is its end. Without a recording nothing is left behind, a terminal sees colour and symbols or ASCII, and
Ctrl-C ends it in order.
"""
import contextlib
import json
import os
import pathlib
import pty
import re
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
ON_THIS_HOST = """
ip link set lo up
exec "$0" flows --follow "$@"
"""
MANY = """
import socket
server = socket.create_server(("127.0.0.1", 0), backlog=1024)
for _ in range(600):
    socket.create_connection(server.getsockname()).close()
    server.accept()[0].close()
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
                for port in ports:  # it may be behind the others: each looks when it comes to it
                    for _ in range(2):
                        next_line(stopped, port)
                stopped.send_signal(signal.SIGINT)
                assert own(stopped.communicate(timeout=TIMEOUT)[0], ports) == 0, "told twice"
                assert stopped.returncode == 130, stopped.returncode
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


def on_this_host(program, *how, folder=None):
    """`flows --follow` without a recording in a network namespace of its own, and what it says when it listens."""
    process = subprocess.Popen(["unshare", "--net", "sh", "-ec", ON_THIS_HOST, program, "--host", *how],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, cwd=folder,
                               env={**os.environ, "TMPDIR": str(folder)} if folder else None)
    words = process.stderr.readline()
    assert words.startswith(b"capturing: "), words
    return process


@contextlib.contextmanager
def ended(*processes):
    try:
        yield
    finally:
        for each in processes:
            if each.poll() is None:
                each.kill()
            each.communicate()


def next_word(process):
    """Its next line of stderr that is not about what of this machine may not be seen."""
    while (line := process.stderr.readline()).startswith((b"nspect: not covered: ", b"   hint: ")):
        pass
    return line


def without_a_recording(program, folder):
    folder = folder / "empty"
    folder.mkdir()
    every = on_this_host(program, "-o", "json", folder=folder)
    refused = on_this_host(program, "-o", "json", "--outcome", "refused", folder=folder)
    with ended(every, refused):
        for _ in range(2):
            port = connect(every)
            for outcome in ("established", "refused"):
                told = next_line(every, port)
                assert (told["outcome"], told["dst"]["port"]) == (outcome, port), told
            port = connect(refused)
            assert next_line(refused, port)["outcome"] == "refused"
        port = connect(every)
        every.send_signal(signal.SIGINT)  # at once: what was not told yet is told before the end
        told, words = every.communicate(timeout=TIMEOUT)
        assert own(told, {port}) == 2, told
        assert every.returncode == 130, every.returncode
        words = words.splitlines()[-1]  # what of this machine may not be seen is said before
        assert re.fullmatch(rb"\d+ packets, \d+ sightings in .* s; lost: \d+ packets, \d+ sightings", words), words
        refused.send_signal(signal.SIGTERM)
        refused.communicate(timeout=TIMEOUT)
        assert refused.returncode == 0, refused.returncode
    assert not list(folder.iterdir()), "something was written"
    print("live: this host is followed without a recording, filtered; Ctrl-C ends it in order")


def its_time_and_room(program):
    timed = on_this_host(program, "-o", "json", "--duration", "2s")
    with ended(timed):
        port = connect(timed)
        told, _ = timed.communicate(timeout=TIMEOUT)
        assert (own(told, {port}), timed.returncode) == (2, 0), (told, timed.returncode)
    small = on_this_host(program, "-o", "json", "--memory", "293K")
    with ended(small):
        run("nsenter", f"--net=/proc/{small.pid}/ns/net", sys.executable, "-c", MANY)
        small.send_signal(signal.SIGINT)
        told, words = small.communicate(timeout=TIMEOUT)
        assert 0 < len(told.splitlines()) < 600, len(told.splitlines())
        assert b"sightings found no room" in words, words
    print("live: its time ends it, and its room is bounded, with what found none counted")


def whoever_is_to_come(program):
    waiting = on_this_host(program, "-o", "json", "--to", "nobody-yet")
    with ended(waiting):
        assert b"is called 'nobody-yet' now; waiting for it" in next_word(waiting)
        connect(waiting)
        waiting.send_signal(signal.SIGINT)
        told, _ = waiting.communicate(timeout=TIMEOUT)
        assert (told, waiting.returncode) == (b"", 130), (told, waiting.returncode)
    print("live: a name that nobody has yet is waited for")


def nobody_reads(program):
    closed_pipe = on_this_host(program, "-o", "json")
    with ended(closed_pipe):
        closed_pipe.stdout.close()
        connect(closed_pipe)
        assert closed_pipe.wait(timeout=TIMEOUT) != 130
    print("live: it ends when nobody reads any more")


def in_a_terminal(program, locale, *how):
    """What a terminal saw of two connections."""
    ours, theirs = pty.openpty()
    environment = {**{key: text for key, text in os.environ.items() if key not in ("NO_COLOR", "LC_CTYPE", "LANG")},
                   "LC_ALL": locale}
    process = subprocess.Popen(["unshare", "--net", "sh", "-ec", ON_THIS_HOST, program, "--host", *how], env=environment,
                               stdout=theirs, stderr=subprocess.PIPE, bufsize=0)
    os.close(theirs)
    seen = b""
    with ended(process):
        assert process.stderr.readline().startswith(b"capturing: ")
        port = str(connect(process)).encode()
        until = time.monotonic() + TIMEOUT
        while seen.count(port) < 2:
            assert time.monotonic() < until, seen
            with selectors.DefaultSelector() as ready:
                ready.register(ours, selectors.EVENT_READ)
                if ready.select(1):
                    seen += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=TIMEOUT)
    os.close(ours)
    return seen.decode()


def looks(program):
    seen = in_a_terminal(program, "C.UTF-8")
    assert "\x1b[32m\u2713 established" in seen and "\x1b[31m\u2717 refused" in seen, repr(seen)
    for how in (["--ascii", "--color", "never"], ["--color", "never"]):
        seen = in_a_terminal(program, "C.UTF-8" if "--ascii" in how else "C", *how)
        assert seen.isascii() and "\x1b" not in seen, repr(seen)
        assert re.search(r"\+ established", seen) and re.search(r"[x!] refused", seen), repr(seen)
    print("live: a terminal sees colour and symbols, or ASCII")


def main(program, kind):
    if kind == "live" and os.geteuid() != 0:
        print("left out: following a live capture (network namespaces need root)")
        return 1 if os.environ.get("NSPECT_REQUIRE_LIVE") == "1" else 0
    program = str(pathlib.Path(program).resolve())
    with tempfile.TemporaryDirectory(prefix="nspect-follow-") as folder:
        if kind == "files":
            closed(program, pathlib.Path(folder))
            return 0
        live(program, pathlib.Path(folder))
        without_a_recording(program, pathlib.Path(folder))
    for part in (its_time_and_room, whoever_is_to_come, nobody_reads, looks):
        part(program)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
