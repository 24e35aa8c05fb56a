#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rootless Podman: a user's containers are named, their traffic is theirs, and so are their new names.

    tests/live/rootless_live.py PROGRAM          needs root (for nspect), podman, newuidmap, slirp4netns and busybox

A user who exists here alone runs containers in user namespaces of his own, one behind slirp4netns, two on a network of
Podman's, whose bridge is in a namespace of the user's. nspect is root's, and asks nobody.
"""
import os
import sys
import time

from live_host import Capture, connect, main, make_root, run, targets, wait_until

UID = 5555
USER = r"""
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

    def __call__(self, *words, check=True):
        return run("setpriv", "--reuid", UID, "--regid", UID, "--clear-groups", "podman", "--storage-driver", "vfs",
                   "--cgroup-manager", "cgroupfs", "--runtime", "runc", *words, check=check, env=self.environment,
                   cwd=self.folder)


def check(program, podman, folder):
    podman("import", folder / "image.tar", "box:1")
    podman("network", "create", "front")
    podman("run", "-d", "--name", "rl-web", "--label", "tier=front", "--network", "front", "box:1", "sleep", "600")
    podman("run", "-d", "--name", "rl-api", "--network", "front", "box:1", "httpd", "-f", "-p", "8080")
    podman("run", "-d", "--name", "rl-alone", "box:1", "sleep", "600")  # behind slirp4netns
    found = targets(program)
    for name in ("rl-web", "rl-api", "rl-alone"):
        assert found.get(name, {}).get("runtime") == "podman", (name, list(found))
        assert found[name]["image"] == "localhost/box:1", found[name]
    assert found["rl-web"]["labels"]["tier"] == "front", found["rl-web"]

    def pid(name):
        return podman("inspect", "-f", "{{.State.Pid}}", name)
    address = podman("inspect", "-f", "{{.NetworkSettings.Networks.front.IPAddress}}", "rl-api")
    run("ip", "addr", "add", "10.55.0.1/32", "dev", "lo")
    with_server = run("busybox", "httpd", "-p", "10.55.0.1:8081", check=False)
    recording = Capture(program, folder / "all.nspect")
    connect(pid("rl-web"), address, 8080)
    connect(pid("rl-alone"), "10.55.0.1", 8081)
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
    print("ok: a user's containers are named and renamed, their traffic is theirs, behind a bridge and slirp4netns")


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
    sys.exit(main(__file__, inside, ("podman", "newuidmap", "slirp4netns", "runc", "busybox", "setpriv", "iptables"),
                  ("libpod", "boxer", "user.slice")))
