#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Docker's containers stay who they are while their names, addresses, networks and engine change.

    tests/live/docker_live.py PROGRAM          needs root, dockerd and busybox

One recording of everything and one of a single container run while containers come and go on a real engine; each
connection has a port of its own, by which it is found again. The engine runs in network, mount and process namespaces
made for it; afterwards nothing of it may be left on the machine.
"""
import glob
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from live_host import CONNECT, TIMEOUT, in_namespaces, run, stages, wait_until

PORTS = range(8001, 8013)
SERVE = "".join(f"httpd -p {port}; " for port in PORTS) + "exec sleep 600"


class Engine:
    """A dockerd of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.socket = f"unix://{folder}/docker.sock"
        self.log = open(folder / "dockerd.log", "w", encoding="utf-8")
        self.process = None

    def start(self):
        folder = self.folder
        self.process = subprocess.Popen(
            ["dockerd", "--live-restore", "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile",
             f"{folder}/docker.pid", "-H", self.socket], stdout=self.log, stderr=self.log)
        wait_until("dockerd answers", lambda: subprocess.run(
            ["docker", "-H", self.socket, "info"], capture_output=True, check=False).returncode == 0)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(timeout=TIMEOUT)

    def __call__(self, *words, check=True):
        return run("docker", "-H", self.socket, *words, check=check)

    def run(self, name, *options, command=("sleep", "600")):
        self("run", "-d", "--name", name, *options, "box:1", *command)

    def serve(self, name, *options):
        self.run(name, *options, command=("sh", "-c", SERVE))

    def pid(self, name):
        return self("inspect", "-f", "{{.State.Pid}}", name)

    def address(self, name, network):
        return self("inspect", "-f", f"{{{{(index .NetworkSettings.Networks \"{network}\").IPAddress}}}}", name)


def connect(pid, address, port, check=True):
    def once():
        return subprocess.run(["nsenter", f"--net=/proc/{pid}/ns/net", sys.executable, "-c", CONNECT, address,
                               str(port)], capture_output=True, check=False, timeout=TIMEOUT).returncode == 0
    if check:
        wait_until(f"{address}:{port} answers", once)
    else:
        assert not once(), f"{address}:{port} answers"


def import_image(engine, folder):
    root = folder / "rootfs"
    for name in ("bin", "etc", "tmp"):
        (root / name).mkdir(parents=True)
    shutil.copy(shutil.which("busybox"), root / "bin/busybox")
    for name in ("sh", "sleep", "httpd", "wget"):
        (root / "bin" / name).symlink_to("busybox")
    run("tar", "-C", str(root), "-cf", str(folder / "image.tar"), ".")
    engine("import", str(folder / "image.tar"), "box:1")


class Capture:
    def __init__(self, program, recording, *options):
        self.program, self.recording = program, recording
        self.words = recording.with_suffix(".words")
        with open(self.words, "w", encoding="utf-8") as stderr:
            self.process = subprocess.Popen([program, "capture", "--out", str(recording), *options], stderr=stderr)
        wait_until("capture begins", lambda: "capturing" in self.words.read_text())

    def known(self, name):
        """Whether the recording has a container of this name by now."""
        try:
            with sqlite3.connect(f"file:{self.recording}?mode=ro", uri=True) as database:
                return database.execute("SELECT count(*) FROM target WHERE name = ?", (name,)).fetchone()[0] > 0
        except sqlite3.OperationalError:
            return False

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=TIMEOUT) == 0, self.words.read_text()

    def conversations(self):
        """{port: (client, server, outcome)}"""
        lines = run(self.program, "flows", str(self.recording), "-o", "json").splitlines()
        flows = [json.loads(line) for line in lines]
        return {flow["dst"]["port"]: (flow["src"].get("endpoint"), flow["dst"].get("endpoint"), flow["outcome"])
                for flow in flows if flow["dst"].get("port") in PORTS}


def events(engine, all_of_it):
    """What happens while recording, and {port: (client, server)} of what should be seen."""
    front = ("--network", "front")
    web, expected = engine.pid("web"), {}
    address = "10.77.0.50"

    def say(port, client, server):
        expected[port] = (client, server)

    engine.serve("old", *front, "--ip", address)
    connect(web, address, 8001)
    say(8001, "web", "old")
    engine("rm", "-f", "old")  # its address moves
    engine.serve("new", *front, "--ip", address)
    connect(web, address, 8002)
    say(8002, "web", "new")

    engine("rename", "plain", "renamed")
    wait_until("the other name", lambda: all_of_it.known("renamed"))
    connect(web, engine.address("renamed", "front"), 8003)
    say(8003, "web", "renamed")

    db = engine.address("db", "back")
    connect(web, db, 8004, check=False)
    engine("network", "connect", "back", "web")
    connect(web, db, 8004)
    say(8004, "web", "db")
    engine("network", "disconnect", "back", "web")
    connect(web, db, 8005, check=False)

    engine("restart", "-t", "0", "new")  # in place: another namespace, the same container
    connect(web, address, 8006)
    say(8006, "web", "new")

    engine.stop(signal.SIGKILL)  # the engine is away, the containers are not
    connect(web, address, 8007)
    say(8007, "web", "new")
    engine.start()
    engine.serve("late", *front)
    connect(web, engine.address("late", "front"), 8008)
    say(8008, "web", "late")

    engine("run", "--rm", "--name", "brief", *front, "box:1", "wget", "-q", "-O", "/dev/null",
           f"http://{address}:8009/bin/busybox")
    say(8009, "brief", "new")

    connect(os.getpid(), "10.77.0.1", 18010)  # published: the host's port is not the container's
    say(8010, None, "published")
    return expected


