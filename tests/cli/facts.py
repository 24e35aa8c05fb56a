#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every capture of NSPECT_SHARED/captures that has tshark's facts beside it, through `capture --read` and `flows`: how each TCP
connection went, TLS by its ends, tunnel numbers, HTTP by content. That packets and flows are the same ones:
tests/capture/flow/public_captures_test.cpp.

    tests/cli/facts.py PROGRAM
"""
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

TIMEOUT = 120

# Where tshark says otherwise, and why.
OTHERWISE = {
    ("arkime__tcp_handshake_synthetic.pcap", "tcp"): "orders made up: counts do not tell them apart",
    ("zeek__tunnels__geneve-arp.pcap", "tunnel"): "ARP alone is inside: no conversation",
    ("pcapplusplus__ExamplesTest__pcap_examples__tcp-reassembly.pcap", "tcp"): "quoted by an ICMP error, not sent",
}


def run(*command):
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=TIMEOUT)


def ends(a, b):
    return tuple(sorted((a.replace("[", "").replace("]", ""), b.replace("[", "").replace("]", ""))))


def of_flow(flow):
    """The ends on every wire that it passed: tshark knows no translation."""
    src, dst = flow["src"], flow["dst"]
    clients = [f"{src['ip']}:{src['port']}"]
    servers = [f"{dst['ip']}:{dst['port']}"]
    if "translated_ip" in src:
        clients.append(f"{src['translated_ip']}:{src['translated_port']}")
    if "service_ip" in dst:
        servers.append(f"{dst['service_ip']}:{dst['service_port']}")
    return {ends(client, server) for client in clients for server in servers}


def outcome_of(stream):
    """As far as counts of packets tell; None: they do not."""
    if stream["syn"] and stream["synack"]:
        went_on = stream["packets_ab"] > stream["syn"]
        return None if stream["rst"] else {"established" if went_on else "unanswered"}
    if stream["syn"] and not stream["packets_ba"]:
        return {"unanswered"} if stream["packets_ab"] == stream["syn"] else None
    if stream["syn"] and stream["rst"] and stream["packets_ba"] == 1:
        return {"refused"}
    if not stream["syn"] and not stream["synack"]:
        return {"mid-stream"}
    return None


def check_outcomes(facts, flows):
    """Connections of the same ends one after the other are left to tshark's and our own order."""
    streams = collections.defaultdict(list)
    for each in facts.get("tcp", []):
        streams[ends(each["a"], each["b"])].append(each)
    told = collections.defaultdict(set)
    for flow in flows:
        if flow["protocol"] == "TCP":
            for pair in of_flow(flow):
                told[pair].add(flow["outcome"])
    for pair, listed in streams.items():
        wanted = [outcome_of(each) for each in listed]
        if None in wanted:
            continue
        if told[pair] != set().union(*wanted):
            yield f"{pair} {sorted(told[pair])}, not {sorted(set().union(*wanted))}"


def version_of(words):
    drafts = {"TLS1.3-draft28": "0x7F1C", "0x100": "0x0100"}
    return drafts.get(words, words and words.replace("TLS", "TLSv"))


def check_tls(facts, flows):
    by_ends = collections.defaultdict(list)
    for flow in flows:
        if "tls" in flow:
            for pair in of_flow(flow):
                by_ends[pair].append(flow["tls"])
    for each in facts.get("tls", []):
        if "client" not in each or not each.get("client_hello"):
            continue
        seen = by_ends[ends(each["client"], each["server"])]
        for key, wanted in (("sni", each.get("sni")),
                            ("version", version_of(each.get("version")))):
            if wanted and each.get("server_hello", key == "sni") and wanted not in [one.get(key) for one in seen]:
                yield f"{each['client']} {key} {[one.get(key) for one in seen]}, not {wanted}"
        certificate = "presented" if each.get("client_certificate_visible") else \
            "declined" if each.get("client_certificate_empty") else None
        if certificate and certificate not in [one["client_cert"] for one in seen]:
            yield f"{each['client']} client certificate {[one['client_cert'] for one in seen]}, not {certificate}"


def check_tunnels(facts, flows):
    for key, kind in (("vxlan_vnis", "vxlan"), ("geneve_vnis", "geneve")):
        wanted = {int(str(each), 0) for each in facts.get(key, [])}
        told = {each["tunnel"]["id"] for flow in flows for each in flow["vantages"]
                if each.get("tunnel", {}).get("kind") == kind and "id" in each["tunnel"]}
        if wanted and told != wanted:
            yield f"{kind} {sorted(told)}, not {sorted(wanted)}"


def check_http(facts, flows):
    streams = {each["stream"] for each in facts.get("http_requests", []) if each.get("method") and "stream" in each}
    told = sum(flow.get("app", "").startswith("http") for flow in flows)
    if streams and told < 1:
        yield f"no HTTP, not {len(streams)}"


CHECKS = {"tcp": check_outcomes, "tls": check_tls, "tunnel": check_tunnels, "http": check_http}


def judge(program, path, scratch):
    facts = json.loads(pathlib.Path(f"{path}.json").read_text())["expected"]
    recording = str(scratch / "one.nspect")
    pathlib.Path(recording).unlink(missing_ok=True)
    ended = run(program, "capture", "-q", "--read", str(path), "--out", recording)
    if ended.returncode not in (0, 2) or (facts.get("tshark_exit") == 0 and ended.returncode != 0):
        return [f"capture --read: {ended.returncode} {ended.stderr[:200]}"]
    if ended.returncode == 2:
        return []
    said = run(program, "flows", "-q", recording, "-o", "json")
    everything = [json.loads(line) for line in said.stdout.splitlines()]
    flows = [flow for flow in everything if "port" in flow["dst"]]
    if "tcp_listed" in facts:
        return []
    return [f"{name}: {word}" for name, check in CHECKS.items()
            if (path.name, name) not in OTHERWISE for word in check(facts, everything if name == "tunnel" else flows)]


def main():
    program = os.path.abspath(sys.argv[1])
    shared = os.environ.get("NSPECT_SHARED", "")
    files = sorted(each for kind in ("pcap", "pcapng", "cap")
                   for each in pathlib.Path(shared, "captures").glob(f"*/*.{kind}")
                   if pathlib.Path(f"{each}.json").exists() and each.parent.name != "tls") if shared else []
    if not files:
        print("left out: no captures (NSPECT_SHARED)")
        return 0
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="nspect-facts-") as scratch:
        for path in files:
            told = judge(program, path, pathlib.Path(scratch))
            wrong += len(told)
            for word in told:
                print(f"WRONG {path.parent.name}/{path.name} {word}")
    print(f"{len(files)} captures, {wrong} facts wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
