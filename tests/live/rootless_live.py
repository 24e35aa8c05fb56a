#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rootless Podman: a user's containers are named, their traffic is theirs, and so are their new names.

    tests/live/rootless_live.py PROGRAM          needs root (for nspect), podman, newuidmap, slirp4netns, pasta and busybox

A user who exists here alone runs containers in user namespaces of his own, one behind slirp4netns, one behind pasta, two on
a network of Podman's, whose bridge is in a namespace of the user's. nspect is root's, and asks nobody.
"""
import os
import sys
import time

from live_host import Capture, connect, main, make_root, run, targets, wait_until

UID = 5555
USER = r"""
ip link add up0 type veth peer name up1; ip link set up0 up; ip link set up1 up
ip addr add 10.56.0.1/24 dev up0; ip route add default via 10.56.0.2
cp /etc/passwd passwd; echo "boxer:x:5555:5555::$PWD/home:/bin/sh" >> passwd; mount --bind passwd /etc/passwd
cp /etc/group group; echo "boxer:x:5555:" >> group; mount --bind group /etc/group
echo boxer:200000:65536 > subuid; mount --bind subuid /etc/subuid; mount --bind subuid /etc/subgid
mkdir dev; mount -t tmpfs -o mode=755 tmpfs dev; mknod -m 666 dev/tun c 10 200; mount --bind dev/tun /dev/net/tun
mkdir -p home/.config/containers run; chmod 700 run
printf '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]\n' > home/.config/containers/containers.conf
chown -R 5555:5555 home run
"""


class Podman:
    """As the user."""
    def __init__(self, folder):
        self.folder = folder
        self.environment = dict(os.environ, HOME=str(folder / "home"), XDG_RUNTIME_DIR=str(folder / "run"))

    def as_user(self, *words, check=True):
        return run("setpriv", "--reuid", UID, "--regid", UID, "--clear-groups", *words, check=check,
                   env=self.environment, cwd=self.folder)

    def __call__(self, *words, check=True):
        return self.as_user("podman", "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--runtime", "runc",
                            *words, check=check)

    def pid(self, name):
        return self("inspect", "-f", "{{.State.Pid}}", name)


def check(program, podman, folder):
    podman("import", folder / "image.tar", "box:1")
    podman("network", "create", "front")
    podman("run", "-d", "--name", "rl-web", "--label", "tier=front", "--network", "front", "box:1", "sleep", "600")
    podman("run", "-d", "--name", "rl-api", "--network", "front", "box:1", "httpd", "-f", "-p", "8080")
    podman("run", "-d", "--name", "rl-alone", "box:1", "sleep", "600")  # behind slirp4netns
    # As Podman does from 4.4 on with `--network pasta`.
    podman("run", "-d", "--name", "rl-pasta", "--network", "none", "box:1", "sleep", "600")
    podman.as_user("pasta", "--config-net", "--quiet", "--pid", folder / "run/pasta.pid", podman.pid("rl-pasta"))
    found = targets(program)
    for name in ("rl-web", "rl-api", "rl-alone", "rl-pasta"):
        assert found.get(name, {}).get("runtime") == "podman", (name, list(found))
        assert found[name]["image"] == "localhost/box:1", found[name]
    assert found["rl-web"]["labels"]["tier"] == "front", found["rl-web"]

    address = podman("inspect", "-f", "{{.NetworkSettings.Networks.front.IPAddress}}", "rl-api")
    run("ip", "addr", "add", "10.55.0.1/32", "dev", "lo")
    with_server = [run("busybox", "httpd", "-p", f"10.55.0.1:{port}", check=False) for port in (8081, 8082)]
    recording = Capture(program, folder / "all.nspect")
    connect(podman.pid("rl-web"), address, 8080)
    connect(podman.pid("rl-alone"), "10.55.0.1", 8081)
    connect(podman.pid("rl-pasta"), "10.55.0.1", 8082)
    podman("rename", "rl-web", "rl-site")
    wait_until("the new name", lambda: "rl-site" in targets(program))
    time.sleep(1)
    recording.stop()
    flows = recording.flows()
    assert 8080 in flows, (flows, recording.words.read_text(), with_server)
    ends = {(each["src"].get("endpoint"), each["dst"].get("endpoint"), each["outcome"]) for each in flows[8080]}
    assert ends == {("rl-site", "rl-api", "established")}, ends
    ends = {(each["src"].get("endpoint"), each["outcome"]) for each in flows.get(8081, [])}
    assert ends == {("rl-alone", "established")}, (ends, recording.words.read_text())
    ends = {(each["src"].get("endpoint"), each["outcome"]) for each in flows.get(8082, [])}
    assert ends == {("rl-pasta", "established")}, (ends, recording.words.read_text())
    print("ok: a user's containers are named and renamed, their traffic is theirs, behind a bridge, slirp4netns and pasta")


def inside(program, folder):
    run("sh", "-ec", USER, cwd=folder)
    make_root(folder / "rootfs")
    run("tar", "-C", folder / "rootfs", "-cf", folder / "image.tar", ".")
    podman = Podman(folder)
    try:
        check(program, podman, folder)
    finally:
        podman("rm", "-t", "0", "-f", "--all", check=False)
        podman("network", "rm", "-f", "front", check=False)


if __name__ == "__main__":
    sys.exit(main(__file__, inside, ("podman", "newuidmap", "slirp4netns", "pasta", "runc", "busybox", "setpriv", "iptables"),
                  ("libpod", "boxer", "user.slice")))
