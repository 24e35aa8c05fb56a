#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Generated rules on real containers: what was recorded of Docker and LXC still works, nothing else does.

    tests/live/enforce_containers.py PROGRAM          needs root, dockerd, LXC, nft and busybox

Live traffic -> capture -> generate --dialect nftables -> nft, by address and by veth; then --dialect compose, its networks
made by the same engine. A Compose project on two networks, LXC containers on a bridge, clients on a network outside:

    outside ─ published 18001 ─> web:8001      web ──> api:8002      api ──> db:8003      cache, idle: nothing
    lxc1 ──> lxc2:8005                         lxc3: nothing
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import yaml

from docker_live import Capture, Engine, import_image, remove_groups, run, state_of_machine
from live_host import in_namespaces, stages

SERVED = (8001, 8002, 8003, 8004, 8005)
SERVE = "".join(f"httpd -p {port}; " for port in SERVED) + "exec sleep 600"
NETWORKS = {"front": ("web", "api", "idle"), "back": ("api", "db", "cache")}
SERVICES = ("web", "api", "db", "cache", "idle")
LXC = {"lxc1": "10.88.7.11", "lxc2": "10.88.7.12", "lxc3": "10.88.7.13"}
HOST = "192.0.2.1"
OUTSIDE = {"client": "192.0.2.2", "stranger": "192.0.2.3"}
PUBLISHED = {18001: 8001, 18004: 8004}
SEEN = {("web", "api", 8002), ("api", "db", 8003), ("lxc1", "lxc2", 8005), ("client", "host", 18001)}

# All ways of one client side by side; answers which of them work.
PROBE = """
import json, socket, sys, threading
ways = json.loads(sys.argv[1])
works = []
def attempt(address, port):
    try:
        with socket.create_connection((address, port), 1.5) as s:
            s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
            if s.recv(4):
                works.append((address, port))
    except OSError:
        pass
threads = [threading.Thread(target=attempt, args=way) for way in ways]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps(works))
"""


