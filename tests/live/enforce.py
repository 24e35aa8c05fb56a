#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Live traffic -> capture -> generate --dialect nftables -> nft: what was seen still works, nothing else does, by
address and by veth.

    tests/live/enforce.py PROGRAM

Needs root. Runs in network, mount and process namespaces of its own, so that whatever happens the kernel takes
everything away. Pods on one bridge, IPv4 and IPv6:

    web ── TCP 9000 ──> api ── TCP 5432, both versions ──> db        web ── UDP 5353 ──> dns       idle
"""
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

PODS = {"web": 11, "api": 12, "db": 13, "dns": 14, "idle": 15}
TCP_PORTS = (5432, 8080, 9000)
UDP_PORTS = (5353, 5354)
SEEN = {
    ("web", "api", "tcp", 4, 9000),
    ("api", "db", "tcp", 4, 5432),
    ("api", "db", "tcp", 6, 5432),
    ("web", "dns", "udp", 4, 5353),
}
# Policies are about pods and ports: what was seen over one version of IP is open over both.
ALLOWED = {(source, destination, protocol, version, port) for source, destination, protocol, _, port in SEEN
           for version in (4, 6)}
PATIENCE = 0.5

# One process for each pod: answers on all ports, and tries what it is told to.
AGENT = """
import socket, sys, threading
tcp, udp, patience = eval(sys.argv[1]), eval(sys.argv[2]), float(sys.argv[3])
def echo_tcp(server):
    while True:
        client, _ = server.accept()
        threading.Thread(target=one, args=(client,), daemon=True).start()
def one(client):
    with client:
        client.sendall(client.recv(16))
def echo_udp(server):
    while True:
        data, peer = server.recvfrom(64)
        server.sendto(data, peer)
def serve(kind, port, loop):
    server = socket.socket(socket.AF_INET6, kind)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(("::", port))
    if kind == socket.SOCK_STREAM:
        server.listen(64)
    threading.Thread(target=loop, args=(server,), daemon=True).start()
for port in tcp:
    serve(socket.SOCK_STREAM, port, echo_tcp)
for port in udp:
    serve(socket.SOCK_DGRAM, port, echo_udp)
