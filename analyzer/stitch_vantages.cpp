// SPDX-License-Identifier: Apache-2.0
#include "analyzer/stitch_vantages.h"

#include "analyzer/identity.h"

namespace nspect::analyzer {

VantageMap::VantageMap(const Inventory& inventory, const Recording& recording)
    : inventory_(inventory) {
    const auto endpoints = endpoints_of_targets(inventory, recording);
    std::unordered_map<std::uint32_t, const TargetInfo*> targets;
    for (const auto& target : recording.targets) {
        targets[target.id] = &target;
        for (const auto& interface : target.interfaces) {
            addresses_[target.id].insert(interface.addresses.begin(), interface.addresses.end());
        }
    }
    for (const auto& seen : recording.addresses) addresses_[seen.target].insert(seen.address);
    for (const auto& vantage : recording.vantages) {
        Place place{vantage.id, vantage.side, vantage.target, std::nullopt};
        const auto target = vantage.target ? targets.find(*vantage.target) : targets.end();
        if (target != targets.end()) {
            place.from = target->second->from;
            place.to = target->second->to;
            const auto found = endpoints.find(*vantage.target);
            if (found != endpoints.end()) place.endpoint = found->second;
        }
        if (place.endpoint) places_of_endpoint_[*place.endpoint].push_back(places_.size());
        place_of_[vantage.id] = places_.size();
        places_.push_back(place);
    }
}

const VantageMap::Place* VantageMap::find(std::uint32_t vantage) const {
    const auto found = place_of_.find(vantage);
    return found == place_of_.end() ? nullptr : &places_[found->second];
}

std::optional<std::size_t> VantageMap::endpoint(std::uint32_t vantage) const {
    const auto* place = find(vantage);
    return place == nullptr ? std::nullopt : place->endpoint;
}

VantageSide VantageMap::side(std::uint32_t vantage) const {
    const auto* place = find(vantage);
    return place == nullptr ? VantageSide::file : place->side;
}

bool VantageMap::owns(std::uint32_t vantage, const IpAddress& address, Timestamp time) const {
    const auto* place = find(vantage);
    if (place == nullptr || !place->endpoint) return false;
    if (address.is_loopback()) return place->side == VantageSide::inside;
    const auto held = addresses_.find(*place->target);
    if (held != addresses_.end() && held->second.contains(address)) return true;
    return inventory_.owner_of(address, time) == place->endpoint;
}

std::optional<std::uint32_t> VantageMap::watching(std::size_t endpoint, Timestamp time) const {
    const auto found = places_of_endpoint_.find(endpoint);
    if (found == places_of_endpoint_.end()) return std::nullopt;
    std::optional<std::uint32_t> inner;
    for (const auto index : found->second) {
        const auto& place = places_[index];
        if (time < place.from || time >= place.to) continue;
        if (place.side == VantageSide::host_end) return place.id;
        if (!inner) inner = place.id;
    }
    return inner;
}

}  // namespace nspect::analyzer
