// SPDX-License-Identifier: Apache-2.0
#include "analyzer/stitch_vantages.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <tuple>
#include <utility>

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
    learn_from_files(recording);
    widen_to_files(recording);
}

void VantageMap::learn_from_files(const Recording& recording) {
    for (const auto& sighting : recording.sightings) {
        const auto* place = find(sighting.vantage);
        if (place != nullptr && place->side != VantageSide::file) continue;
        auto& vantage = files_[sighting.vantage];
        vantage.first = std::min(vantage.first, sighting.first);
        vantage.last = std::max(vantage.last, sighting.last);
        vantage.loopback_alone = vantage.loopback_alone && sighting.client.ip.is_loopback() &&
                                 sighting.server.ip.is_loopback();
        const bool apart = sighting.client.ip.is_loopback() || sighting.client.ip.is_link_local() ||
                           sighting.server.ip.is_multicast() || sighting.broadcast ||
                           sighting.server.ip.is_unspecified();
        if (apart) continue;
        vantage.overlay = vantage.overlay || (sighting.tunnel && !is_opaque(sighting.tunnel->kind));
        narrow_down(vantage.own.at(sighting.client.ip.is_v4() ? 0 : 1), sighting);
    }
}

/// A file listens at all of its interfaces from its first packet to its last.
void VantageMap::widen_to_files(const Recording& recording) {
    std::unordered_map<std::string_view, std::pair<Timestamp, Timestamp>> windows;
    std::unordered_map<std::string_view, std::vector<std::uint32_t>> interfaces;
    for (const auto& each : recording.vantages) {
        const auto found = files_.find(each.id);
        if (found == files_.end()) continue;
        auto& [first, last] =
            windows.try_emplace(each.source, forever, Timestamp::min()).first->second;
        first = std::min(first, found->second.first);
        last = std::max(last, found->second.last);
        interfaces[each.source].push_back(each.id);
    }
    for (const auto& each : recording.vantages) {
        const auto found = files_.find(each.id);
        if (found == files_.end()) continue;
        std::tie(found->second.first, found->second.last) = windows[each.source];
        const auto& all = interfaces[each.source];
        if (all.size() > 2) continue;
        std::remove_copy(all.begin(), all.end(), std::back_inserter(found->second.beside), each.id);
    }
}

void VantageMap::narrow_down(Own& own, const Sighting& sighting) {
    const IpAddress& client = sighting.client.ip;
    const IpAddress& server = sighting.server.ip;
    if (own.none) return;
    if (!own.address) {
        own.address = client;
        if (server != client) own.other = server;
        return;
    }
    const auto in_it = [&](const IpAddress& each) { return each == client || each == server; };
    if (own.other && !in_it(*own.other)) own.other.reset();
    if (in_it(*own.address)) return;
    own.none = !own.other;
    own.address = own.other;
    own.other.reset();
}

bool VantageMap::is_own(const FileVantage& vantage, const IpAddress& address) {
    const auto& own = vantage.own.at(address.is_v4() ? 0 : 1);
    return !vantage.overlay && !own.none && !own.other && own.address == address;
}

/// Who is known by an address of one family is known by that of the other, too.
bool VantageMap::is_of_same_end(const FileVantage& vantage, const IpAddress& address,
                                Timestamp time) const {
    const auto owner = inventory_.owner_of(address, time);
    return owner && std::any_of(vantage.own.begin(), vantage.own.end(), [&](const Own& own) {
               return own.address && is_own(vantage, *own.address) &&
                      inventory_.owner_of(*own.address, time) == owner;
           });
}

std::optional<std::size_t> VantageMap::owner_of_file(const FileVantage& vantage,
                                                     Timestamp time) const {
    for (const Own& own : vantage.own) {
        if (!own.address || !is_own(vantage, *own.address)) continue;
        if (const auto owner = inventory_.owner_of(*own.address, time)) return owner;
    }
    return std::nullopt;
}

std::optional<std::size_t> VantageMap::loopback_endpoint(std::uint32_t vantage,
                                                         Timestamp time) const {
    const auto file = files_.find(vantage);
    if (file == files_.end()) return endpoint(vantage);
    if (!file->second.loopback_alone || file->second.beside.size() != 1) return std::nullopt;
    const auto& beside = files_.at(file->second.beside.front());
    return beside.loopback_alone ? std::nullopt : owner_of_file(beside, time);
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
    const auto file = files_.find(vantage);
    if (file != files_.end() && address.is_loopback()) {
        return loopback_endpoint(vantage, time).has_value();
    }
    if (file != files_.end()) {
        return is_own(file->second, address) || is_of_same_end(file->second, address, time);
    }
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

std::optional<std::uint32_t> VantageMap::watching(const IpAddress& address, Timestamp time) const {
    for (const auto& [id, vantage] : files_) {
        if (time < vantage.first || time > vantage.last) continue;
        if (is_own(vantage, address)) return id;
    }
    return std::nullopt;
}

std::optional<std::uint32_t> VantageMap::outside_of(std::uint32_t vantage, Timestamp time) const {
    const auto* inner = find(vantage);
    if (inner == nullptr || inner->side != VantageSide::inside || !inner->endpoint) {
        return std::nullopt;
    }
    const auto outer = watching(*inner->endpoint, time);
    return outer && side(*outer) == VantageSide::host_end ? outer : std::nullopt;
}

}  // namespace nspect::analyzer