class Lab:
    """The containers, where they are, and who can try to reach whom."""

    def __init__(self, engine, folder):
        self.engine, self.folder = engine, folder
        self.pids = {}
        for number, (network, members) in enumerate(NETWORKS.items()):
            engine("network", "create", "--subnet", f"10.{77 + number}.0.0/24", network)
            for service in members:
                self.add_service(service, network)
        for service in SERVICES:
            self.pids[service] = engine.pid(service)
        self.add_lxc()
        run("sh", "-ec", f"ip link add out0 type bridge; ip addr add {HOST}/24 dev out0; ip link set out0 up")
        for name, address in OUTSIDE.items():
            run("sh", "-ec", f"""ip netns add {name}; ip link add {name} type veth peer name eth0 netns {name}
                ip link set {name} master out0 up; ip -n {name} link set eth0 up
                ip -n {name} addr add {address}/24 dev eth0""")

    def add_service(self, service, network):
        if service in self.engine("ps", "--format", "{{.Names}}").split():
            self.engine("network", "connect", network, service)
            return
        ports = [word for pair in PUBLISHED.items() for word in ("-p", f"{pair[0]}:{pair[1]}")] if service == "web" else []
        self.engine.run(service, "--network", network, "--label", "com.docker.compose.project=shop", "--label",
                        f"com.docker.compose.service={service}", *ports, command=("sh", "-c", SERVE))

    def add_lxc(self):
        run("sh", "-ec", "ip link add lxcbr type bridge; ip addr add 10.88.7.1/24 dev lxcbr; ip link set lxcbr up")
        for name, address in LXC.items():
            conf = self.folder / f"{name}.conf"
            conf.write_text("lxc.net.0.type=veth\nlxc.net.0.link=lxcbr\nlxc.net.0.flags=up\n"
                            f"lxc.net.0.ipv4.address={address}/24\nlxc.init.cmd=/bin/sleep 600\n"
                            "lxc.apparmor.profile=unconfined\n")
            at = ("-P", str(self.folder / "lxc"), "-n", name)
            run("lxc-create", *at, "-t", "busybox", "-f", str(conf))
            run("lxc-start", *at, "-d")
            self.pids[name] = run("lxc-info", *at, "-p", "-H")
            for port in SERVED:
                run("lxc-attach", *at, "--", "/bin/busybox", "httpd", "-p", str(port))

    def stop_lxc(self):
        for name in LXC:
            subprocess.run(["lxc-stop", "-k", "-P", str(self.folder / "lxc"), "-n", name], check=False, timeout=60,
                           capture_output=True)

    def addresses(self, service):
        """By network."""
        networks = json.loads(self.engine("inspect", "-f", "{{json .NetworkSettings.Networks}}", service))
        return {name: each["IPAddress"] for name, each in networks.items() if each["IPAddress"]}

    def targets(self):
        """Where each way leads: {(client, server, port): address}, over every network that a client is in."""
        where = {}
        nets = {service: self.addresses(service) for service in SERVICES}
        for client in SERVICES:
            for server in SERVICES:
                for network in nets[client].keys() & nets[server].keys() if client != server else ():
                    where |= {(client, server, port): nets[server][network] for port in SERVED}
        for client in LXC:
            for server in LXC.keys() - {client}:
                where |= {(client, server, port): LXC[server] for port in SERVED}
        for client in OUTSIDE:
            where |= {(client, "host", port): HOST for port in PUBLISHED}
        return where

    def attempt(self, where):
        """Which of the ways work; clients try theirs side by side."""
        tries = {}
        for client in {way[0] for way in where}:
            ways = sorted({(address, way[2]) for way, address in where.items() if way[0] == client})
            inside = ["ip", "netns", "exec", client] if client in OUTSIDE else \
                ["nsenter", f"--net=/proc/{self.pids[client]}/ns/net"]
            tries[client] = subprocess.Popen([*inside, sys.executable, "-c", PROBE, json.dumps(ways)],
                                             stdout=subprocess.PIPE, text=True)
        works = {client: {tuple(way) for way in json.loads(each.communicate(timeout=60)[0])}
                 for client, each in tries.items()}
        return {way for way, address in where.items() if (address, way[2]) in works[way[0]]}

    def working(self, where, expected):
        """As attempt(); those expected to work have as long as a busy machine needs."""
        passed = self.attempt(where)
        for _ in range(20):
            if expected <= passed:
                break
            passed |= self.attempt({way: where[way] for way in expected - passed})
        return passed


def record(program, lab, name):
    capture = Capture(program, lab.folder / f"{name}.nspect")
    try:
        where = {way: address for way, address in lab.targets().items() if way in SEEN}
        assert where.keys() == SEEN
        passed = lab.working(where, SEEN)
        assert passed == SEEN, f"wanted traffic does not pass: {SEEN - passed}"
        time.sleep(1)
    finally:
        capture.stop()
    return str(capture.recording)


def nspect(program, *words, code=0):
    made = subprocess.run([program, *words], capture_output=True, text=True, timeout=120, check=False)
    assert made.returncode == code, (words, made.returncode, made.stdout, made.stderr)
    return made.stdout


def enforce(program, lab, recording, *options):
    rules = lab.folder / "rules.nft"
    rules.write_text(nspect(program, "generate", recording, "-q", "--dialect", "nftables", *options))
    run("nft", "-f", str(rules))
    where = lab.targets()
    passed = lab.working(where, SEEN)
    assert passed == SEEN, f"lost: {SEEN - passed}\nleft open: {passed - SEEN}\n{rules.read_text()}"
    print(f"{' '.join(options)}: of {len(where)} ways between real containers, and to published ports, {len(passed)} "
          "work: those that were recorded")


def check_audit(program, lab, recording, by):
    """What is recorded under the rules is what the same policies declare."""
    policies = lab.folder / "policies"
    nspect(program, "generate", recording, "-q", "--out", str(policies))
    after = record(program, lab, f"after-{by}")
    nspect(program, "audit", "-q", "--fail-on", "low", after, str(policies))
    nspect(program, "generate", "-q", "--check", str(policies), after, "-o", "text")
    print("audit is clean")


class Override(yaml.SafeLoader):
    """!override and !reset as Compose 2.24.4 reads them."""


Override.add_constructor("!override", lambda loader, node: loader.construct_sequence(node))
Override.add_constructor("!reset", lambda loader, node: None)


