#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pods are who the cluster's API says, for as long as it says so: `nspect capture --pods kube:`.

    tests/live/pods_live.py PROGRAM          needs root and openssl

A pod of this node (a process in control groups as the kubelet makes them) talks to an address of another node. That
belongs to a StatefulSet's pod, then to one of a Deployment; in between the API server is away. Everything runs in
network, mount and process namespaces of its own; the other node is a namespace that cannot be seen from there.
"""
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import kube_api
from live_host import stages

TIMEOUT = 30
HERE, THERE = "10.42.0.2", "10.42.1.5"
UID = "11111111-2222-3333-4444-555555555555"
LISTEN = """
import socket
servers = [socket.create_server(("", port)) for port in (9000, 9001, 9002)]
print("ready", flush=True)
import select
while True:
    for server in select.select(servers, [], [])[0]:
        server.accept()[0].close()
"""
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5).close()"


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=TIMEOUT).stdout


def pod(name, uid, address, owner, node):
    kind, of = owner
    return {"metadata": {"name": name, "namespace": "shop", "uid": uid, "labels": {"app": name.split("-")[0]},
                         "ownerReferences": [{"kind": kind, "name": of, "controller": True}]},
            "spec": {"nodeName": node, "serviceAccountName": "runner", "containers": [{"name": "c"}]},
            "status": {"podIP": address, "phase": "Running", "startTime": "2026-01-01T00:00:00Z"}}


def owned_by_deployment(api, name):
    api.set("ReplicaSet", {"metadata": {"name": f"{name}-5d9c8f7b6", "namespace": "shop", "ownerReferences": [
        {"kind": "Deployment", "name": name, "controller": True}]}})
    return "ReplicaSet", f"{name}-5d9c8f7b6"


def control_groups():
    """Where this machine has its control groups: version 2, or a hierarchy of version 1."""
    for root in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup"):
        if os.access(os.path.join(root, "cgroup.procs"), os.W_OK):
            return root
    raise AssertionError("no control groups")


class Pod:
    """A process in a namespace of its own and in the control groups of a pod."""

    def __init__(self):
        run("ip", "netns", "add", "cni-1")
        run("ip", "link", "add", "veth1", "type", "veth", "peer", "name", "eth0", "netns", "cni-1")
        run("ip", "link", "set", "veth1", "up")
        run("ip", "addr", "add", "10.42.0.1/24", "dev", "veth1")
        run("ip", "-n", "cni-1", "addr", "add", f"{HERE}/24", "dev", "eth0")
        run("ip", "-n", "cni-1", "link", "set", "eth0", "up")
        run("ip", "-n", "cni-1", "route", "add", "default", "via", "10.42.0.1")
        self.group = f"{control_groups()}/kubepods/burstable/pod{UID}/{'ab' * 32}"
        os.makedirs(self.group)
        self.process = subprocess.Popen(["ip", "netns", "exec", "cni-1", "sleep", "600"])
        pathlib.Path(self.group, "cgroup.procs").write_text(str(self.process.pid))

    def connect(self, port):
        run("ip", "netns", "exec", "cni-1", sys.executable, "-c", CONNECT, THERE, str(port))

    def end(self):
        self.process.kill()
        self.process.wait()
        group = self.group
        for _ in range(4):
            for _ in range(40):
                try:
                    os.rmdir(group)
                    break
                except OSError:
                    time.sleep(0.05)
            group = os.path.dirname(group)


def wait_until(what, is_so):
    for _ in range(200):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError(f"waited in vain: {what}")


def recorded(recording, query):
    try:
        with sqlite3.connect(f"file:{recording}?mode=ro", uri=True) as database:
            return database.execute(query).fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def record(program, folder, api, here):
    recording, words = folder / "pods.nspect", folder / "words"
    environment = {**os.environ, "KUBECONFIG": api.kubeconfig()}
    with open(words, "w", encoding="utf-8") as stderr, \
         subprocess.Popen([program, "capture", "--pods", "kube:", "--out", str(recording)], stderr=stderr,
                          env=environment) as capture:
        wait_until("capture begins", lambda: "capturing" in words.read_text() and recorded(
            recording, "SELECT count(*) FROM target WHERE pod = 'db-0'"))
        here.connect(9000)
        api.down()
        wait_until("the silence is noticed", lambda: "changes are not heard" in words.read_text())
        here.connect(9001)
        api.up()
        api.delete("Pod", "db-0")
        api.set("Pod", pod("cache-5d9c8f7b6-x2x4z", "u3", THERE, owned_by_deployment(api, "cache"), "n3"))
        wait_until("the address moves", lambda: recorded(
            recording, "SELECT count(*) FROM target WHERE pod LIKE 'cache-%'"))
        here.connect(9002)
        capture.send_signal(signal.SIGTERM)
        assert capture.wait(timeout=TIMEOUT) == 0
    return recording, words.read_text()


def check(program, recording, words):
    flows = [json.loads(line) for line in run(program, "flows", str(recording), "-o", "json").splitlines()]
    got = {flow["dst"]["port"]: (flow["src"].get("workload"), flow["dst"].get("workload")) for flow in flows
           if flow["dst"].get("port", 0) >= 9000}
    web, cache = "shop/web[Deployment]", "shop/cache[Deployment]"
    expected = {9000: (web, "shop/db[StatefulSet]"), 9001: (web, "shop/db[StatefulSet]"), 9002: (web, cache)}
    assert got == expected, f"{got}, not {expected}\n{words}"
    assert words.count("changes are not heard") == 1, words
    assert words.count("changes are heard again") == 1, words
    assert recorded(recording, "SELECT count(*) FROM loss WHERE source = 'kube:'") == 2
    print("ok: an address was two workloads', one after the other, and the API server away in between")


def inside(program):
    for command in ("mount -t tmpfs none /run", "mkdir /run/netns", "ip link set lo up",
                    "sysctl -qw net.ipv4.ip_forward=1"):
        run(*command.split())
    with tempfile.TemporaryDirectory(prefix="nspect-pods-") as place:
        folder = pathlib.Path(place)
        api = kube_api.KubeApi(folder)
        api.set("Pod", pod("web-5d9c8f7b6-abcde", UID, HERE, owned_by_deployment(api, "web"), "n1"))
        api.set("Pod", pod("db-0", "u2", THERE, ("StatefulSet", "db"), "n2"))
        here = Pod()
        try:
            check(program, *record(program, folder, api, here))
        finally:
            here.end()


def outside(program):
    """Two nodes, this one and one that cannot be looked into from here."""
    node, other = (f"nstp{os.getpid()}{name}" for name in ("node", "other"))
    try:
        for name in (node, other):
            run("ip", "netns", "add", name)
        run("ip", "-n", node, "link", "add", "uplink", "type", "veth", "peer", "name", "eth0", "netns", other)
        for name, device, address in ((node, "uplink", "10.42.1.1/24"), (other, "eth0", f"{THERE}/24")):
            run("ip", "-n", name, "addr", "add", address, "dev", device)
            run("ip", "-n", name, "link", "set", device, "up")
        run("ip", "-n", other, "route", "add", "default", "via", "10.42.1.1")
        with subprocess.Popen(["ip", "netns", "exec", other, sys.executable, "-c", LISTEN],
                              stdout=subprocess.PIPE) as server:
            server.stdout.readline()
            try:
                # `ip netns exec` would hide the control groups.
                return subprocess.run(["nsenter", f"--net=/run/netns/{node}", "unshare", "--mount", "--pid", "--fork",
                                       "--kill-child", "--mount-proc", sys.executable, __file__, program, "inside"],
                                      check=False, timeout=90).returncode
            finally:
                server.kill()
    finally:
        for name in (node, other):
            subprocess.run(["ip", "netns", "del", name], check=False)


if __name__ == "__main__":
    sys.exit(stages(inside, outside, ("openssl",)))
