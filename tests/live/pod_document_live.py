#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pods on a real containerd are who `kubectl get pods,svc,... -A -o json` says, with all of their containers.

    tests/live/pod_document_live.py PROGRAM          needs root, containerd, ctr, runc and busybox

Control groups are made as the kubelet makes them, a pause container holds each namespace, and a bridge joins them. The
recording begins before there is a pod. An init container, one of the application, an ephemeral one and the application's again,
restarted in place, connect in turn; each connection is the pod's. What a policy says of labels, of a service account, then holds for what was recorded.
"""
import json
import subprocess
import sys
import time

from live_host import Capture, in_netns, main, make_root, run, wait_until

CONFIG = 'version = 2\nroot = "{0}/root"\nstate = "{0}/state"\n[grpc]\naddress = "{0}/ctr.sock"\n'
PORTS = (7001, 7002, 7003, 7004, 7005)
PODS = {
    "web": {"pod": "web-5d9c8f7b6-abcde", "uid": "11111111-2222-3333-4444-555555555555", "ip": "10.88.12.2",
            "owner": ("ReplicaSet", "web-5d9c8f7b6"), "account": "web-runner",
            "group": "/kubepods/burstable/pod{uid}/{id}"},
    "api": {"pod": "api-0", "uid": "22222222-2222-3333-4444-555555555555", "ip": "10.88.12.3",
            "owner": ("StatefulSet", "api"), "account": "api-runner", "group": "/kubepods/pod{uid}/{id}"},
    "job": {"pod": "report-28800000-k2j4x", "uid": "33333333-2222-3333-4444-555555555555", "ip": "10.88.12.4",
            "owner": ("Job", "report-28800000"), "account": "default", "group": "/kubepods/besteffort/pod{uid}/{id}"},
}
POLICIES = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: by-label, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: by-account, namespace: shop}
spec:
  selector: app == 'api'
  order: 10
  types: [Ingress]
  ingress:
    - {action: Deny, protocol: TCP, source: {serviceAccounts: {names: [web-runner]}}, destination: {ports: [7003]}}
"""


def document():
    items = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {
        "name": "web-5d9c8f7b6", "namespace": "shop",
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "controller": True}]}},
             {"apiVersion": "batch/v1", "kind": "Job", "metadata": {
                 "name": "report-28800000", "namespace": "shop",
                 "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "report", "controller": True}]}},
             {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "api", "namespace": "shop"},
              "spec": {"clusterIP": "10.96.0.9", "selector": {"app": "api"}, "ports": [{"port": 7001}]}}]
    for app, each in PODS.items():
        kind, owner = each["owner"]
        items.append({"apiVersion": "v1", "kind": "Pod", "metadata": {
            "name": each["pod"], "namespace": "shop", "uid": each["uid"], "labels": {"app": app},
            "ownerReferences": [{"kind": kind, "name": owner, "controller": True}]},
                      "spec": {"nodeName": "n1", "serviceAccountName": each["account"], "containers": [{"name": "app"}],
                               "initContainers": [{"name": "prepare"}]},
                      "status": {"podIP": each["ip"], "podIPs": [{"ip": each["ip"]}], "phase": "Running"}})
    return {"apiVersion": "v1", "kind": "List", "items": items}


