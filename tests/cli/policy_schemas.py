#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Generated policies against what the API servers of their languages accept.

    tests/cli/policy_schemas.py PROGRAM

The published CRDs and OpenAPI documents are not part of Debian: tests/cli/policy_schemas/ states, per kind, what they require of
the fields nspect writes, their bounds included, and refuses every other field."""
import copy
import importlib.util
import ipaddress
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "nspect").resolve()
SCRATCH = pathlib.Path(tempfile.mkdtemp(prefix="nspect-schemas-"))
SHOP = ["samples/shop/shop.nspect", "samples/shop/cluster.yaml"]
MESH = [str(SCRATCH / "mesh.nspect"), "samples/mesh"]
PCAP = [str(SCRATCH / "shop.nspect"), "samples/shop/cluster.yaml"]
BUSY = [str(SCRATCH / "busy.nspect"), "samples/shop/cluster.yaml"]
RECORDINGS = {"shop": SHOP, "mesh": MESH, "pcap": PCAP, "busy": BUSY}
WAYS = [[], ["--granularity", "namespace"], ["--no-default-deny"], ["--default-deny", "shop"], ["--external-budget", "1"], ["--external-budget", "400"],
        ["--min-count", "2"], ["--exclude", "port=53"], ["--keep", "samples/shop/policies.yaml"]]
KIND_OF = {"kubernetes": "networking.k8s.io.v1.NetworkPolicy", "cilium": "cilium.io.v2.CiliumNetworkPolicy",
           "calico": "projectcalico.org.v3.NetworkPolicy",
           "admin": "policy.networking.k8s.io.v1alpha2.ClusterNetworkPolicy"}


def schema_of(kind):
    schema = json.loads((ROOT / "tests/cli/policy_schemas" / f"{kind}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


SCHEMAS = {each.name.removesuffix(".schema.json"): schema_of(each.name.removesuffix(".schema.json"))
           for each in sorted((ROOT / "tests/cli/policy_schemas").iterdir())}


def kind_of(document):
    return document["apiVersion"].replace("/", ".") + "." + document["kind"]


def nspect(*arguments):
    ended = subprocess.run([PROGRAM, *arguments], cwd=ROOT, capture_output=True, timeout=120, check=False,
                           stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C.UTF-8"})
    if ended.returncode not in (0, 1):
        raise AssertionError(f"nspect {' '.join(arguments)}: {ended.returncode} {ended.stderr.decode()}")
    return ended.stdout.decode("utf-8")


def policies(*arguments):
    return [each for each in yaml.safe_load_all(nspect("generate", *arguments, "-q")) if each is not None]


def record_busy():
    """More ports, addresses and names outside than any list may have, and names that some languages refuse."""
    spec = importlib.util.spec_from_file_location("make_shop_pcap", ROOT / "tests/golden/data/make_shop_pcap.py")
    shop = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(shop)
    capture = shop.Capture()
    for n in range(120):
        shop.Connection(capture, shop.WEB, 40000 + n, shop.API, 2001 + 2 * n).exchange(b"a\n", b"b\n")
    for n in range(300):
        shop.Connection(capture, shop.WEB, 41000 + n, f"198.51.{n // 100}.{n % 100 * 2 + 1}", 443).exchange(b"a\n", b"b\n")
    names = [f"n{n}.example.com" for n in range(30)] + ["intranet", "_ldap.example.com", "-a.example.com", "a b.example.com", "*.example.org"]
    for n, name in enumerate(names):
        address = f"203.0.113.{2 * n + 1}"
        question = shop.dns_name(name) + struct.pack(">HH", 1, 1)
        answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 30, 4) + ipaddress.ip_address(address).packed
        capture.udp(shop.WEB, 35000 + n, shop.DNS, 53, struct.pack(">6H", n, 0x0100, 1, 0, 0, 0) + question)
        capture.udp(shop.DNS, 53, shop.WEB, 35000 + n, struct.pack(">6H", n, 0x8180, 1, 1, 0, 0) + question + answer)
        shop.Connection(capture, shop.WEB, 42000 + n, address, 8443).exchange(b"a\n", b"b\n")
    pcap = SCRATCH / "busy.pcap"
    pcap.write_bytes(capture.bytes)
    nspect("capture", "-q", "--read", str(pcap), "--out", BUSY[0])


class Ports:
    """What the schemas cannot say: the end of a range is not before its start, and a list repeats nothing."""

    @staticmethod
    def check(test, node):
        if isinstance(node, list):
            texts = [json.dumps(each, sort_keys=True) for each in node]
            test.assertEqual(len(set(texts)), len(texts), node)
            for each in node:
                Ports.check(test, each)
        if isinstance(node, dict):
            if {"start", "end"} <= node.keys():
                test.assertLess(node["start"], node["end"])
            if "endPort" in node:
                test.assertLess(int(node["port"]), node["endPort"])
            for each in node.values():
                Ports.check(test, each)


class Generated(unittest.TestCase):
    def check(self, documents, kind):
        self.assertTrue(documents)
        names = [(each["metadata"].get("namespace"), each["metadata"]["name"]) for each in documents]
        self.assertEqual(len(set(names)), len(names))
        for each in documents:
            self.assertEqual(kind_of(each), kind)
            SCHEMAS[kind].validate(each)
            Ports.check(self, each)

    def test_every_dialect_and_option(self):
        for dialect, kind in KIND_OF.items():
            for name, recording in RECORDINGS.items():
                for way in WAYS + ([["--fqdn"], ["--fqdn", "--granularity", "namespace"]] if dialect != "kubernetes" else []):
                    with self.subTest(dialect=dialect, recording=name, way=way):
                        self.check(policies(*recording, "--dialect", dialect, *way), kind)

    def test_names_stand_where_the_language_takes_them(self):
        for dialect, field, refused in (("cilium", "matchName", 2), ("admin", "domainNames", 5), ("calico", "domains", 4)):
            text = nspect("generate", *BUSY, "--dialect", dialect, "--fqdn", "-q")
            with self.subTest(dialect=dialect):
                self.assertIn(field, text)
                self.assertIn("n29.example.com", text)
                self.assertEqual(len(set(part.split('"')[0] for part in text.split('asked for as "')[1:])), refused)

    def test_files_of_a_folder(self):
        for dialect, kind in KIND_OF.items():
            folder = SCRATCH / dialect
            nspect("generate", *SHOP, "--dialect", dialect, "--out", str(folder), "-q")
            files = sorted(folder.glob("*.yaml"))
            self.assertTrue(files)
            for file in files:
                with self.subTest(file=file.name):
                    self.check(list(yaml.safe_load_all(file.read_text(encoding="utf-8"))), kind)

    def test_remedies_of_a_check(self):
        deny = SCRATCH / "deny.yaml"
        deny.write_text("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: shop}\n"
                        "spec: {podSelector: {}, policyTypes: [Ingress, Egress]}\n", encoding="utf-8")
        self.check(policies(*SHOP, "--check", str(deny)), KIND_OF["kubernetes"])


class Samples(unittest.TestCase):
    """What people wrote by hand in samples/ is accepted too: the schemas are not made to measure."""

    def test_policies_of_the_samples(self):
        found = dict.fromkeys(SCHEMAS, 0)
        for file in [*ROOT.glob("samples/shop/*.yaml"), *ROOT.glob("samples/calico/*.yaml"), *ROOT.glob("samples/cilium/*.yaml")]:
            for each in yaml.safe_load_all(file.read_text(encoding="utf-8")):
                if each is None or kind_of(each) not in SCHEMAS:
                    continue
                with self.subTest(file=file.name, name=each["metadata"]["name"]):
                    SCHEMAS[kind_of(each)].validate(each)
                    found[kind_of(each)] += 1
        for kind in ("networking.k8s.io.v1.NetworkPolicy", "cilium.io.v2.CiliumNetworkPolicy", "projectcalico.org.v3.NetworkPolicy",
                     "projectcalico.org.v3.GlobalNetworkPolicy"):
            self.assertGreater(found[kind], 0, kind)


def policy(kind, **spec):
    version, name = kind.rsplit(".", 1)
    group, number = version.rsplit(".", 1)
    metadata = {"name": "a"} if name.startswith(("Cluster", "Global")) else {"name": "a", "namespace": "shop"}
    return {"apiVersion": f"{group}/{number}", "kind": name, "metadata": metadata, "spec": spec}


# A whole policy of each kind, and what spoils it: each must be refused for that alone.
POD = {"matchLabels": {"app": "web"}}
WHOLE = {
    "networking.k8s.io.v1.NetworkPolicy": policy(
        "networking.k8s.io.v1.NetworkPolicy", podSelector=POD, policyTypes=["Ingress", "Egress"],
        ingress=[{"from": [{"podSelector": POD}], "ports": [{"protocol": "TCP", "port": 80, "endPort": 90}]}],
        egress=[{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]),
    "policy.networking.k8s.io.v1alpha2.ClusterNetworkPolicy": policy(
        "policy.networking.k8s.io.v1alpha2.ClusterNetworkPolicy", tier="Admin", priority=1, subject={"namespaces": POD},
        egress=[{"action": "Accept", "to": [{"networks": ["10.0.0.0/8"]}], "protocols": [{"tcp": {"destinationPort": {"number": 80}}}]}],
        ingress=[{"action": "Deny", "from": [{"namespaces": {}}]}]),
    "cilium.io.v2.CiliumNetworkPolicy": policy(
        "cilium.io.v2.CiliumNetworkPolicy", endpointSelector=POD,
        egress=[{"toEndpoints": [POD], "toPorts": [{"ports": [{"port": "80", "protocol": "TCP"}]}]}, {"toFQDNs": [{"matchName": "a.example"}]}],
        ingress=[{"fromEntities": ["host"]}]),
    "projectcalico.org.v3.NetworkPolicy": policy(
        "projectcalico.org.v3.NetworkPolicy", selector="app == 'web'", types=["Ingress", "Egress"],
        ingress=[{"action": "Allow", "protocol": "TCP", "source": {"selector": "all()"}, "destination": {"ports": [80]}}],
        egress=[{"action": "Allow", "destination": {"nets": ["10.0.0.0/8"]}}]),
    "projectcalico.org.v3.GlobalNetworkPolicy": policy(
        "projectcalico.org.v3.GlobalNetworkPolicy", selector="all()", types=["Ingress"], ingress=[{"action": "Deny", "ipVersion": 4}]),
}
PORTS_80 = [{"tcp": {"destinationPort": {"number": n + 1}}} for n in range(26)]
SPOILT = {
    "networking.k8s.io.v1.NetworkPolicy": [
        lambda s: s.pop("podSelector"), lambda s: s.update(policyTypes=["Forward"]), lambda s: s.update(podSelector={"labels": {}}),
        lambda s: s["ingress"][0]["ports"][0].update(port=0), lambda s: s["ingress"][0]["ports"][0].update(protocol="ICMP"),
        lambda s: s["ingress"][0]["ports"][0].pop("port"), lambda s: s["ingress"][0]["ports"][0].update(port="http"),
        lambda s: s["ingress"][0].update(to=[]), lambda s: s["ingress"][0].update({"from": []}),
        lambda s: s["egress"][0]["to"][0].update(podSelector={}), lambda s: s["egress"][0]["to"][0]["ipBlock"].update(cidr="10.0.0.0")],
    "policy.networking.k8s.io.v1alpha2.ClusterNetworkPolicy": [
        lambda s: s.pop("tier"), lambda s: s.update(tier="Default"), lambda s: s.pop("priority"), lambda s: s.update(priority=1001),
        lambda s: s.update(priority=1.5), lambda s: s.pop("subject"), lambda s: s["subject"].update(pods={"podSelector": {}}),
        lambda s: s["egress"][0].update(action="Allow"), lambda s: s["egress"][0].pop("action"), lambda s: s["egress"][0].pop("to"),
        lambda s: s["egress"][0].update(name="n" * 101), lambda s: s["egress"][0].update(protocols=PORTS_80),
        lambda s: s["egress"][0].update(to=s["egress"][0]["to"] * 26), lambda s: s.update(egress=s["egress"] * 26),
        lambda s: s["egress"][0]["to"][0].update(networks=[f"10.0.0.{n}/32" for n in range(26)]),
        lambda s: s["egress"][0]["to"][0].update(networks=["0" * 41 + ":/0"]),
        lambda s: s["egress"][0]["to"][0].update(domainNames=["a.example"]),
        lambda s: s["egress"].append({"action": "Accept", "to": [{"domainNames": ["intranet"]}]}),
        lambda s: s["egress"].append({"action": "Accept", "to": [{"domainNames": ["_a.example"]}]}),
        lambda s: s["ingress"].append({"action": "Accept", "from": [{"networks": ["10.0.0.0/8"]}]}),
        lambda s: s["egress"][0]["protocols"][0].update(udp={"destinationPort": {"number": 1}}),
        lambda s: s["egress"][0].update(protocols=[{"tcp": {"destinationPort": {"range": {"start": 1}}}}]),
        lambda s: s["egress"][0].update(protocols=[{"tcp": {}}])],
    "cilium.io.v2.CiliumNetworkPolicy": [
        lambda s: s.pop("endpointSelector"), lambda s: s.update(nodeSelector={}), lambda s: (s.pop("egress"), s.pop("ingress")),
        lambda s: s["ingress"][0].update(fromEntities=["pods"]), lambda s: s["ingress"][0].update(fromEndpoints=[{}]),
        lambda s: s["egress"][0].update(toCIDR=["10.0.0.0/8"]), lambda s: s["egress"][1].update(toEntities=["world"]),
        lambda s: s["egress"][0]["toPorts"][0]["ports"][0].update(port=80),
        lambda s: s["egress"][0]["toPorts"][0]["ports"][0].update(port="65536"),
        lambda s: s["egress"][0]["toPorts"][0]["ports"][0].update(protocol="GRE"),
        lambda s: s["egress"][0]["toPorts"][0].update(ports=s["egress"][0]["toPorts"][0]["ports"] * 41),
        lambda s: s["egress"][1].update(toFQDNs=[{"matchName": "*.example"}]),
        lambda s: s["egress"][1].update(toFQDNs=[{"matchName": "a" * 256}])],
    "projectcalico.org.v3.NetworkPolicy": [
        lambda s: s.update(types=[]), lambda s: s.update(types=["Both"]), lambda s: s["ingress"][0].pop("action"),
        lambda s: s["ingress"][0].update(action="Accept"), lambda s: s["ingress"][0].pop("protocol"),
        lambda s: s["ingress"][0].update(protocol="ICMP"), lambda s: s["ingress"][0].update(ipVersion=5),
        lambda s: s["ingress"][0]["destination"].update(ports=list(range(1, 52))), lambda s: s["ingress"][0]["destination"].update(ports=[0]),
        lambda s: s["egress"][0]["destination"].update(nets=["10.0.0.0/8"] * 257), lambda s: s.update(egress=s["egress"] * 1025),
        lambda s: s.update(selector="a" * 1025), lambda s: s.update(namespaceSelector="all()")],
    "projectcalico.org.v3.GlobalNetworkPolicy": [
        lambda s: s.update(types=["Ingress"] * 3), lambda s: s["ingress"][0].update(ipVersion="4"), lambda s: s["ingress"][0].pop("action")],
}


class Schemas(unittest.TestCase):
    def test_a_whole_policy_is_accepted_and_a_spoilt_one_is_not(self):
        self.assertEqual(set(SPOILT), set(SCHEMAS))
        for kind, spoils in SPOILT.items():
            SCHEMAS[kind].validate(WHOLE[kind])
            for number, spoil in enumerate(spoils):
                with self.subTest(kind=kind, number=number):
                    spoilt = copy.deepcopy(WHOLE[kind])
                    spoil(spoilt["spec"])
                    self.assertFalse(SCHEMAS[kind].is_valid(spoilt), spoilt["spec"])

    def test_an_unknown_field_is_refused_wherever_it_stands(self):
        for kind, whole in WHOLE.items():
            for path in list(places(whole)):
                spoilt = copy.deepcopy(whole)
                node = spoilt
                for step in path:
                    node = node[step]
                node["surprise"] = {"a": 1}
                with self.subTest(kind=kind, path=path):
                    self.assertFalse(SCHEMAS[kind].is_valid(spoilt))


def places(node, path=()):
    """Every mapping of a document."""
    if isinstance(node, dict):
        yield path
    for key, each in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places(each, (*path, key))


if __name__ == "__main__":
    try:
        nspect("capture", "-q", "--read", "samples/mesh/mesh.pcapng", "--out", MESH[0])
        nspect("capture", "-q", "--read", "tests/golden/data/shop.pcap", "--out", PCAP[0])
        record_busy()
        sys.exit(not unittest.main(argv=sys.argv[:1], exit=False).result.wasSuccessful())
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)
