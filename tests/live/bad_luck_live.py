#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is missing keeps nothing else from working, is said once, counted, and made up for when it can be.

    tests/live/bad_luck_live.py PROGRAM          needs root, setpriv and strace

The program runs with few privileges, with few descriptors, beside an engine that talks nonsense, and with nothing to
do; each in network, mount and process namespaces made for it, with namespaces that stand for containers.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

from live_host import TIMEOUT, in_namespaces, stages

CONTAINERS = 12
PORTS = range(9001, 9010)
SERVE = """
import select, socket, sys
servers = [socket.create_server(("", port)) for port in range(9001, 9010)]
print("ready", flush=True)
while True:
    for server in select.select(servers, [], [])[0]:
        server.accept()[0].close()
"""


def run(*command, check=True):
    return subprocess.run(command, check=check, capture_output=True, text=True, timeout=TIMEOUT).stdout


def wait_until(what, is_so, patience=30):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError(f"waited in vain: {what}")


def add_containers(numbers):
    """Namespaces with a veth to the host each; what is inside is made where somebody talks to it."""
    lines = []
    for number in numbers:
        name, end = f"n{number}", f"v{number}"
        lines += [f"netns add {name}", f"link add {end} type veth peer name eth0 netns {name}",
                  f"addr add 10.5.{number}.1/24 dev {end}", f"link set {end} up"]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", check=True, text=True, timeout=TIMEOUT)


def remove(numbers):
    subprocess.run(["ip", "-batch", "-"], input="".join(f"netns del n{number}\n" for number in numbers), check=True,
                   text=True, timeout=TIMEOUT)
    ends = {f"v{number}" for number in numbers}
    wait_until("the kernel takes the veths away", lambda: not ends & {name for _, name in socket.if_nameindex()})


class Server:
    """Answers inside one of them."""

    def __init__(self, number):
        run("ip", "-n", f"n{number}", "addr", "replace", f"10.5.{number}.2/24", "dev", "eth0")
        run("ip", "-n", f"n{number}", "link", "set", "eth0", "up")
        self.process = subprocess.Popen(["ip", "netns", "exec", f"n{number}", sys.executable, "-c", SERVE],
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def stop(self):
        self.process.kill()
        self.process.wait()


def connect(number, port):
    socket.create_connection((f"10.5.{number}.2", port), 5).close()


class Capture:
    def __init__(self, folder, command, *options):
        self.recording = pathlib.Path(tempfile.mkdtemp(dir=folder)) / "bad.nspect"
        os.chmod(self.recording.parent, 0o777)
        self.words = folder / "words"
        with open(self.words, "w", encoding="utf-8") as stderr:
            self.process = subprocess.Popen([*command, "capture", "--out", str(self.recording), *options], stderr=stderr)
        self.wait("capture begins", lambda: "capturing" in self.said() or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()

    def said(self):
        return self.words.read_text()

    def query(self, sql):
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.recording}?mode=ro", uri=True)) as database:
                return database.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []

    def knows(self, name):
        return self.query(f"SELECT 1 FROM target WHERE name = '{name}' AND to_ns IS NULL") != []

    def lost(self, words):
        rows = self.query(f"SELECT coalesce(sum(count), 0) FROM loss WHERE note LIKE '%{words}%'")
        return rows[0][0] if rows else 0

    def wait(self, what, is_so):
        try:
            wait_until(what, is_so)
        except AssertionError as problem:
            raise AssertionError(f"{problem}: {self.said()}") from problem

    def stop(self):
        subprocess.run(["pkill", "-TERM", "-P", str(self.process.pid)], check=False)  # under strace it is a child
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=TIMEOUT) == 0, self.said()
        self.once()

    def once(self):
        """Nothing is said twice."""
        lines = [re.sub(r"netns \d+", "netns N", line) for line in self.said().splitlines() if "not covered:" in line
                 and "sightings" not in line]
        assert len(lines) == len(set(lines)), self.said()

    def flows(self, program):
        lines = run(program, "flows", str(self.recording), "-o", "json").splitlines()
        return {flow["dst"].get("port"): flow for flow in map(json.loads, lines)}


def few_privileges(program, folder):
    """CAP_NET_RAW alone: the host's ends can be listened at, and no namespace be entered."""
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all,+net_raw",
            "--ambient-caps=-all,+net_raw"]
    root = ["setpriv", "--bounding-set=-all,+net_raw"]
    server = Server(1)
    copy = folder / "nspect"
    shutil.copy(program, copy)
    os.chmod(folder, 0o777)
    for name, who in (("root without the rest", root), ("nobody", user)):
        capture = Capture(folder, [*who, str(copy)])
        connect(1, 9001)
        capture.wait("the connection is recorded", lambda: capture.query("SELECT 1 FROM sighting WHERE server_port = 9001"))
        capture.stop()
        flow = capture.flows(program)[9001]
        assert flow["outcome"] == "established" and flow["dst"]["ip"] == "10.5.1.2", flow
        assert capture.lost("cannot enter the network namespace") == CONTAINERS, capture.said()
        assert capture.lost("a process may not be looked into") >= 1, capture.said()
        assert capture.said().count("cannot enter the network namespace") == 1, capture.said()
        found = json.loads(run(*who, str(copy), "targets", "-o", "json"))["targets"]
        assert {f"n{i}" for i in range(1, CONTAINERS + 1)} <= {target["name"] for target in found}
        for verb in (("targets",), ("doctor",)):
            words = subprocess.run([*who, str(copy), *verb], capture_output=True, text=True, check=False, timeout=TIMEOUT)
            assert words.returncode in (0, 1) and "CAP_SYS_PTRACE" in words.stdout + words.stderr, words
        judged = run(program, "audit", str(capture.recording), check=False)
        assert f"({CONTAINERS} times)" in judged, judged
        print(f"ok: CAP_NET_RAW alone, {name}: recorded; {CONTAINERS} namespaces not entered, said once, counted")
    server.stop()


