// SPDX-License-Identifier: Apache-2.0
#include "ingest/cilium/entities.h"

#include <algorithm>
#include <array>

namespace nspect::ingest::cilium {

namespace {

// Identities of Cilium's own endpoints, and of pods that are just starting: none of the inventory.
constexpr std::array<std::string_view, 3> never_known{"health", "init", "none"};

AddressPeer world(const IpSet& addresses) {
    return {addresses, PodsByAddress::no, false};
}

// The pod that stands for an ingress controller in analyzer/entrances.cpp.
PodPeer ingress_controller() {
    PodPeer pods;
    pods.namespace_name = "ingress-controller-ns";
    return pods;
}

}  // namespace

bool Entities::add(std::string_view name) {
    if (name == "all") {
        exact_.emplace_back(AnyPeer{});
    } else if (name == "world") {
        exact_.emplace_back(world(all_addresses()));
    } else if (name == "world-ipv4") {
        exact_.emplace_back(world(all_addresses(IpFamily::v4)));
    } else if (name == "world-ipv6") {
        exact_.emplace_back(world(all_addresses(IpFamily::v6)));
    } else if (name == "cluster") {
        exact_.emplace_back(PodPeer{});
        host_ = remote_node_ = known_kube_apiserver_ = true;
    } else if (name == "host") {
        host_ = true;
    } else if (name == "remote-node") {
        remote_node_ = true;
    } else if (name == "kube-apiserver") {
        kube_apiserver_ = true;
    } else if (name == "ingress") {
        partly_.push_back({{ingress_controller()}, "whether Cilium serves the Ingress"});
    } else if (name == "unmanaged") {
        partly_.push_back({{PodPeer{}}, "only pods that Cilium does not manage"});
    } else {
        return std::find(never_known.begin(), never_known.end(), name) != never_known.end();
    }
    return true;
}

void Entities::finish(Peers& peers) const {
    peers.exact.insert(peers.exact.end(), exact_.begin(), exact_.end());
    peers.partly.insert(peers.partly.end(), partly_.begin(), partly_.end());
    peers.kube_apiserver = peers.kube_apiserver || kube_apiserver_;
    peers.known_kube_apiserver = peers.known_kube_apiserver || known_kube_apiserver_;
    if (host_ && remote_node_) {
        peers.exact.emplace_back(NodePeer{});
    } else if (host_ || remote_node_) {
        peers.partly.push_back(
            {{NodePeer{}}, host_ ? "only the pod's own node" : "only other nodes than the pod's"});
    }
}

std::string_view known_entities() {
    return "all, cluster, health, host, ingress, init, kube-apiserver, none, remote-node, "
           "unmanaged, world, world-ipv4 and world-ipv6";
}

}  // namespace nspect::ingest::cilium
