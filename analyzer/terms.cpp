// SPDX-License-Identifier: Apache-2.0
#include "analyzer/terms.h"

namespace nspect::analyzer {
namespace {

std::size_t mix(std::size_t hash, std::size_t value) {
    return (hash ^ value) * 0x9e3779b97f4a7c15ULL + (hash >> 29U);
}

}  // namespace

bool includes_host_network(const Policy& policy, const EngineOptions& options) {
    if (policy.selects_host_network) return true;
    return policy.kind == PolicyKind::network_policy && options.host_network_pods.value_or(true);
}

bool reaches_pods(PodsByAddress how, const EngineOptions& options) {
    if (how == PodsByAddress::always) return true;
    return how != PodsByAddress::no && options.ip_block_pods == IpBlockPods::where_known;
}

std::size_t Terms::PodTermHash::operator()(const PodTerm& term) const noexcept {
    std::size_t hash = mix(term.namespaces, term.pods);
    if (term.namespace_name) hash = mix(hash, StringHash{}(*term.namespace_name));
    return mix(hash, term.host_network ? 1 : 0);
}

std::size_t Terms::AddressTermHash::operator()(const AddressTerm& term) const noexcept {
    std::size_t hash = (term.pods ? 1U : 0U) + (term.host_network ? 2U : 0U);
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
    term.host_network = host_network;
    for (const Requirement& requirement : peer.pods.requirements()) {
        beyond_labels_ = beyond_labels_ || requirement.key.starts_with('@');
    }
    return pods_.number(std::move(term));
}

PeerRef Terms::ref(const Peer& peer, bool host_network) {
    using Kind = PeerRef::Kind;
    if (std::holds_alternative<AnyPeer>(peer)) return {};
    if (const auto* pods = std::get_if<PodPeer>(&peer)) {
        const std::uint32_t term = number_of(*pods, host_network);
        if (!pods->addresses) return {Kind::pods, term};
        const bool known = reaches_pods(PodsByAddress::yes, world_.options);
        return {Kind::pods_within, term, addresses_.number({*pods->addresses, known})};
    }
    const auto* block = std::get_if<AddressPeer>(&peer);
    const auto* nodes = std::get_if<NodePeer>(&peer);
    const bool pods =
        block != nullptr ? reaches_pods(block->pods, world_.options) : nodes != nullptr;
    const bool on_host = nodes != nullptr && nodes->nodes.matches_everything();
    return {Kind::addresses, addresses_.number({addresses_named(peer, world_), pods, on_host})};
}

namespace {

IpSet node_addresses(const Selector& nodes, const World& world) {
    IpSet addresses;
    for (const Node& node : world.inventory.nodes()) {
        if (!nodes.matches(node.labels)) continue;
        for (const IpAddress& address : node.addresses) addresses.insert({address, address});
    }
    return addresses;
}

IpSet domain_addresses(const DomainPeer& peer, const World& world) {
    if (world.domains.empty()) return all_addresses();
    IpSet addresses;
    for (const auto& [name, known] : world.domains) {
        if (matches_domain(peer, name)) addresses = addresses | known;
    }
    return addresses;
}

}  // namespace

IpSet addresses_named(const Peer& peer, const World& world) {
    if (const auto* block = std::get_if<AddressPeer>(&peer)) {
        return block->nodes ? block->addresses
                            : block->addresses - node_addresses(Selector{}, world);
    }
    if (const auto* nodes = std::get_if<NodePeer>(&peer))
        return node_addresses(nodes->nodes, world);
    if (const auto* domains = std::get_if<DomainPeer>(&peer)) {
        return domain_addresses(*domains, world);
    }
    return {};
}

}  // namespace nspect::analyzer
