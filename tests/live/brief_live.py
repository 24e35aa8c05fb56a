#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A namespace that lives for a fifth of a second and makes one connection is recorded with its name and that connection.

    tests/live/brief_live.py PROGRAM          needs root

One after the other they come, connect to the host's end of their veth and go; half of them with the mount that `ip netns`
makes, half as a process alone in a namespace that nothing is mounted of, which has the name of the process. When nothing
comes and goes any more, nothing is looked at either: /proc is not polled.
"""
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time

from live_host import Capture, main, run, wait_until

COUNT = 10
LIFE = 0.2
PORT = 8100
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def enter(path):
    namespace = os.open(path, os.O_RDONLY)
    if LIBC.setns(namespace, CLONE_NEWNET) != 0:
        os._exit(1)


def in_child(task):
    child = os.fork()
    if child == 0:
        try:
            task()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return child


def ends(child):
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def batch(*lines):
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)


def plug(number, netns):
    return (f"link add v{number} type veth peer name eth0 netns {netns}", f"link set v{number} up",
            f"addr add 10.66.{number}.1/30 dev v{number}")


def inner(number):
    return ("link set eth0 up", f"addr add 10.66.{number}.2/30 dev eth0")


def connect(number):
    socket.create_connection((f"10.66.{number}.1", PORT + number), 5).close()


def mounted(number):
    name, born = f"brief{number}", time.monotonic()
    batch(f"netns add {name}", *plug(number, name))
    run("ip", "-n", name, "-batch", "-", input="\n".join(inner(number)) + "\n")
    ends(in_child(lambda: (enter(f"/run/netns/{name}"), connect(number))))
    time.sleep(max(0.0, LIFE - (time.monotonic() - born)))
    batch(f"netns del {name}")
    return time.monotonic() - born


def bare(number):
    """Waits to be plugged in, connects, ends; its namespace with it."""
    told, tell = os.pipe()

    def live():
        with open("/proc/self/comm", "w", encoding="ascii") as name:
            name.write(f"bare{number}")
        if LIBC.unshare(CLONE_NEWNET) != 0:
            os._exit(1)
        os.write(tell, b"x")
        signal.sigwait({signal.SIGUSR1})
        connect(number)
        time.sleep(max(0.0, LIFE - (time.monotonic() - born)))
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    born = time.monotonic()
    child = in_child(live)
    os.read(told, 1)
    batch(*plug(number, child))
    run("nsenter", f"--net=/proc/{child}/ns/net", "ip", "-batch", "-", input="\n".join(inner(number)) + "\n")
    os.kill(child, signal.SIGUSR1)
    ends(child)
    return time.monotonic() - born


def reads_of(process):
    with open(f"/proc/{process.pid}/io", encoding="ascii") as counts:
        return next(int(line.split()[1]) for line in counts if line.startswith("syscr:"))


def comes_to_rest(process):
    """At rest it reads its clock once a second. Looking into /proc is many reads for each process there."""
    seconds, most = 3, 8
    for _ in range(10):
        before = reads_of(process)
        time.sleep(seconds)
        reads = reads_of(process) - before
        if reads <= most:
            return reads / seconds
    raise AssertionError(f"{reads} reads in {seconds} s, and nothing happens")


def inside(program, folder):
    servers = [socket.create_server(("", PORT + number)) for number in range(COUNT)]
    recording = Capture(program, folder / "brief.nspect")
    lives = [(mounted if number % 2 == 0 else bare)(number) for number in range(COUNT)]
    wanted = {PORT + number: f"{'brief' if number % 2 == 0 else 'bare'}{number}" for number in range(COUNT)}
    wait_until("all is recorded", lambda: set(wanted) <= set(recording.flows()))
    others = [subprocess.Popen(["unshare", "--net", "sleep", "600"]) for _ in range(5)]
    at_rest = comes_to_rest(recording.process)
    for other in others:
        other.kill()
        other.wait()
    recording.stop()
    flows = recording.flows()
    wrong = [(port, name, flows.get(port)) for port, name in wanted.items()
             if [(each["src"].get("endpoint"), each["outcome"]) for each in flows.get(port, [])] != [(name, "established")]]
    assert not wrong, (wrong, recording.words.read_text())
    print(f"ok: {COUNT} namespaces that lived for {1000 * min(lives):.0f} to {1000 * max(lives):.0f} ms, each with its "
          f"connection and its name; at rest {at_rest:.1f} reads a second")
    for server in servers:
        server.close()


if __name__ == "__main__":
    sys.exit(main(__file__, inside, ("ip", "nsenter", "unshare"), ()))
