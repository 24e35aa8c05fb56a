#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""LXD's containers are named, with project, image and labels, and their traffic is theirs.

    tests/live/lxd_live.py PROGRAM          needs root, lxd, lxc and busybox

A daemon of its own, unprivileged containers of an image made here, one of them in another project.
"""
import os
import shutil
import subprocess
import sys
import time

from live_host import Capture, connect, in_netns, main, make_root, run, targets, wait_until

METADATA = "architecture: x86_64\ncreation_date: 1700000000\nproperties:\n  description: a box\n  os: busybox\n"
INIT = "#!/bin/sh\nhttpd -p 8001\nhttpd -p 8002\nexec sleep 600\n"


class Lxd:
    def __init__(self, folder):
        self.folder = folder
        self.environment = dict(os.environ, LXD_DIR=str(folder / "lxd"), LXD_CONF=str(folder / "conf"))
        for name in ("lxd", "conf"):
            (folder / name).mkdir()
        self.log = open(folder / "lxd.log", "w", encoding="utf-8")
        self.daemon = subprocess.Popen(["lxd", "--group", "root"], stdout=self.log, stderr=self.log, env=self.environment)
        run("lxd", "waitready", "--timeout=50", env=self.environment)

    def __call__(self, *words, check=True):
        return run("lxc", "-q", *words, check=check, env=self.environment)

    def stop(self):
        run("lxd", "shutdown", "--timeout", "30", check=False, env=self.environment)
        self.daemon.wait(timeout=60)


def make_image(folder):
    make_root(folder / "image/rootfs")
    (folder / "image/rootfs/sbin/init").write_text(INIT)
    (folder / "image/rootfs/sbin/init").chmod(0o755)
    (folder / "image/metadata.yaml").write_text(METADATA)
    run("tar", "-C", folder / "image", "-cf", folder / "image.tar", "metadata.yaml", "rootfs")
    return folder / "image.tar"


def launch(lxc):
    lxc("storage", "create", "default", "dir")
    lxc("profile", "device", "add", "default", "root", "disk", "path=/", "pool=default")
    lxc("profile", "device", "add", "default", "eth0", "nic", "nictype=bridged", "parent=br0")
    lxc("project", "create", "shop", "-c", "features.images=false", "-c", "features.profiles=false")
    lxc("image", "import", make_image(lxc.folder), "--alias", "box")
    lxc("launch", "box", "lx-web")
    lxc("launch", "box", "lx-api", "-c", "user.tier=back")
    lxc("launch", "box", "lx-db", "--project", "shop")


def check(program, lxc):
    run("sh", "-ec", "ip link add br0 type bridge; ip link set br0 up")
    launch(lxc)
    found = targets(program)
    for name in ("lx-web", "lx-api", "lx-db"):
        assert found.get(name, {}).get("runtime") == "lxd", (name, list(found))
        assert found[name]["image"] == "a box", found[name]
    assert found["lx-db"]["namespace"] == "shop", found["lx-db"]
    assert found["lx-api"]["labels"]["tier"] == "back", found["lx-api"]

    pids = {name: found[name]["pids"][0] for name in ("lx-web", "lx-api", "lx-db")}
    for number, (name, pid) in enumerate(pids.items(), 1):
        in_netns(pid, "ip", "addr", "add", f"10.88.11.{number}/24", "dev", "eth0")
        in_netns(pid, "ip", "link", "set", "eth0", "up")
    recording = Capture(program, lxc.folder / "all.nspect")
    connect(pids["lx-web"], "10.88.11.2", 8001)
    connect(pids["lx-api"], "10.88.11.3", 8002)
    time.sleep(1)
    recording.stop()
    seen = {port: {(each["src"].get("workload"), each["dst"].get("workload"), each["outcome"]) for each in flows}
            for port, flows in recording.flows().items()}
    wanted = {8001: {("default/lx-web[Container]", "default/lx-api[Container]", "established")},
              8002: {("default/lx-api[Container]", "shop/lx-db[Container]", "established")}}
    assert seen == wanted, (seen, recording.words.read_text())
    print("ok: LXD's containers are named with project, image and labels, their traffic is theirs")


def inside(program, folder):
    lxc = Lxd(folder)
    try:
        check(program, lxc)
    except BaseException:
        print((folder / "lxd.log").read_text()[-2000:], file=sys.stderr)
        raise
    finally:
        lxc("delete", "-f", "lx-web", "lx-api", check=False)
        lxc("delete", "-f", "lx-db", "--project", "shop", check=False)
        lxc.stop()
        for mount in reversed([line.split()[1] for line in open("/proc/mounts", encoding="utf-8")]):
            if mount.startswith(str(folder / "lxd")):
                run("umount", "-l", mount, check=False)
        wait_until("its folder can be removed", lambda: not shutil.rmtree(folder / "lxd", ignore_errors=True)
                   and not (folder / "lxd").exists())


if __name__ == "__main__":
    sys.exit(main(__file__, inside, ("lxd", "lxc", "busybox"), ("lxc.",)))
