#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Containers that share a network namespace, with the host or with each other, are told apart in a recording.

    tests/live/shared_live.py PROGRAM          needs root, dockerd and busybox

Two containers have the host's network, two one of their own between them; each connection has a port of its own.
Both ends are known however brief it was, refused ones and datagrams too: with the host's control groups as they are, and
with version 2 alone.
"""
import json
import os
import socket
import subprocess
import sys
import threading
import time

import docker_live
from docker_live import Capture, connect, run

NODE_PORT = 8190
REFUSED = 8020
DATAGRAMS = ("host1", "side")
GROUPS = "NSPECT_TEST_GROUPS"


def hold(engine, name, address, port):
    """A connection of a container that stays open for a while."""
    return subprocess.Popen(["docker", "-H", engine.socket, "exec", name, "sh", "-c",
                             f"sleep 3 | busybox nc {address} {port}"], stdout=subprocess.DEVNULL)


def say_at_once(engine, name, *words):
    """A process that connects or sends, and ends."""
    engine("exec", name, "busybox", *words, check=False)


def serve(engine, name, ports, *options):
    engine.run(name, *options, command=("sh", "-c", "".join(f"httpd -p {port}; " for port in ports) + "exec sleep 600"))


def listen_on_host():
    """A process of the host that is in no container."""
    server = socket.create_server(("", NODE_PORT))

    def accept():
        while True:
            server.accept()[0].close()
    threading.Thread(target=accept, daemon=True).start()


def brief(engine, client):
    """Connections that are over when anybody could look for them. {port: (client, server)}"""
    expected = {}
    for port, name in ((8005, "host1"), (8006, "host2"), (8007, "main"), (8008, "side"), (REFUSED, "host2"),
                       (REFUSED + 1, "side")):
        say_at_once(engine, name, "nc", client, port)
        expected[port] = (name, "client")
    for name in DATAGRAMS:
        say_at_once(engine, name, "nslookup", f"{name}.example", client)
    for port in range(8009, 8015):
        name = ("host1", "host2")[port % 2]
        say_at_once(engine, name, "nc", client, port)
        expected[port] = (name, "client")
    return expected


def check(program, engine, folder):
    engine("network", "create", "--subnet", "10.77.0.0/24", "front")
    serve(engine, "client", range(8001, 8015), "--network", "front")
    capture = Capture(program, folder / "shared.nspect", "--host")
    serve(engine, "host1", [8101, 8103], "--network", "host")
    serve(engine, "host2", [8102], "--network", "host")
    serve(engine, "main", [8201], "--network", "front")
    serve(engine, "side", [8202], "--network", "container:main")
    listen_on_host()
    client, main = engine.address("client", "front"), engine.address("main", "front")
    pid = engine.pid("client")

    expected = {}  # by port: (client, server)
    for port, server, address in ((8101, "host1", "10.77.0.1"), (8102, "host2", "10.77.0.1"),
                                  (NODE_PORT, None, "10.77.0.1"), (8201, "main", main), (8202, "side", main)):
        connect(pid, address, port)
        expected[port] = ("client", server)
    held = []
    for port, name in ((8001, "host1"), (8002, "host2"), (8003, "main"), (8004, "side")):
        held.append(hold(engine, name, client, port))
        expected[port] = (name, "client")
    held.append(hold(engine, "host2", "127.0.0.1", 8103))
    expected[8103] = ("host2", "host1")
    for each in held:
        each.wait(timeout=60)
    expected.update(brief(engine, client))
    # The port goes to another container.
    engine("rm", "-f", "host2")
    serve(engine, "host3", [8102], "--network", "host")
    connect(pid, "10.77.0.1", 8102)
    time.sleep(1.5)
    capture.stop()

    ids = {name: engine("inspect", "-f", "{{.Id}}", name) for name in ("client", "host1", "main", "side", "host3")}
    flows = [json.loads(line) for line in run(program, "flows", str(capture.recording), "-o", "json").splitlines()]
    ends, wrong = {}, []
    for flow in flows:
        # Somebody may have knocked before the server was there.
        port = flow["dst"].get("port", 0)
        if port in expected and flow["outcome"] == ("refused" if port in (REFUSED, REFUSED + 1) else "established"):
            ends.setdefault(port, []).append(flow)
    asked = {flow["src"].get("endpoint") for flow in flows if flow["dst"].get("port") == 53}
    if asked != set(DATAGRAMS):
        wrong.append(f"port 53: {asked}")
    for port, (source, server) in expected.items():
        seen = ends.get(port, [])
        told = [(flow["src"].get("endpoint"), flow["dst"].get("endpoint")) for flow in seen]
        wanted = [(source, server)] + ([("client", "host3")] if port == 8102 else [])
        if not all(each in told for each in wanted) or not all(each in wanted for each in told):
            wrong.append(f"port {port}: {told}, not {wanted}")
        for flow in seen:
            for side in ("src", "dst"):
                name = flow[side].get("endpoint")
                if name in ids and flow[side].get("container") != ids[name]:
                    wrong.append(f"port {port}: {name} is {flow[side].get('container')}")
                if (name or "").startswith("host") and "node" not in flow[side]:
                    wrong.append(f"port {port}: no node for {name}")
    assert not wrong, "\n".join(wrong) + capture.words.read_text()
    graph = json.loads(run(program, "graph", str(capture.recording), "-o", "json"))
    text = json.dumps(graph)
    for name in ("host1", "host2", "host3", "main", "side"):
        assert f"default/{name}[Container]" in text, (name, text[:3000])
    print(f"ok: {len(expected) + 1} connections of and to containers that share a namespace, each with its container "
          f"({os.environ.get(GROUPS) or 'control groups of the host'})")


def inside(program):
    if os.environ.get(GROUPS):
        run("mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup")
    docker_live.with_engine(lambda engine, folder: check(program, engine, folder))


def main():
    if len(sys.argv) > 2:
        return docker_live.main(__file__, inside)
    status = docker_live.main(__file__, inside)
    os.environ[GROUPS] = "version 2"
    return status or docker_live.main(__file__, inside)


if __name__ == "__main__":
    sys.exit(main())
