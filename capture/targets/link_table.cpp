// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/link_table.h"

namespace nspect::capture {
namespace {

/// Whether its IFLA_LINK says something: a tunnel without a device below names itself or nothing,
/// and these kinds never name another, moved to another namespace or not.
bool has_link(const LinkMessage& link) {
    if (link.kind == "geneve" || link.kind == "wireguard") return false;
    return link.link_index != 0 && (link.link_nsid || link.link_index != link.index);
}

/// Only these come in pairs; the IFLA_LINK of others (macvlan, vlan) is the device below them.
bool has_peer(const LinkMessage& link) {
    return (link.kind == "veth" || link.kind == "netkit") && has_link(link);
}

/// The last address of an IPv4 network; one of two addresses or fewer has none (RFC 3021).
std::optional<IpAddress> broadcast_of(const IpAddress& address, unsigned prefix_length) {
    if (!address.is_v4() || prefix_length == 0 || prefix_length > 30) return std::nullopt;
    return IpPrefix(address, prefix_length).range().last;
}

}  // namespace

void LinkTable::replace(std::uint64_t netns, const std::vector<LinkMessage>& links,
                        const std::vector<AddressMessage>& addresses) {
    links_[netns].clear();
    for (const auto& link : links) apply(netns, link);
    for (const auto& address : addresses) apply(netns, address);
}

void LinkTable::apply(std::uint64_t netns, const LinkMessage& link) {
    auto& links = links_[netns];
    if (link.gone) {
        links.erase(link.index);
    } else {
        links[link.index].message = link;
    }
}

void LinkTable::apply(std::uint64_t netns, const AddressMessage& address) {
    auto& links = links_[netns];
    const auto link = links.find(address.link_index);
    if (link == links.end()) return;
    if (address.gone) {
        link->second.addresses.erase(address.address);
    } else {
        link->second.addresses[address.address] = address.prefix_length;
    }
}

void LinkTable::forget(std::uint64_t netns) {
    links_.erase(netns);
    nsids_.erase(netns);
    for (auto& known : nsids_) {
        std::erase_if(known.second, [&](const auto& nsid) { return nsid.second == netns; });
    }
}

void LinkTable::learn_nsid(std::uint64_t netns, std::int32_t nsid, std::uint64_t meant) {
    nsids_[netns][nsid] = meant;
}

void LinkTable::forget_nsid(std::uint64_t netns, std::int32_t nsid) {
    const auto known = nsids_.find(netns);
    if (known != nsids_.end()) known->second.erase(nsid);
}

std::optional<std::uint64_t> LinkTable::meaning(std::uint64_t netns, std::int32_t nsid) const {
    const auto known = nsids_.find(netns);
    if (known == nsids_.end()) return std::nullopt;
    const auto meant = known->second.find(nsid);
    if (meant == known->second.end()) return std::nullopt;
    return meant->second;
}

std::set<std::int32_t> LinkTable::unknown_nsids(std::uint64_t netns) const {
    std::set<std::int32_t> unknown;
    const auto known = links_.find(netns);
    if (known == links_.end()) return unknown;
    for (const auto& [index, link] : known->second) {
        const auto nsid = link.message.link_nsid;
        if (!has_link(link.message) || !nsid || *nsid < 0) continue;
        if (!meaning(netns, *nsid)) unknown.insert(*nsid);
    }
    return unknown;
}

const LinkTable::Link* LinkTable::find(std::uint64_t netns, std::uint32_t index) const {
    const auto links = links_.find(netns);
    if (links == links_.end()) return nullptr;
    const auto link = links->second.find(index);
    return link != links->second.end() ? &link->second : nullptr;
}

std::uint64_t LinkTable::netns_of_link(std::uint64_t netns, const Link& link) const {
    const auto nsid = link.message.link_nsid;
    return nsid ? meaning(netns, *nsid).value_or(0) : netns;
}

InterfaceInfo LinkTable::describe(std::uint64_t netns, const Link& link) const {
    InterfaceInfo info;
    info.index = link.message.index;
    info.name = link.message.name;
    info.kind = link.message.kind;
    info.mac = link.message.mac;
    info.up = link.message.up;
    std::set<IpAddress> broadcasts;
    for (const auto& [address, prefix_length] : link.addresses) {
        info.addresses.push_back(address);
        if (const auto all = broadcast_of(address, prefix_length)) broadcasts.insert(*all);
    }
    info.broadcasts.assign(broadcasts.begin(), broadcasts.end());
    if (!has_peer(link.message)) return info;
    info.peer_index = link.message.link_index;
    info.peer_netns = netns_of_link(netns, link);
    if (const auto* peer = find(info.peer_netns, info.peer_index))
        info.peer_name = peer->message.name;
    return info;
}

std::vector<InterfaceInfo> LinkTable::interfaces(std::uint64_t netns) const {
    std::vector<InterfaceInfo> described;
    const auto links = links_.find(netns);
    if (links == links_.end()) return described;
    for (const auto& [index, link] : links->second) described.push_back(describe(netns, link));
    return described;
}

std::vector<Attachment> LinkTable::attachments(std::uint64_t netns) const {
    std::vector<Attachment> found;
    const auto links = links_.find(netns);
    if (links == links_.end()) return found;
    for (const auto& [index, link] : links->second) {
        Attachment each{netns, index, link.message.master_index, 0, 0};
        if (has_link(link.message) && !has_peer(link.message)) {
            each.lower_index = link.message.link_index;
            each.lower_netns = netns_of_link(netns, link);
        }
        if (each.master_index != 0 || each.lower_index != 0) found.push_back(each);
    }
    return found;
}

std::optional<InterfaceInfo> LinkTable::interface(std::uint64_t netns, std::uint32_t index) const {
    const auto* link = find(netns, index);
    if (link == nullptr) return std::nullopt;
    return describe(netns, *link);
}

}  // namespace nspect::capture