class Node:
    def __init__(self, folder):
        self.folder, self.pids, self.made = folder, {}, 0
        self.ctr = ("ctr", "-a", f"{folder}/ctr.sock", "-n", "k8s.io")
        (folder / "config.toml").write_text(CONFIG.format(folder))
        with open(folder / "containerd.log", "w", encoding="utf-8") as log:
            self.daemon = subprocess.Popen(["containerd", "-c", folder / "config.toml"], stdout=log, stderr=log)
        wait_until("containerd answers", lambda: subprocess.run([*self.ctr, "version"], capture_output=True,
                                                                check=False).returncode == 0)
        run("sh", "-ec", "ip link add br0 type bridge; ip addr add 10.88.12.1/24 dev br0; ip link set br0 up")
        make_root(folder / "rootfs")

    def run(self, app, name, command, lasts=True):
        """A container of a pod; without a name its sandbox, which is plugged in before anything else starts."""
        each, self.made = PODS[app], self.made + 1
        identity = f"{self.made:064x}"
        notes = {"sandbox-name": each["pod"], "sandbox-namespace": "shop", "sandbox-uid": each["uid"],
                 "container-type": "container" if name else "sandbox", **({"container-name": name} if name else {})}
        words = [*self.ctr, "run", *(["-d"] if lasts else ["--rm"]), "--rootfs",
                 "--cgroup", each["group"].format(uid=each["uid"], id=identity)]
        for key, value in notes.items():
            words += ["--annotation", f"io.kubernetes.cri.{key}={value}"]
        if name:
            words += ["--with-ns", f"network:/proc/{self.pids[app]}/ns/net"]
        run(*words, self.folder / "rootfs", identity, "/bin/sh", "-c", command)
        if not name:
            self.plug(app, identity)
        return identity

    def plug(self, app, identity):
        tasks = [line.split() for line in run(*self.ctr, "task", "ls").splitlines()]
        pid = self.pids[app] = next(task[1] for task in tasks if task[0] == identity)
        run("ip", "link", "add", f"v-{app}", "type", "veth", "peer", "name", "eth0", "netns", pid)
        run("ip", "link", "set", f"v-{app}", "master", "br0", "up")
        for words in (f"addr add {PODS[app]['ip']}/24 dev eth0", "link set eth0 up", "link set lo up"):
            in_netns(pid, "ip", *words.split())

    def stop(self):
        for task in run(*self.ctr, "task", "ls", "-q", check=False).split():
            run(*self.ctr, "task", "rm", "-f", task, check=False)
        self.daemon.terminate()
        self.daemon.wait(timeout=60)


def ask(port, lasts=False):
    """Until somebody answers: an answer may well be that there is no such page."""
    there = f"http://{PODS['api']['ip']}:{port}/"
    words = f"until wget -O /dev/null {there} 2>&1 | grep -q 'HTTP/1.1 404'; do sleep 0.1; done"
    return words + ("; exec sleep 600" if lasts else "")


def record(program, node):
    recording = Capture(program, node.folder / "pods.nspect")
    for app in PODS:
        node.run(app, "", "exec sleep 600")
    node.run("api", "app", "".join(f"httpd -p {port}; " for port in PORTS) + "exec sleep 600")
    node.run("web", "prepare", ask(7001), lasts=False)
    first = node.run("web", "app", ask(7002, lasts=True))
    node.run("web", "debugger", ask(7003), lasts=False)
    node.run("job", "app", ask(7004), lasts=False)
    wait_until("the application has asked", lambda: 7002 in recording.flows())
    run(*node.ctr, "task", "rm", "-f", first)
    node.run("web", "app", ask(7005, lasts=True))  # restarted in place: another container of the same pod
    wait_until("all is recorded", lambda: set(PORTS) <= set(recording.flows()))
    time.sleep(1)
    recording.stop()
    return recording


def check(program, node):
    recording = record(program, node)
    cluster, policies = node.folder / "cluster.json", node.folder / "policies.yaml"
    cluster.write_text(json.dumps(document()))
    policies.write_text(POLICIES)
    flows = recording.flows(cluster)
    for port, app, workload in ((7001, "web", "web[Deployment]"), (7002, "web", "web[Deployment]"),
                                (7003, "web", "web[Deployment]"), (7004, "job", "report[CronJob]"),
                                (7005, "web", "web[Deployment]")):
        for flow in flows[port]:
            ends = [(flow[side].get("workload"), flow[side].get("endpoint")) for side in ("src", "dst")]
            wanted = [(f"shop/{workload}", PODS[app]["pod"]), ("shop/api[StatefulSet]", "api-0")]
            assert ends == wanted and flow["outcome"] == "established", (port, flow)
    report = json.loads(run(program, "audit", recording.recording, cluster, policies, "-o", "json", "--fail-on", "never"))
    states = {each["port"]: each["state"] for each in report["edges"] if each.get("port") in PORTS}
    wanted = {7001: "allowed-used", 7002: "allowed-used", 7005: "allowed-used",
              7003: "denied-flowed",  # by service account
              7004: "denied-flowed"}  # by label
    assert states == wanted, states
    print("ok: connections of a pod's init, application's and ephemeral container are the pod's: workload, labels, account")


def inside(program, folder):
    node = Node(folder)
    try:
        check(program, node)
    except BaseException:
        print((folder / "containerd.log").read_text()[-1500:], file=sys.stderr)
        raise
    finally:
        node.stop()


if __name__ == "__main__":
    sys.exit(main(__file__, inside, ("containerd", "ctr", "runc", "busybox"), ("kubepods",)))