def check(program, engine, folder):
    engine("network", "create", "--subnet", "10.77.0.0/24", "front")
    engine("network", "create", "--subnet", "10.78.0.0/24", "back")
    engine.run("web", "--network", "front")
    engine.serve("plain", "--network", "front")
    engine.serve("db", "--network", "back")
    engine.serve("published", "-p", "18010:8010", "--network", "front")
    both = Capture(program, folder / "all.nspect"), Capture(program, folder / "web.nspect", "--target", "web")
    try:
        expected = events(engine, both[0])
        time.sleep(1)
    finally:
        for capture in both:
            capture.stop()
    everything, of_web = (capture.conversations() for capture in both)
    wrong = []
    for port, (client, server) in expected.items():
        for of, got in (("everything", everything), ("web", of_web)):
            if of == "web" and client != "web":
                continue
            seen = got.get(port)
            if seen is None or seen[1] != server or (client and seen[0] != client) or seen[2] != "established":
                wrong.append(f"{of}: port {port}: {seen}, not {client} to {server}")
    for capture in both:
        if wrong:
            wrong.append(capture.words.read_text())
    assert not wrong, "\n".join(wrong)
    print(f"ok: {len(expected)} connections, each with the containers of its moment; from {len(of_web)} also as the "
          "one end sees the other")


def check_driver(program, engine, driver):
    """A network without host ends: listened to inside."""
    engine("network", "create", "-d", driver, "-o", "parent=up0", "--subnet", f"10.79.{len(driver)}.0/24", driver)
    made = subprocess.run(["docker", "-H", engine.socket, "run", "-d", "--name", f"{driver}1", "--network", driver,
                           "box:1", "sleep", "600"], capture_output=True, text=True, check=False)
    if made.returncode != 0 and "not supported" in made.stderr:
        print(f"left out: {driver} (this kernel has none)")
        return
    assert made.returncode == 0, made.stderr
    engine.serve(f"{driver}2", "--network", driver)
    recording = Capture(program, engine.folder / f"{driver}.nspect")
    connect(engine.pid(f"{driver}1"), engine.address(f"{driver}2", driver), 8011)
    time.sleep(1)
    recording.stop()
    got = recording.conversations().get(8011)
    assert got == (f"{driver}1", f"{driver}2", "established"), (got, recording.words.read_text())
    print(f"ok: {driver}")


def with_engine(work):
    """Calls `work` with an engine of its own and a folder, and cleans up."""
    with tempfile.TemporaryDirectory(prefix="nspect-docker-") as place:
        folder = pathlib.Path(place)
        # "/sys" shows the network of who mounted it.
        run("sh", "-ec", """mkdir "$0/sys"; mount -t sysfs sysfs "$0/sys"; mount --rbind /sys/fs/cgroup "$0/sys/fs/cgroup"
            mount --rbind "$0/sys" /sys; mount -t tmpfs tmpfs /run; ip link set lo up
            ip link add up0 type veth peer name up1; ip link set up0 up; ip link set up1 up""", place)
        engine = Engine(folder)
        engine.start()
        try:
            import_image(engine, folder)
            work(engine, folder)
        except BaseException:
            print((folder / "dockerd.log").read_text()[-2000:], file=sys.stderr)
            raise
        finally:
            names = engine("ps", "-aq", check=False).split()
            if names:
                engine("rm", "-f", *names, check=False)
            engine.stop()
            for mount in reversed([line.split()[1] for line in open("/proc/mounts", encoding="utf-8")]):
                if mount.startswith(place):
                    run("umount", "-l", mount, check=False)


def inside(program):
    def work(engine, folder):
        check(program, engine, folder)
        for driver in ("macvlan", "ipvlan"):
            check_driver(program, engine, driver)
    with_engine(work)


def state_of_machine():
    """What an engine could leave behind."""
    groups = set()
    for root, _, _ in os.walk("/sys/fs/cgroup"):
        if "/docker" in root or "moby" in root:
            groups.add(root)
    processes = set()
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            name = pathlib.Path(path).read_text().strip()
        except OSError:
            continue  # gone by now
        if name.startswith(("dockerd", "containerd", "docker-proxy")):
            processes.add(path)
    with open("/proc/mounts", encoding="utf-8") as mounts:
        mounted = {line.split()[1] for line in mounts}
    return {"links": set(os.listdir("/sys/class/net")), "groups": groups, "processes": processes, "mounts": mounted,
            "folders": set(glob.glob(f"{tempfile.gettempdir()}/nspect-docker-*"))}


def remove_groups(before):
    for group in sorted(state_of_machine()["groups"] - before["groups"], reverse=True):
        for _ in range(20):
            try:
                os.rmdir(group)
                break
            except OSError:
                time.sleep(0.05)


def outside(program, script=__file__):
    before = state_of_machine()
    status = in_namespaces(script, program, "inside")
    remove_groups(before)  # engines leave the one around their containers'
    after = state_of_machine()
    left = {kind: after[kind] - before[kind] for kind in before if after[kind] - before[kind]}
    if left:
        print(f"left behind: {left}", file=sys.stderr)
        return 1
    return status


def main(script=__file__, within=None):
    return stages(within or inside, lambda program: outside(program, script),
                  ("dockerd", "docker", "busybox", "iptables"))


if __name__ == "__main__":
    sys.exit(main())
