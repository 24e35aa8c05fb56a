#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_manifests.py FILE.yaml|FILE.json [--workloads N] [--edges N] [--megabytes N]: manifests to measure with.

Deployments with a pod each, 50 in a namespace, and policies that let each be reached by a few others, so that there
are N edges. With --megabytes, pods are added until the file is that large. Always the same for the same options.
"""
import argparse
import json
import random

POD = """apiVersion: v1
kind: Pod
metadata:
  name: {name}-5d9c7b8f6d-{suffix:05d}
  namespace: {space}
  uid: 00000000-0000-0000-0000-{number:012d}
  labels: {{app: {name}, pod-template-hash: 5d9c7b8f6d, team: team-{team}, version: v1.2.3}}
  ownerReferences:
  - {{apiVersion: apps/v1, kind: ReplicaSet, name: {name}-5d9c7b8f6d, uid: 10000000-0000-0000-0000-000000000000}}
spec:
  nodeName: node-{node}
  serviceAccountName: default
  containers:
  - name: main
    image: registry.example/team/{name}:1.2.3
    ports:
    - {{name: http, containerPort: 8080, protocol: TCP}}
    env:
    - {{name: LOG_LEVEL, value: info}}
    - {{name: DATABASE, value: "postgres://db.example:5432/app"}}
    resources:
      limits: {{cpu: 500m, memory: 512Mi}}
status:
  phase: Running
  podIP: {address}
  podIPs:
  - ip: {address}
  conditions:
  - {{type: Initialized, status: "True", lastTransitionTime: "2026-01-01T00:00:00Z"}}
  - {{type: Ready, status: "True", lastTransitionTime: "2026-01-01T00:00:00Z"}}
  - {{type: ContainersReady, status: "True", lastTransitionTime: "2026-01-01T00:00:00Z"}}
"""
PER_NAMESPACE = 50


def name_of(workload):
    return f"app-{workload % PER_NAMESPACE}"


def space_of(workload):
    return f"ns-{workload // PER_NAMESPACE}"


def pod(number, workload):
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return {"name": name_of(workload), "space": space_of(workload), "suffix": number % 100000, "number": number,
            "team": workload % 7, "node": number % 500, "address": address}


def policy(workload, peers):
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": name_of(workload), "namespace": space_of(workload)},
            "spec": {"podSelector": {"matchLabels": {"app": name_of(workload)}}, "policyTypes": ["Ingress", "Egress"],
                     "ingress": [{"from": [peer(each) for each in peers[0]], "ports": [{"port": 8080}]}],
                     "egress": [{"to": [peer(each) for each in peers[1]], "ports": [{"port": 8080}]}]}}


def peer(workload):
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": space_of(workload)}},
            "podSelector": {"matchLabels": {"app": name_of(workload)}}}


def namespace(number):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": f"ns-{number}", "labels": {"kubernetes.io/metadata.name": f"ns-{number}"}}}


def graph(workloads, edges):
    chance = random.Random(1)
    pairs = set()
    while len(pairs) < min(edges, workloads * (workloads - 1)):
        source, destination = chance.randrange(workloads), chance.randrange(workloads)
        if source != destination:
            pairs.add((source, destination))
    peers = [([], []) for _ in range(workloads)]
    for source, destination in sorted(pairs):
        peers[destination][0].append(source)
        peers[source][1].append(destination)
    return peers


def objects(options):
    """Everything but pods, as JSON, which is YAML too; then pods without end."""
    for number in range((options.workloads - 1) // PER_NAMESPACE + 1):
        yield json.dumps(namespace(number))
    for workload, peers in enumerate(graph(options.workloads, options.edges)):
        yield json.dumps(policy(workload, peers))
    as_json = pod_as_json() if options.file.endswith(".json") else None
    number = 0
    while True:
        values = pod(number, number % options.workloads)
        yield as_json % values if as_json else POD.format(**values)
        number += 1
        if number == options.workloads:
            yield None


def pod_as_json():
    """The same pod as a %-format; it is read once by the YAML library."""
    import yaml
    marks = {key: f"Q_{key}_Q" for key in ("name", "space", "team", "node", "address")}
    document = yaml.safe_load(POD.replace("{suffix:05d}", "Q_suffix_Q").replace("{number:012d}", "Q_number_Q")
                              .format(**marks))
    text = json.dumps(document)
    for key in (*marks, "suffix", "number"):
        text = text.replace(f"Q_{key}_Q", f"%({key})s")
    return text


def write(options):
    as_json = options.file.endswith(".json")
    enough = False
    size = 0
    with open(options.file, "w") as file:
        if as_json:
            file.write('{"apiVersion":"v1","kind":"List","items":[')
        first = True
        for text in objects(options):
            enough |= text is None
            if enough and size >= options.megabytes * 1_000_000:
                break
            if text is None:
                continue
            size += file.write(("" if first else ",\n") + text if as_json else "---\n" + text.rstrip("\n") + "\n")
            first = False
        if as_json:
            file.write("]}\n")
    print(f"{options.file}: {size / 1e6:.0f} MB")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("file")
parser.add_argument("--workloads", type=int, default=2000)
parser.add_argument("--edges", type=int, default=10000)
parser.add_argument("--megabytes", type=int, default=0)
write(parser.parse_args())