def few_descriptors(program, folder):
    many = range(CONTAINERS + 1, 61)
    add_containers(many)
    capture = Capture(folder, ["prlimit", "--nofile=64:64", program])
    capture.wait("the lack is recorded", lambda: capture.lost("no file descriptor is left") > 0)
    missing = capture.lost("no file descriptor is left")
    assert 0 < missing < 60, missing
    known = [number for number in (*range(1, CONTAINERS + 1), *many) if capture.knows(f"n{number}")]
    absent = [number for number in (*range(1, CONTAINERS + 1), *many) if number not in known]
    assert len(known) > 10 and len(absent) == missing, (known, missing)
    server = Server(known[0])
    connect(known[0], 9001)
    server.stop()
    remove(known[5:])
    capture.wait("there is room again", lambda: capture.knows(f"n{absent[0]}"))
    server = Server(absent[0])
    connect(absent[0], 9002)
    server.stop()
    capture.wait("the connection is recorded", lambda: capture.query("SELECT 1 FROM sighting WHERE server_port = 9002"))
    capture.stop()
    flows = capture.flows(program)
    for port, number in ((9001, known[0]), (9002, absent[0])):
        assert flows[port]["dst"].get("endpoint") == f"n{number}", (port, number, flows[port])
    assert capture.said().count("no file descriptor is left") == 1, capture.said()
    remove([*known[:5], *absent])
    print(f"ok: 64 descriptors: {len(known)} of 60 namespaces known, {missing} counted and said once, known when others "
          "were gone")


def nonsense(program, folder):
    """A socket where an engine's would be, and processes that look like its containers'."""
    add_containers([1])
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind("/run/docker.sock")
        engine.listen(64)

        def answer():
            while True:
                try:
                    client = engine.accept()[0]
                except OSError:
                    return
                client.recv(4096)
                client.sendall(b"\x00\xff" * 2000)
                client.close()
        threading.Thread(target=answer, daemon=True).start()
        group = f"{control_groups()}/docker/{'ab' * 32}"
        os.makedirs(group)
        inside = subprocess.Popen(["ip", "netns", "exec", "n1", "sleep", "600"])
        pathlib.Path(group, "cgroup.procs").write_text(str(inside.pid))
        server = Server(1)
        try:
            capture = Capture(folder, [program])
            connect(1, 9001)
            capture.wait("it is counted", lambda: capture.lost("does not answer as an engine does") > 0)
            capture.stop()
        finally:
            engine.shutdown(socket.SHUT_RDWR)
            server.stop()
            inside.kill()
            inside.wait()
            for folder_of in (group, os.path.dirname(group)):
                for _ in range(40):
                    try:
                        os.rmdir(folder_of)
                        break
                    except OSError:
                        time.sleep(0.05)
    flow = capture.flows(program)[9001]
    assert flow["dst"]["container"] == "ab" * 32 and flow["outcome"] == "established", flow
    assert capture.said().count("does not answer as an engine does") == 1, capture.said()
    words = subprocess.run([program, "flows", str(capture.recording)], capture_output=True, text=True, check=False)
    assert "does not answer as an engine does" in words.stdout + words.stderr, words
    print("ok: an engine that talks nonsense: its container is recorded by its id; said once, counted")


def control_groups():
    for root in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup"):
        if os.access(os.path.join(root, "cgroup.procs"), os.W_OK):
            return root
    raise AssertionError("no control groups")


def steady_state(program, folder):
    """With traffic and without news /proc is left alone, and no folder is listed."""
    add_containers(range(2, 6))
    server = Server(2)
    log = folder / "calls"
    capture = Capture(folder, ["strace", "-f", "-qq", "-y", "-ttt", "-s", "200", "-o", str(log), "-e",
                               "trace=open,openat,openat2,readlink,readlinkat,getdents64,read,pread64", program])

    def calls(since):
        found = []
        for line in log.read_text(errors="replace").splitlines():
            words = line.split(None, 2)
            if len(words) == 3 and float(words[1]) >= since and ("/proc" in words[2] or "getdents" in words[2]):
                found.append(line)
        return found
    assert calls(0), "strace saw nothing"
    # The looks after the beginning become rarer and end.
    wait_until("quiet", lambda: not calls(time.time() - 4), 60)
    begin = time.time()
    while time.time() < begin + 5:
        connect(2, 9001)
        time.sleep(0.1)
    assert not calls(begin), "\n".join(calls(begin)[:10])
    assert capture.query("SELECT count(*) FROM sighting")[0][0] > 10
    now = time.time()
    add_containers([6])
    wait_until("the new one is looked for", lambda: calls(now))
    capture.wait("the new one is known", lambda: capture.knows("n6"))
    capture.stop()
    server.stop()
    print("ok: /proc is not read in 5 s of traffic without news, and at once when there are some")


def inside(program):
    with tempfile.TemporaryDirectory(prefix="nspect-bad-luck-") as place:
        folder = pathlib.Path(place)
        # What others have mounted in /run would be hidden there, and be missed.
        run("sh", "-ec", """for path in $(awk '$3 == "nsfs" { print $2 }' /proc/mounts); do umount -l "$path"; done
            mount -t tmpfs tmpfs /run; ip link set lo up""")
        add_containers(range(1, CONTAINERS + 1))
        few_privileges(program, folder)
        few_descriptors(program, folder)
        nonsense(program, folder)
        steady_state(program, folder)


if __name__ == "__main__":
    sys.exit(stages(inside, lambda program: in_namespaces(__file__, program, "inside"),
                    ("setpriv", "prlimit", "strace")))
