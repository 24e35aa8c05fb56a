#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every capture of NSPECT_SHARED/captures that has tshark's facts beside it, through `capture --read` and `flows`: how each TCP
connection went and what was sent twice, TLS by its ends, tunnel numbers, names, HTTP by content, associations, interfaces. Every
key of the facts is compared, here or in the test named beside it; one that is not known fails.

    tests/cli/facts.py PROGRAM
"""
import collections
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

TIMEOUT = 120
ALERTS = {"40": "handshake_failure", "70": "protocol_version", "112": None}  # a warning, and not kept

FLOWS_TEST = "tests/capture/flow/public_captures_test.cpp"
PACKETS_TEST = "tests/capture/flow/public_facts_test.cpp"
TLS_TEST = "tests/capture/tls/public_captures_test.cpp"
NOT_KEPT = "of no use to nspect, which keeps no requests, no recipes of decoding, and no judgement of other tools"
# Where each key is compared that is not compared here.
ELSEWHERE = {
    **dict.fromkeys(["packets", "bytes_on_wire", "cut_packets", "first_time", "last_time", "arp_packets", "gre_packets",
                     "ip_fragment_packets", "icmp_types", "icmpv6_types", "vlan_ids", "vlan_8021ad_ids", "mpls_labels",
                     "ipv4_pairs", "ipv6_pairs", "encapsulation"], PACKETS_TEST),
    **dict.fromkeys(["tcp_conversations", "udp_conversations", "udp"], FLOWS_TEST),
    **dict.fromkeys(["quic_versions", "tls_client_certificate_visible", "tls_sessions_with_client_hello"], TLS_TEST),
    **dict.fromkeys(["format", "malformed_packets", "protocol_stacks", "http_status", "http_request_packets", "http2_paths",
                     "tshark_message"], NOT_KEPT),
}
ELSEWHERE_OF = {
    "tcp": {**dict.fromkeys(["stream", "lost"], NOT_KEPT),
            **dict.fromkeys(["payload_ab", "payload_ba", "fin"], PACKETS_TEST)},
    "tls": dict.fromkeys(["stream", "transport", "cipher", "alpn_selected", "alpn_offered", "server_certificate_visible",
                          "client_legacy_version", "versions_offered", "certificate_verify_seen"], TLS_TEST),
}

# Where tshark says otherwise, and why.
OTHERWISE = {
    ("arkime__tcp_handshake_synthetic.pcap", "tcp"): "orders made up: counts do not tell them apart",
    ("zeek__tunnels__geneve-arp.pcap", "tunnel"): "ARP alone is inside: no conversation",
    ("pcapplusplus__ExamplesTest__pcap_examples__tcp-reassembly.pcap", "tcp"): "quoted by an ICMP error, not sent",
    ("pcapplusplus__ExamplesTest__pcap_examples__tcp-reassembly.pcap", "again"): "the same",
    ("arkime__tcp_handshake_synthetic.pcap", "again"): "the same",
    ("host_any.pcap", "again"): "it takes what passed several interfaces for sent twice",
    ("ndpi__mongodb.pcap", "again"): "it takes what a router sent back on another VLAN for sent twice",
    ("skydive__eth-ipv4-tcp-http-ooo.pcap", "again"): "it takes one of six late segments for a retransmission, seen once",
    ("zeek__mysql__tls-13-amazon-rds.pcap", "again"): "the same, of one",
    ("zeek__tls__tls13_psk_succesfull.pcap", "again"): "the same, of one",
    ("zeek__ipv6-http-atomic-frag.pcap", "again"): "nothing was sent twice: SYN and SYN-ACK stand in the wrong order",
}
# Asked for something else than an address, or got none, without an error: nothing to remember.
NO_ADDRESS = {
    "pcapplusplus__ip6_fragments.pcap": {"_afpovertcp._tcp.local"},
    "suricata-verify__vxlan-decoder-01__input.pcap": {"localhost"},
    "zeek__dns-https.pcap": {"cloudflare.com"},
    "zeek__dns-zero-RRs.pcap": {"psu.edu"},
    "zeek__dns__long-connection.pcap": {"google.com", "www.google.com", "www.l.google.com", "www.example.com"},
    "zeek__dns__mdns.pcap": {"_ipp._tcp.local"},
    "zeek__icmp__icmp-destunreach-udp.pcap": {"secure.ed4.net"},  # in what an error quotes
    "zeek__ipv6-fragmented-dns.pcap": {"txtpadding_323.n1.netalyzr.icsi.berkeley.edu"},
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


def check_again(facts, flows):
    """What was sent twice, and what came late, by ends."""
    wanted, told = collections.Counter(), collections.Counter()
    for each in facts.get("tcp", []):
        pair = ends(each["a"], each["b"])
        wanted[pair, "retransmits"] += each["retransmissions"]
        wanted[pair, "reordered"] += each["out_of_order"]
    for flow in flows:
        if flow["protocol"] == "TCP":
            for pair in of_flow(flow):
                told[pair, "retransmits"] += flow["retransmits"]
                told[pair, "reordered"] += flow.get("reordered", 0)
    for key in wanted:
        if told[key] != wanted[key]:
            yield f"{key} {told[key]}, not {wanted[key]}"


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
        for key, wanted in (("asked", each.get("certificate_request_seen")),):
            if wanted and not any(one.get(key) or one["client_cert"] in ("presented", "declined") for one in seen):
                yield f"{each['client']} was asked for a certificate, and that is not said"
        alerts = {ALERTS[number] for number in each.get("alerts", [])} - {None}
        if alerts - {one.get(key) for one in seen for key in ("client_alert", "server_alert")}:
            yield f"{each['client']} alerts {alerts}"
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
    if facts.get("http2_requests") and not any(flow.get("app") == "http2" for flow in flows):
        yield "no HTTP/2"


def check_names(facts, context):
    """All that was asked for, as far as it gave an address or an error."""
    asked = {each.lower() for each in facts.get("dns", {}).get("names", [])}
    missing = {each for each in asked - context["names"] if not each.endswith(".arpa")}
    if context["names"] - asked:
        yield f"{sorted(context['names'] - asked)}, which nobody asked for"
    if missing != NO_ADDRESS.get(context["file"], set()):
        yield f"without {sorted(missing)}"


def check_associations(facts, context):
    if context["associations"] != facts.get("sctp_conversations", 0):
        yield f"{context['associations']} associations, not {facts['sctp_conversations']}"


def check_interfaces(facts, context):
    wanted = len(facts.get("interface_ids", []))
    if wanted and context["interfaces"] != wanted:
        yield f"{context['interfaces']} interfaces, not {wanted}"


def context_of(path, recording):
    """What is in the recording beside its flows."""
    database = sqlite3.connect(recording)
    names = database.execute("SELECT name FROM name UNION SELECT name FROM name_failure").fetchall()
    return {"file": path.name, "names": {name for name, in names},
            "associations": database.execute("SELECT count(*) FROM sighting WHERE protocol = 2").fetchone()[0],
            "interfaces": database.execute("SELECT count(*) FROM vantage").fetchone()[0]}


CHECKS = {"tcp": check_outcomes, "again": check_again, "tls": check_tls, "http": check_http}
# With what each check reads of the facts.
READ = {"tcp", "tls", "vxlan_vnis", "geneve_vnis", "http_requests", "http2_requests", "dns", "sctp_conversations",
        "interface_ids", "tshark_exit", "tcp_listed"}
READ_OF = {"tcp": {"a", "b", "packets_ab", "packets_ba", "syn", "synack", "rst", "retransmissions", "out_of_order"},
           "tls": {"client", "server", "client_hello", "server_hello", "sni", "version", "alerts", "certificate_request_seen",
                   "client_certificate_visible", "client_certificate_empty"}}
CONTEXT_CHECKS = {"names": check_names, "associations": check_associations, "interfaces": check_interfaces}


def unknown_keys(facts):
    yield from facts.keys() - READ - ELSEWHERE.keys()
    for key, read in READ_OF.items():
        for each in facts.get(key, []):
            yield from (f"{key}[].{one}" for one in each.keys() - read - ELSEWHERE_OF[key].keys())


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
    context = context_of(path, recording)
    told = [f"{key}: a fact that nothing compares" for key in sorted(set(unknown_keys(facts)))]
    told += [f"tunnel: {word}" for word in check_tunnels(facts, everything) if (path.name, "tunnel") not in OTHERWISE]
    told += [f"{name}: {word}" for name, check in CONTEXT_CHECKS.items() for word in check(facts, context)]
    if "tcp_listed" in facts:  # not all of them
        return told
    return told + [f"{name}: {word}" for name, check in CHECKS.items()
                   if (path.name, name) not in OTHERWISE for word in check(facts, flows)]


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
