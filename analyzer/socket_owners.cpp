// SPDX-License-Identifier: Apache-2.0
#include "analyzer/socket_owners.h"

#include <algorithm>
#include <chrono>
#include <set>

namespace nspect::analyzer {
namespace {

/// A socket is used for a moment before the recorder looks, and after it looked last.
constexpr Duration slack = std::chrono::seconds{2};

/// How far `time` is from [from, to).
Duration distance(Timestamp from, Timestamp to, Timestamp time) {
    if (time < from) return from - time;
    return time < to ? Duration{} : time - to;
}

bool nearly_holds(Timestamp from, Timestamp to, Timestamp time) {
    return distance(from, to, time) <= slack;
}

/// Better ones are greater: there at the time or not far from it, of that very address, begun last.
auto quality(const SocketOwner& owner, const Socket& socket, Timestamp time) {
    return std::tuple(-distance(owner.from, owner.to, time), owner.local.ip == socket.ip,
                      owner.from);
}

}  // namespace

std::unordered_map<std::uint32_t, std::uint32_t> guests(const Recording& recording) {
    std::unordered_map<std::uint32_t, std::uint32_t> found;
    for (const auto& owner : recording.socket_owners) {
        if (owner.target != owner.network) found.emplace(owner.target, owner.network);
    }
    return found;
}

SocketOwners::SocketOwners(const Recording& recording) {
    for (const auto& owner : recording.socket_owners)
        owners_[{owner.network, owner.protocol, owner.local.port.number}].push_back(&owner);
    if (!owners_.empty()) learn_networks(recording);
}

void SocketOwners::learn_networks(const Recording& recording) {
    std::set<std::uint32_t> networks;
    for (const auto& owner : recording.socket_owners) networks.insert(owner.network);
    for (const auto& seen : recording.addresses) {
        if (networks.contains(seen.target)) held_[seen.address].push_back(seen);
    }
    std::map<std::uint64_t, std::vector<std::uint32_t>> hosts;  // by netns
    for (const auto& target : recording.targets) {
        if (target.is_host && networks.contains(target.id))
            hosts[target.netns].push_back(target.id);
    }
    for (const auto& vantage : recording.vantages) {
        if (vantage.side == VantageSide::inside && vantage.target) {
            network_of_[vantage.id] = *vantage.target;
        } else if (vantage.side == VantageSide::host) {
            const auto host = hosts.find(vantage.netns);
            // Of several machines' recordings each has a host, often with the same number.
            if (host != hosts.end() && host->second.size() == 1)
                network_of_[vantage.id] = host->second.front();
        }
    }
}

std::vector<std::uint32_t> SocketOwners::networks_at(const IpAddress& address, Timestamp time,
                                                     std::uint32_t vantage) const {
    if (address.is_loopback()) {
        const auto network = network_of_.find(vantage);
        if (network == network_of_.end()) return {};
        return {network->second};
    }
    std::vector<std::uint32_t> networks;
    const auto held = held_.find(address);
    if (held == held_.end()) return networks;
    for (const auto& seen : held->second) {
        if (nearly_holds(seen.from, seen.to, time)) networks.push_back(seen.target);
    }
    return networks;
}

std::optional<std::uint32_t> SocketOwners::find(Protocol protocol, const Socket& socket,
                                                Timestamp time, std::uint32_t vantage) const {
    const SocketOwner* best = nullptr;
    for (const auto network : networks_at(socket.ip, time, vantage)) {
        const auto found = owners_.find({network, protocol, socket.port.number});
        if (found == owners_.end()) continue;
        for (const auto* owner : found->second) {
            const bool matches = owner->local.ip == socket.ip || owner->local.ip.is_unspecified();
            if (!matches || !nearly_holds(owner->from, owner->to, time)) continue;
            if (best == nullptr || quality(*best, socket, time) < quality(*owner, socket, time))
                best = owner;
        }
    }
    if (best == nullptr) return std::nullopt;
    return best->target;
}

}  // namespace nspect::analyzer
