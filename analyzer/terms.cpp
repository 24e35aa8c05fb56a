// SPDX-License-Identifier: Apache-2.0
#include "analyzer/terms.h"

namespace nspect::analyzer {
namespace {

std::size_t mix(std::size_t hash, std::size_t value) {
    return (hash ^ value) * 0x9e3779b97f4a7c15ULL + (hash >> 29U);
}

}  // namespace

bool includes_host_network(const Policy& policy) {
    return policy.selects_host_network || policy.kind == PolicyKind::network_policy;
}

bool reaches_pods(PodsByAddress how, const EngineOptions& options) {
    return how != PodsByAddress::no && options.ip_block_pods == IpBlockPods::where_known;
}

std::size_t Terms::PodTermHash::operator()(const PodTerm& term) const noexcept {
    std::size_t hash = mix(term.namespaces, term.pods);
    if (term.namespace_name) hash = mix(hash, StringHash{}(*term.namespace_name));
    if (term.account) hash = mix(hash, StringHash{}(*term.account));
    return mix(hash, term.host_network ? 1 : 0);
}

std::size_t Terms::AddressTermHash::operator()(const AddressTerm& term) const noexcept {
    std::size_t hash = term.pods ? 1 : 0;
    for (const auto& range : term.addresses.intervals()) {
        hash = mix(hash, std::hash<IpAddress>{}(range.first));
        hash = mix(hash, std::hash<IpAddress>{}(range.last));
    }
    return hash;
}

Terms::Terms(const World& world) : world_(world) {}

std::uint32_t Terms::number_of(const PodPeer& peer, bool host_network) {
    PodTerm term;
    term.namespace_name = peer.namespace_name;
    if (!term.namespace_name) term.namespaces = namespace_selectors_.number(peer.namespaces);
    term.pods = pod_selectors_.number(peer.pods);
    term.account = peer.service_account;
    term.host_network = host_network;
    uses_accounts_ = uses_accounts_ || term.account.has_value();
    return pods_.number(std::move(term));
}

PeerRef Terms::ref(const Peer& peer, bool host_network) {
    using Kind = PeerRef::Kind;
    if (const auto* pods = std::get_if<PodPeer>(&peer)) {
        return {Kind::pods, number_of(*pods, host_network)};
    }
    if (const auto* block = std::get_if<AddressPeer>(&peer)) {
        const bool pods = reaches_pods(block->pods, world_.options);
        return {Kind::addresses, addresses_.number({block->addresses, pods})};
    }
    if (const auto* nodes = std::get_if<NodePeer>(&peer)) {
        return {Kind::addresses, addresses_.number({node_addresses(nodes->nodes), true})};
    }
    return {};
}

IpSet Terms::node_addresses(const Selector& nodes) const {
    IpSet addresses;
    for (const Node& node : world_.inventory.nodes()) {
        if (!nodes.matches(node.labels)) continue;
        for (const IpAddress& address : node.addresses) addresses.insert({address, address});
    }
    return addresses;
}

}  // namespace nspect::analyzer