print("ready", flush=True)
def attempt(protocol, address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(family, kind) as s:
        s.settimeout(patience)
        try:
            s.connect((address, port))
            s.send(b"hello")
            return s.recv(16) == b"hello"
        except OSError:
            return False
for line in sys.stdin:
    protocol, address, port = line.split()
    print("yes" if attempt(protocol, address, int(port)) else "no", flush=True)
"""


def run(*command, **options):
    return subprocess.run(command, check=True, timeout=60, **options)


def address(pod, version):
    return f"10.88.0.{PODS[pod]}" if version == 4 else f"fd88::{PODS[pod]}"


class Lab:
    def __init__(self):
        run("mount", "-t", "tmpfs", "tmpfs", "/run")
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "br0", "type", "bridge")
        run("ip", "addr", "add", "10.88.0.1/24", "dev", "br0")
        run("ip", "link", "set", "br0", "up")
        for pod in PODS:
            self.add(pod)
        self.agents = {pod: self.start(pod) for pod in PODS}

    @staticmethod
    def add(pod):
        run("ip", "netns", "add", pod)
        run("ip", "link", "add", "v" + pod, "type", "veth", "peer", "name", "eth0", "netns", pod)
        run("ip", "link", "set", "v" + pod, "master", "br0", "up")
        for command in (["link", "set", "lo", "up"], ["link", "set", "eth0", "up"],
                        ["addr", "add", address(pod, 4) + "/24", "dev", "eth0"],
                        ["addr", "add", address(pod, 6) + "/64", "dev", "eth0", "nodad"]):
            run("ip", "-n", pod, *command)

    @staticmethod
    def start(pod):
        agent = subprocess.Popen(
            ["ip", "netns", "exec", pod, sys.executable, "-c", AGENT, str(TCP_PORTS), str(UDP_PORTS),
             str(PATIENCE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert agent.stdout.readline() == "ready\n", f"the agent of {pod} did not start"
        return agent

    def ask(self, way):
        source, destination, protocol, version, port = way
        self.agents[source].stdin.write(f"{protocol} {address(destination, version)} {port}\n")
        self.agents[source].stdin.flush()

    def answer(self, way):
        return self.agents[way[0]].stdout.readline() == "yes\n"

    def attempt(self, ways):
        """Which of the ways work; the pods try theirs side by side."""
        by_pod = {pod: [way for way in ways if way[0] == pod] for pod in PODS}
        for pod in PODS:
            for way in by_pod[pod]:
                self.ask(way)
        return {way for pod in PODS for way in by_pod[pod] if self.answer(way)}

    def working(self, ways, expected):
        """Which of the ways work; those expected to have as long as a busy machine needs."""
        passed = self.attempt(ways)
        for _ in range(20):
            if expected <= passed:
                break
            passed |= self.attempt(expected - passed)
        return passed


def every_way():
    for source, destination in itertools.permutations(PODS, 2):
        for version in (4, 6):
            for port in TCP_PORTS:
                yield source, destination, "tcp", version, port
            for port in UDP_PORTS:
                yield source, destination, "udp", version, port


def record(program, lab, path):
    """A recording of the wanted traffic."""
    log = open(str(path) + ".log", "w+", encoding="utf-8")
    capture = subprocess.Popen([program, "capture", "--out", str(path)], stderr=log)
    try:
        for _ in range(200):
            if "capturing" in pathlib.Path(log.name).read_text():
                break
            assert capture.poll() is None, pathlib.Path(log.name).read_text()
            time.sleep(0.1)
        for _ in range(3):
            assert lab.working(SEEN, SEEN) == SEEN, "wanted traffic does not pass"
        time.sleep(0.5)
    finally:
        capture.terminate()
        capture.wait(timeout=30)
    assert capture.returncode in (0, 130), pathlib.Path(log.name).read_text()


def generate(program, recording, *options):
    made = subprocess.run([program, "generate", str(recording), *options], timeout=60, capture_output=True,
                          text=True)
    assert made.returncode == 0, made.stderr
    return made.stdout


def enforce(program, lab, ways, before, scratch, *options):
    """Puts the generated rules in force; what works then is what was recorded."""
    rules = scratch / "rules.nft"
    rules.write_text(generate(program, before, "-q", "--dialect", "nftables", *options))
    for _ in range(2):  # twice: it takes its own place
        run("nft", "-f", str(rules))
    passed = lab.working(ways, ALLOWED)
    assert passed == ALLOWED, f"lost: {ALLOWED - passed}\nleft open: {passed - ALLOWED}\n{rules.read_text()}"
    print(f"{' '.join(options)}: of {len(ways)} ways (pairs x ports x versions of IP) {len(passed)} work: the pairs x "
          "ports that were recorded")


def forged_packets():
    """How many the kernel dropped because they came from another's address."""
    chain = json.loads(run("nft", "-j", "list", "chain", "bridge", "nspect", "own", capture_output=True).stdout)
    return sum(each["counter"]["packets"] for rule in chain["nftables"] if "rule" in rule
               for each in rule["rule"]["expr"] if "counter" in each)


def forge():
    """The idle pod takes the address of web, whom dns would answer."""
    taken = address("web", 4)
    run("ip", "-n", "idle", "addr", "add", taken + "/32", "dev", "eth0")
    try:
        run("ip", "netns", "exec", "idle", sys.executable, "-c",
            "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
            f"s.bind(('{taken}', 0)); s.sendto(b'x', ('{address('dns', 4)}', 5353))")
    finally:
        run("ip", "-n", "idle", "addr", "del", taken + "/32", "dev", "eth0")


def replay(program, lab, before, scratch):
    """Under enforcement: what is recorded now is what the policies declare."""
    after = scratch / "after.nspect"
    after.unlink(missing_ok=True)
    record(program, lab, after)
    policies = scratch / "policies"
    generate(program, before, "-q", "--out", str(policies))
    audit = subprocess.run([program, "audit", "-q", "-o", "json", "--fail-on", "low", str(after), str(policies)],
                           timeout=60, capture_output=True, text=True)
    assert audit.returncode == 0, audit.stdout + audit.stderr
    print("audit is clean")
    check = subprocess.run([program, "generate", "-q", "--check", str(policies), str(after), "-o", "text"],
                           timeout=60, capture_output=True, text=True)
    assert check.returncode == 0, check.stdout + check.stderr
    # And with one policy taken away the replay knows who would suffer.
    (policies / next(name.name for name in policies.iterdir() if "api" in name.name)).unlink()
    check = subprocess.run([program, "generate", "-q", "--check", str(policies), str(after), "-o", "json"],
                           timeout=60, capture_output=True, text=True)
    assert check.returncode == 1 and json.loads(check.stdout)["broken"], check.stdout + check.stderr


def main(program):
    lab = Lab()
    ways = list(every_way())
    scratch = pathlib.Path(tempfile.mkdtemp(dir="/run"))
    assert lab.working(ways, set(ways)) == set(ways), "before policy everything works"
    before = scratch / "before.nspect"
    record(program, lab, before)
    # This bridge is all there is: pods that were not seen are isolated, too.
    enforce(program, lab, ways, before, scratch, "--by", "address")
    replay(program, lab, before, scratch)
    run("nft", "flush", "ruleset")
    assert lab.working(ways, set(ways)) == set(ways), "without the rules everything works again"
    enforce(program, lab, ways, before, scratch, "--by", "veth")
    assert forged_packets() == 0, "nobody used another's address yet"
    forge()
    assert forged_packets() > 0, "a pod may use the address of another"
    replay(program, lab, before, scratch)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if os.geteuid() != 0:
        print("left out: needs root to make network namespaces")
        sys.exit(1 if os.environ.get("NSPECT_REQUIRE_LIVE") == "1" else 0)
    if len(sys.argv) == 2:
        sys.exit(subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
                                 sys.executable, os.path.abspath(__file__), os.path.abspath(sys.argv[1]), "inside"],
                                timeout=300, check=False).returncode)
    main(sys.argv[1])
