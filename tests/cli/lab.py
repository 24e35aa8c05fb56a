#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a recorded lab says it did, and what `capture --read` and `flows` say of its captures: every connection once.

    tests/cli/lab.py PROGRAM          labs are folders of NSPECT_SHARED/captures with a truth.json
"""
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

TIMEOUT = 120


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=TIMEOUT).stdout


def manifests(truth):
    """The lab's pods and its Service as kubectl prints them."""
    items = [{"apiVersion": "v1", "kind": "Pod",
              "metadata": {"name": pod["name"], "namespace": pod["namespace"], "labels": pod.get("labels", {})},
              "spec": {"containers": [{"name": "c"}]},
              "status": {"phase": "Running", "podIP": pod["ip"],
                         "podIPs": [{"ip": pod[key]} for key in ("ip", "ip6") if key in pod]}} for pod in truth["pods"]]
    service = truth.get("service")
    if service:
        place = next(pod["namespace"] for pod in truth["pods"]
                     if service["selector"].items() <= pod.get("labels", {}).items())
        items.append({"apiVersion": "v1", "kind": "Service", "metadata": {"name": service["name"], "namespace": place},
                      "spec": {"clusterIP": service["cluster_ip"], "selector": service["selector"],
                               "ports": [{"port": service["port"], "targetPort": service["target_port"]}]}})
    return {"apiVersion": "v1", "kind": "List", "items": items}


def outcome_of(connection):
    words = connection["outcome"]
    if connection.get("midstream"):
        return "mid-stream"
    if "refused" in words or "unreachable" in words:
        return "refused"
    return "unanswered" if words.startswith("no answer") else "established"


class Lab:
    def __init__(self, program, folder, scratch):
        self.truth = json.loads((folder / "truth.json").read_text())
        self.name_of = {pod[key]: pod["name"] for pod in self.truth["pods"] for key in ("ip", "ip6") if key in pod}
        document = scratch / "cluster.json"
        document.write_text(json.dumps(manifests(self.truth)))
        recording = str(scratch / f"{folder.name}.nspect")
        files = sorted(str(each) for each in folder.iterdir() if each.suffix in (".pcap", ".pcapng"))
        run(program, "capture", "-q", "--read", *files, "--out", recording)
        lines = run(program, "flows", recording, str(document), "-o", "json").splitlines()
        self.flows = [flow for flow in map(json.loads, lines) if "port" in flow["dst"]]

    def is_end(self, party, name, ip):
        """Pods that nobody declared are known by address, or as none of the others."""
        told = self.name_of.get(party["ip"], party["ip"])
        return told in (name, ip) or (ip is None and told not in self.name_of.values())

    def matches(self, connection, flow):
        src, dst = flow["src"], flow["dst"]
        if (flow["protocol"].lower(), dst["port"]) != (connection["proto"], connection["dport"]):
            return False
        if connection.get("loopback", False) or dst["ip"].startswith("127."):
            return connection.get("loopback", False) and dst["ip"].startswith("127.")
        return (":" in dst["ip"]) == (connection.get("family") == 6) and \
            self.is_end(src, connection["src"], connection["src_ip"]) and \
            self.is_end(dst, connection["dst"], connection["dst_ip"])

    def check(self, connection, flow):
        """What is wrong with it, in words."""
        said, told = flow.get("tls", {}), []
        if flow["outcome"] != outcome_of(connection):
            told.append(f"outcome {flow['outcome']}, not {outcome_of(connection)}")
        if "tls" in connection and said.get("version", "").replace("TLSv", "TLS") != connection["tls"]:
            told.append(f"version {said.get('version')}")
        if "sni" in connection and said.get("sni") != connection["sni"]:
            told.append(f"SNI {said.get('sni')}")
        if connection.get("mtls") and said.get("client_cert") not in ("presented", "unknown"):
            told.append(f"client certificate {said.get('client_cert')}")
        if connection.get("mtls") is False and said.get("client_cert") == "presented":
            told.append("a client certificate that was not there")
        if "via_service" in connection:
            dialled = f"{flow['dst'].get('service_ip')}:{flow['dst'].get('service_port')}"
            if dialled != connection["via_service"]:
                told.append(f"dialled {dialled}")
        if connection["outcome"].startswith("no answer") and not flow.get("lost_between"):
            told.append("where it was lost is not said")
        return told

    def judge(self):
        """Connections that look alike are told apart by what was seen of them: the best pairing counts."""
        left = list(self.flows)
        wrong = 0
        by_kind = collections.Counter()
        for connection in sorted(self.truth["connections"], key=lambda each: "via_service" not in each):
            count = connection.get("queries", 1) if connection["proto"] == "udp" else 1
            for _ in range(count):
                candidates = sorted((flow for flow in left if self.matches(connection, flow)),
                                    key=lambda flow, wanted=connection: len(self.check(wanted, flow)))
                told = self.check(connection, candidates[0]) if candidates else ["not there"]
                if candidates:
                    left.remove(candidates[0])
                wrong += bool(told)
                by_kind["wrong" if told else "ok"] += 1
                if told:
                    print(f"WRONG {connection['id']}: {'; '.join(told)}")
        for flow in left:
            wrong += 1
            print(f"WRONG one too many: {flow['src']} -> {flow['dst']} {flow['outcome']}")
        print(dict(by_kind))
        return wrong


def main():
    program = os.path.abspath(sys.argv[1])
    shared = os.environ.get("NSPECT_SHARED", "")
    labs = sorted(pathlib.Path(shared, "captures").glob("*/truth.json")) if shared else []
    if not labs:
        print("left out: no lab captures (NSPECT_SHARED)")
        return 0
    wrong = 0
    for truth in labs:
        with tempfile.TemporaryDirectory(prefix="nspect-lab-") as scratch:
            print(truth.parent.name)
            wrong += Lab(program, truth.parent, pathlib.Path(scratch)).judge()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
