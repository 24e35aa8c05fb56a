# SPDX-License-Identifier: Apache-2.0
"""For live tests of runtimes: a host of their own, recordings on it, and that nothing is left of it.

A test calls `main(__file__, inside, programs)`: `inside(program, folder)` then runs with network, mounts (/run among
them) and processes of its own; the folder is the same path there and outside, and goes with it.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TIMEOUT = 60
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5).close()"
SETUP = """mkdir "$0/sys"; mount -t sysfs sysfs "$0/sys"; mount --rbind /sys/fs/cgroup "$0/sys/fs/cgroup"
mount --rbind "$0/sys" /sys; mount -t tmpfs tmpfs /run; ip link set lo up"""


def run(*command, check=True, **options):
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, timeout=TIMEOUT, check=False,
                          **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def wait_until(what, is_so):
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError(f"waited in vain: {what}")


def in_netns(pid, *command, check=True):
    return run("nsenter", f"--net=/proc/{pid}/ns/net", *command, check=check)


def connect(pid, address, port):
    """From the network of a process, as soon as somebody listens there."""
    def once():
        return subprocess.run(["nsenter", f"--net=/proc/{pid}/ns/net", sys.executable, "-c", CONNECT, address,
                               str(port)], capture_output=True, check=False, timeout=TIMEOUT).returncode == 0
    wait_until(f"{address}:{port} answers", once)


def make_root(root, names=("sh", "sleep", "httpd", "wget")):
    """A root file system of busybox."""
    for name in ("bin", "sbin", "etc", "tmp", "proc", "sys", "dev", "run", "root"):
        (root / name).mkdir(parents=True)
    shutil.copy(shutil.which("busybox"), root / "bin/busybox")
    for name in names:
        (root / "bin" / name).symlink_to("busybox")


def targets(program):
    """{name: target} of `nspect targets`."""
    return {each.get("name"): each for each in json.loads(run(program, "targets", "-o", "json"))["targets"]}


class Capture:
    def __init__(self, program, recording, *options):
        self.program, self.recording = program, recording
        self.words = recording.with_suffix(".words")
        with open(self.words, "w", encoding="utf-8") as stderr:
            self.process = subprocess.Popen([program, "capture", "--out", str(recording), *options], stderr=stderr)
        wait_until("capture begins", lambda: "capturing" in self.words.read_text())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=TIMEOUT) == 0, self.words.read_text()

    def flows(self, *documents):
        """{port of the server: [conversation]} of TCP."""
        by_port = {}
        for line in run(self.program, "flows", self.recording, *documents, "-o", "json").splitlines():
            flow = json.loads(line)
            if flow["protocol"] == "TCP":
                by_port.setdefault(flow["dst"]["port"], []).append(flow)
        return by_port


def state_of_machine(prefix):
    """What a runtime could leave behind."""
    with open("/proc/mounts", encoding="utf-8") as lines:
        mounts = {line.split()[1] for line in lines}
    processes = set()
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if prefix in (folder / "cmdline").read_text(errors="replace"):
                processes.add(str(folder))
        except OSError:
            continue  # gone by now
    return {"links": set(os.listdir("/sys/class/net")), "mounts": {each for each in mounts if prefix in each},
            "processes": processes,
            "folders": {str(each) for each in pathlib.Path(tempfile.gettempdir()).glob(f"{prefix}*")}}


def groups():
    return {root for root, _, _ in os.walk("/sys/fs/cgroup")}


def remove_groups(before, ours):
    """Runtimes leave the ones around their containers'. What cannot be removed."""
    left = []
    for group in sorted((each for each in groups() - before if any(part in each for part in ours)), reverse=True):
        for _ in range(40):
            try:
                os.rmdir(group)
                break
            except FileNotFoundError:
                break
            except OSError:
                time.sleep(0.05)
        else:
            left.append(group)
    return left


def in_namespaces(*command):
    """Runs a script with network, mounts and processes of its own, and gives its status."""
    # The first process there has to wait for what its children leave, which a shell does.
    return subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
                           '"$@"; exit $?', "sh", sys.executable, *command], check=False, timeout=400).returncode


def outside(file, program, ours):
    prefix = f"nspect-{pathlib.Path(file).stem}-"
    before, groups_before = state_of_machine(prefix), groups()
    with tempfile.TemporaryDirectory(prefix=prefix) as folder:
        os.chmod(folder, 0o755)
        status = in_namespaces(file, program, folder)
    left = {"groups": remove_groups(groups_before, ours)}
    after = state_of_machine(prefix)
    # Who else works on this machine makes and removes links too: what ends within moments is not ours.
    for _ in range(40):
        left.update({kind: after[kind] - before[kind] for kind in before})
        if not any(left.values()):
            return status
        time.sleep(0.25)
        after = state_of_machine(prefix)
    print(f"left behind: {left}", file=sys.stderr)
    return 1


def stages(inside, outside, programs):
    """Runs `outside` with the program to test, if all is there that it needs; where it calls the same script with more
    arguments, `inside`."""
    program = os.path.abspath(sys.argv[1])
    if len(sys.argv) > 2:
        return inside(program) or 0
    missing = "root" if os.geteuid() != 0 else next((name for name in programs if shutil.which(name) is None), "")
    if missing:
        print(f"skipped: needs {missing}")
        return 1 if os.environ.get("NSPECT_REQUIRE_LIVE") == "1" else 0
    return outside(program)


def main(file, inside, programs, groups_of):
    """`groups_of`: what the names of control groups contain that this runtime makes."""
    def set_up(program):
        run("sh", "-ec", SETUP, sys.argv[2])
        return inside(program, pathlib.Path(sys.argv[2]))
    return stages(set_up, lambda program: outside(os.path.abspath(file), program, groups_of), programs)
