#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where eBPF hands packets to the container's end of a veth, past the host's end, nspect goes inside, and says so.

    tests/live/bypass_live.py PROGRAM          needs root, and a kernel with tcx (6.6)

As Cilium and Calico's eBPF data plane do it: a program at the host's end of each of two containers gives what comes in
to bpf_redirect_peer() with the other one. The host's ends then see what their container sends and nothing that it gets.
"""
import ctypes
import errno
import os
import platform
import socket
import struct
import subprocess
import sys
import time

from live_host import Capture, main, run, wait_until

PROG_LOAD, LINK_CREATE = 5, 28
SCHED_CLS, TCX_INGRESS = 3, 46
REDIRECT_PEER = 155
SYSCALL = {"x86_64": 321, "aarch64": 280}
LIBC = ctypes.CDLL(None, use_errno=True)
PORTS = {"before": 9001, "after": 9002}
SERVE = """
import socket, sys, threading
def answer(one):
    while one.recv(65536):
        pass
    one.sendall(b"done"); one.close()
def serve(port):
    server = socket.create_server(("", port))
    print("ready", flush=True)
    while True:
        answer(server.accept()[0])
for port in (9001, 9002):
    threading.Thread(target=serve, args=(port,)).start()
"""
SEND = """
import socket, sys
one = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
for _ in range(int(sys.argv[3])):
    one.sendall(b"x" * 65536)
one.shutdown(socket.SHUT_WR)
assert one.recv(4) == b"done"
"""


def bpf(command, attributes):
    attributes = ctypes.create_string_buffer(attributes, 128)
    made = LIBC.syscall(SYSCALL[platform.machine()], command, attributes, len(attributes))
    if made < 0:
        raise OSError(ctypes.get_errno(), f"bpf({command}): {os.strerror(ctypes.get_errno())}")
    return made


def redirect(index_from, index_to):
    """Everything that comes in at one interface goes to the peer of the other. The link lives as long as its descriptor."""
    program = b"".join(struct.pack("<BBhi", *each) for each in (
        (0xB7, 1, 0, index_to), (0xB7, 2, 0, 0), (0x85, 0, 0, REDIRECT_PEER), (0x95, 0, 0, 0)))
    code, terms, log = (ctypes.create_string_buffer(each) for each in (program, b"GPL", b"\0" * 4096))
    loaded = bpf(PROG_LOAD, struct.pack("<IIQQIIQ", SCHED_CLS, len(program) // 8, ctypes.addressof(code),
                                        ctypes.addressof(terms), 1, len(log), ctypes.addressof(log)))
    return bpf(LINK_CREATE, struct.pack("<IIII", loaded, index_from, TCX_INGRESS, 0))


def make_containers():
    for number, name in enumerate(("one", "two"), 1):
        run("ip", "netns", "add", name)
        run("ip", "link", "add", f"h-{name}", "address", "02:00:00:00:01:01", "type", "veth", "peer", "name", "eth0",
            "address", "02:00:00:00:00:01", "netns", name)
        run("ip", "link", "set", f"h-{name}", "up")
        for words in (f"addr add 10.67.0.{number}/24 dev eth0", "link set eth0 up"):
            run("ip", "-n", name, *words.split())
        # One hardware address for both: each takes what the other sends, and none has to ask.
        run("ip", "-n", name, "neigh", "add", f"10.67.0.{3 - number}", "lladdr", "02:00:00:00:00:01", "dev", "eth0")
    one, two = (socket.if_nametoindex(f"h-{name}") for name in ("one", "two"))
    return redirect(one, two), redirect(two, one)


def send(port, blocks):
    run("ip", "netns", "exec", "one", sys.executable, "-c", SEND, "10.67.0.2", port, blocks)


def sides(flow):
    return {(each["interface"], each["side"]) for each in flow["vantages"]}


def inside(program, folder):
    try:
        links = make_containers()
    except OSError as problem:
        if problem.errno not in (errno.EINVAL, errno.ENOSYS):
            raise
        print(f"left out: tcx and bpf_redirect_peer (this kernel says: {problem})")
        return
    with subprocess.Popen(["ip", "netns", "exec", "two", sys.executable, "-c", SERVE], stdout=subprocess.PIPE) as server:
        server.stdout.readline()
        server.stdout.readline()
        try:
            recording = Capture(program, folder / "all.nspect")
            send(PORTS["before"], 400)
            wait_until("its loss is recorded", lambda: "past this end" in run(
                "sqlite3", f"file:{recording.recording}?mode=ro", "SELECT note FROM loss", check=False))
            time.sleep(1.5)  # sources inside are open
            send(PORTS["after"], 40)
            wait_until("it is recorded", lambda: PORTS["after"] in recording.flows())
            time.sleep(1.5)
            recording.stop()
        finally:
            server.kill()
    for link in links:
        os.close(link)
    (flow,) = recording.flows()[PORTS["after"]]
    ends = flow["src"]["endpoint"], flow["dst"]["endpoint"], flow["outcome"]
    assert ends == ("one", "two", "established"), flow
    assert sides(flow) == {("eth0", "inside")}, flow
    assert flow["packets"]["received"] > 0 and flow["packets"]["sent"] > 0, flow
    assert flow["bytes"]["sent"] >= 40 * 65536, flow
    print("ok: host's ends that packets are redirected past were noticed; the next connection was seen inside, both ways")


if __name__ == "__main__":
    sys.exit(main(__file__, inside, ("ip", "sqlite3"), ()))