def check_split(program, lab, recording):
    """The networks of the override, made by the engine that Compose would ask."""
    text = nspect(program, "generate", recording, "-q", "--dialect", "compose")
    assert text.startswith("# WARNING: needs Docker Compose 2.24.4"), text
    override = next(each for each in yaml.load_all(text, Override) if each and "web" in each["services"])
    assert override["services"].keys() == set(SERVICES), text
    for name, how in override["networks"].items():
        lab.engine("network", "create", *(["--internal"] if (how or {}).get("internal") else []), name)
    for service, how in override["services"].items():
        for network in lab.addresses(service):
            lab.engine("network", "disconnect", network, service)
        for network in how.get("networks") or ():
            lab.engine("network", "connect", network, service)
    where = {way: address for way, address in lab.targets().items() if way[0] not in LXC}
    # A network knows neither ports nor who begins.
    meet = {frozenset(way[:2]) for way in SEEN if way[0] in SERVICES}
    expected = {way for way in where if frozenset(way[:2]) in meet or way[1] == "host"}
    passed = lab.working(where, expected)
    assert {frozenset(way[:2]) for way in where if way[1] != "host"} == meet, f"who shares a network: {text}"
    assert passed == expected, f"lost: {expected - passed}\nleft open: {passed - expected}\n{text}"
    # Nobody reaches a container of another network by its address either.
    nets = {service: lab.addresses(service) for service in SERVICES}
    across = {(a, b, port): address for a in SERVICES for b in SERVICES if a != b and frozenset((a, b)) not in meet
              for address in nets[b].values() for port in SERVED}
    assert across and not lab.attempt(across), "networks are not apart"
    print(f"Compose override: of {len(SERVICES) * (len(SERVICES) - 1) // 2} pairs of services {len(meet)} still meet: "
          "those that were recorded")


def inside(program):
    with tempfile.TemporaryDirectory(prefix="nspect-docker-") as place:
        folder = pathlib.Path(place)
        # "/sys" shows the network of who mounted it.
        run("sh", "-ec", """mkdir "$0/sys" "$0/lxc"; mount -t sysfs sysfs "$0/sys"
            mount --rbind /sys/fs/cgroup "$0/sys/fs/cgroup"; mount --rbind "$0/sys" /sys
            mount -t tmpfs tmpfs /run; ip link set lo up; sysctl -qw net.ipv4.ip_forward=1""", place)
        engine = Engine(folder)
        engine.start()
        lab = None
        try:
            import_image(engine, folder)
            lab = Lab(engine, folder)
            where = lab.targets()
            passed = lab.working(where, set(where))
            assert passed == set(where), f"before the rules everything works, not: {set(where) - passed}"
            recording = record(program, lab, "before")
            for by in ("address", "veth"):
                enforce(program, lab, recording, "--by", by)
                check_audit(program, lab, recording, by)
                run("sh", "-ec", "nft delete table inet nspect; nft delete table bridge nspect")
                passed = lab.working(where, set(where))
                assert passed == set(where), "without the rules everything works again"
            check_split(program, lab, recording)
        except BaseException:
            print((folder / "dockerd.log").read_text()[-2000:], file=sys.stderr)
            raise
        finally:
            if lab is not None:
                lab.stop_lxc()
            names = engine("ps", "-aq", check=False).split()
            if names:
                engine("rm", "-f", *names, check=False)
            engine.stop()
            for mount in reversed([line.split()[1] for line in open("/proc/mounts", encoding="utf-8")]):
                if mount.startswith(place):
                    run("umount", "-l", mount, check=False)


def outside(program):
    before = state_of_machine()
    status = in_namespaces(__file__, program, "inside")
    remove_groups(before)
    after = state_of_machine()
    left = {kind: after[kind] - before[kind] for kind in before if after[kind] - before[kind]}
    # Others may mount what they like meanwhile.
    left["mounts"] = {each for each in left.pop("mounts", ()) if "nspect-docker-" in each}
    left = {kind: what for kind, what in left.items() if what}
    if left:
        print(f"left behind: {left}", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(stages(inside, outside, ("dockerd", "docker", "busybox", "iptables", "nft", "lxc-create")))
