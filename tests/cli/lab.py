#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a recorded lab says it did, and what `capture --read`, `flows` and `audit` say of its captures: every connection once,
every fact of it. A truth.json with a key that is not known here fails: nothing that it says is passed over in silence.

    tests/cli/lab.py PROGRAM          labs are folders of NSPECT_SHARED/captures with a truth.json
"""
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from datetime import datetime

TIMEOUT = 120

# What the lab's makers noted, and no packet shows.
TOLD_ONLY = {"made_by", "note", "ok", "result", "pod_lifetime_ms"}
TRUTH_KEYS = {"made_by", "node", "pods", "service", "connections", "note"}
NODE_KEYS = {"pod_cidr", "bridge", "uplink", "underlay", "overlay"}
POD_KEYS = {"name", "namespace", "labels", "ip", "ip6", "host_veth"}
SERVICE_KEYS = {"name", "cluster_ip", "port", "target_port", "selector"}
# Used to find the flow, not compared with it.
FINDING_KEYS = {"id", "src", "dst", "src_ip", "dst_ip", "proto", "dport", "family", "loopback", "queries"}


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


def unknown_keys(truth):
    """What nothing here compares, by where it stands."""
    parts = [("truth", truth, TRUTH_KEYS), ("node", truth.get("node", {}), NODE_KEYS),
             ("service", truth.get("service", {}), SERVICE_KEYS)]
    parts += [(f"pod {pod.get('name')}", pod, POD_KEYS) for pod in truth["pods"]]
    parts += [(f"connection {each.get('id')}", each, CHECKS.keys() | FINDING_KEYS | TOLD_ONLY)
              for each in truth["connections"]]
    return [f"{place}: {key}" for place, found, known in parts for key in found if key not in known]


def outcome_of(connection):
    words = connection["outcome"]
    if connection.get("midstream"):
        return "mid-stream"
    if "refused" in words or "unreachable" in words:
        return "refused"
    if "prohibited" in words or "rejected by" in words:
        return "rejected"
    return "unanswered" if words.startswith("no answer") else "established"


def equal(what, told, wanted):
    return [] if told == wanted else [f"{what} {told}, not {wanted}"]


def at_least(what, told, wanted):
    return [] if told >= wanted else [f"{what} {told}, less than {wanted}"]


def near(what, told, wanted, share=0.5, slack=1e6):
    """Times differ by where they are measured: by a share of it and a millisecond."""
    if told is not None and abs(told - wanted) <= share * wanted + slack:
        return []
    return [f"{what} {told}, not near {wanted}"]


def tls(flow):
    return flow.get("tls", {})


def check_outcome(flow, words, connection):
    told = equal("outcome", flow["outcome"], outcome_of(connection))
    if words.startswith("no answer"):
        told += [] if flow.get("lost_between") else ["where it was lost is not said"]
        told += at_least("SYNs", flow["packets"]["sent"], 2 if "retransmitted" in words else 1)
    elif outcome_of(connection) == "established" and flow.get("lost_between"):
        told.append(f"lost_between {flow['lost_between']}")
    if "alert certificate_required" in words or "alerted" in words:
        told += equal("acceptance", tls(flow).get("acceptance"), "refused")
    if "sent an empty one" in words:
        told += equal("client certificate", tls(flow).get("client_cert"), "declined")
    return told


def check_mtls(flow, mutual, _):
    said = tls(flow).get("client_cert")
    return equal("client certificate presented", said == "presented", True) if mutual else \
        [] if said in ("declined", "not-requested") else [f"client certificate {said}"]


def check_visible(flow, visible, _):
    evidence = "clear" if visible else ("sizes", "keylog", "resumed")
    said = tls(flow).get("evidence")
    return [] if said in evidence else [f"evidence {said}, not {evidence}"]


def check_alert(flow, words, connection):
    """Only an alert in clear has a number that packets show."""
    number = re.search(r"alert number (\d+)", words)
    if not number or connection.get("tls") == "TLS1.3":
        return []
    return equal("server's alert", tls(flow).get("server_alert"), {40: "handshake_failure", 42: "bad_certificate",
                                                                  48: "unknown_ca"}.get(int(number[1])))


def check_service(flow, dialled, _):
    return equal("dialled", f"{flow['dst'].get('service_ip')}:{flow['dst'].get('service_port')}", dialled) + \
        equal("a Service", "service" in flow["dst"], True)


def check_overlay(flow, kind, connection):
    tunnels = [(each["tunnel"]["kind"], each["tunnel"]["id"]) for each in flow["vantages"] if "tunnel" in each]
    wanted = (kind, connection["vni"])
    return [] if tunnels and set(tunnels) == {wanted} else [f"tunnels {tunnels}, not {wanted}"]


# Every fact of a connection, and what is wrong with what is said of it.
CHECKS = {
    "outcome": check_outcome,
    "midstream": lambda flow, value, _: equal("mid-stream", flow["outcome"] == "mid-stream", value),
    "app": lambda flow, value, _: equal("app", flow.get("app"), value),
    "tls": lambda flow, value, _: equal("version", tls(flow).get("version", "").replace("TLSv", "TLS"), value),
    "mtls": check_mtls,
    "client_certificate_visible": check_visible,
    "sni": lambda flow, value, _: equal("SNI", tls(flow).get("sni"), value),
    "alpn": lambda flow, value, _: equal("ALPN", tls(flow).get("alpn"), value),
    "rejected": lambda flow, value, _: equal("refused by the server", tls(flow).get("acceptance") == "refused", value),
    "err": check_alert,
    "via_service": check_service,
    "snat": lambda flow, value, _: equal("masqueraded as", flow["src"].get("translated_ip"), value),
    "snat_by_node": lambda flow, value, _: equal("masqueraded", "translated_ip" in flow["src"], value),
    "overlay": check_overlay,
    "vni": lambda flow, value, _: [],  # with the overlay
    "udp_port": lambda flow, value, _: equal("inside a tunnel", any("tunnel" in each for each in flow["vantages"]), True),
    "requests": lambda flow, value, _: at_least("packets of the client", flow["packets"]["sent"], value + 2),
    "packets": lambda flow, value, _: equal("packets sent", flow["packets"]["sent"], value),
    "payload": lambda flow, value, _: equal("bytes sent", flow["bytes"]["sent"], value + 8),
    "response_bytes": lambda flow, value, _: at_least("bytes received", flow["bytes"]["received"], value),
    "request_bytes": lambda flow, value, _: at_least("bytes sent", flow["bytes"]["sent"], value),
    "retransmits": lambda flow, value, _: equal("retransmits", flow["retransmits"], value),
    "rtt_ms": lambda flow, value, _: near("handshake", flow.get("handshake_ns"), value * 1e6),
    "think_ms": lambda flow, value, _: near("think time", flow.get("think_ns"), value * 1e6),
    "nxdomain": lambda flow, value, _: [],  # of all the connection's flows: Lab.check_names
    "servfail": lambda flow, value, _: [],
    "timeouts": lambda flow, value, _: [],
}
# Failures of names, and the finding that tells them.
NAMES = {"nxdomain": "dns-no-such-name", "servfail": "dns-server-error", "timeouts": "dns-unanswered"}


class Lab:
    def __init__(self, program, folder, scratch):
        self.truth = json.loads((folder / "truth.json").read_text())
        self.name_of = {pod[key]: pod["name"] for pod in self.truth["pods"] for key in ("ip", "ip6") if key in pod}
        document = scratch / "cluster.json"
        document.write_text(json.dumps(manifests(self.truth)))
        recording = str(scratch / f"{folder.name}.nspect")
        self.files = sorted(each for each in folder.iterdir() if each.suffix in (".pcap", ".pcapng"))
        run(program, "capture", "-q", "--read", *map(str, self.files), "--out", recording)
        lines = run(program, "flows", recording, str(document), "-o", "json").splitlines()
        self.flows = [flow for flow in map(json.loads, lines) if "port" in flow["dst"]]
        judged = subprocess.run([program, "audit", recording, str(document), "-o", "json"], check=False,
                                capture_output=True, text=True, timeout=TIMEOUT)
        self.findings = json.loads(judged.stdout)["findings"]

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

    def check_ends(self, connection, flow):
        """Who it was, where that was declared."""
        told = []
        for side in ("src", "dst"):
            name = connection[side]
            if name in self.name_of.values():
                told += equal(side, flow[side].get("endpoint"), name)
        return told

    def check_places(self, connection, flow):
        """Seen in each file of one of its ends, in that end's role, and in no other pod's."""
        role = {connection["dst"]: "server", connection["src"]: "client"}
        arrived = not connection["outcome"].startswith("no answer")
        told = []
        for path in self.files:
            pod = re.match(r"(?:host_veth|pod)_([^_.]+)", path.name)
            if not pod:
                continue
            seen = [each["role"] for each in flow["vantages"] if path.name in (
                pathlib.Path(each["interface"]).name, pathlib.Path(each.get("file", "")).name)]
            outside = connection.get("loopback", False) and path.name.startswith("host")
            wanted = {role[pod[1]]} if pod[1] in role and not outside else set()
            if wanted == {"server"} and not arrived:
                wanted = set()
            told += equal(f"role in {path.name}", set(seen), wanted)
        return told

    def check_tunnels(self, connection, flow):
        return equal("inside a tunnel", any("tunnel" in each for each in flow["vantages"]), "overlay" in connection)

    def check_lifetime(self, connection, flow):
        if "pod_lifetime_ms" not in connection:
            return []
        ends = [datetime.fromisoformat(re.sub(r"(\.\d{6})\d*Z", r"\1+00:00", flow[key])) for key in ("start", "end")]
        took = (ends[1] - ends[0]).total_seconds() * 1000
        return [] if took <= connection["pod_lifetime_ms"] else [f"longer than its pod lived: {took} ms"]

    def check(self, connection, flow):
        """What is wrong with it, in words."""
        told = [word for key, value in connection.items() if key in CHECKS
                for word in CHECKS[key](flow, value, connection)]
        if "tls" not in connection and "tls" in flow:
            told.append(f"TLS {flow['tls']}")
        if "via_service" not in connection and "service" in flow["dst"]:
            told.append(f"through {flow['dst']['service']}")
        for each in (self.check_ends, self.check_places, self.check_tunnels, self.check_lifetime):
            told += each(connection, flow)
        return told

    def check_names(self):
        """How many names failed, and for whom, as `audit` finds it."""
        wrong = 0
        for key, code in NAMES.items():
            wanted = collections.Counter()
            for each in self.truth["connections"]:
                if key in each:
                    wanted[each["src"]] += each[key]
            told = collections.Counter()
            for finding in self.findings:
                if finding["code"] == code:
                    told[re.sub(r"^.*/|\[.*$", "", finding["subject"])] += len(finding["evidence"])
            if +wanted != +told:
                wrong += 1
                print(f"WRONG {key}: {dict(told)}, not {dict(wanted)}")
        return wrong

    def judge(self):
        """Connections that look alike are told apart by what was seen of them: the best pairing counts."""
        left = list(self.flows)
        unknown = unknown_keys(self.truth)
        for each in unknown:
            print(f"WRONG not compared: {each}")
        wrong = len(unknown) + self.check_names()
        by_kind = collections.Counter()
        for connection in sorted(self.truth["connections"], key=lambda each: "via_service" not in each):
            for _ in range(connection.get("queries", 1)):
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
