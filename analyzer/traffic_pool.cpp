// SPDX-License-Identifier: Apache-2.0
#include "analyzer/traffic_pool.h"

#include <algorithm>

namespace nspect::analyzer {
namespace {

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
    return (hash ^ value) * 0x9e3779b97f4a7c15ULL + (hash >> 29U);
}

std::uint64_t hash_of(const TrafficSet& traffic) {
    std::uint64_t hash = traffic.other ? 1 : 2;
    for (const PortSet* ports :
         {&traffic.tcp, &traffic.udp, &traffic.sctp, &traffic.icmp, &traffic.icmp6}) {
        hash = mix(hash, ports->intervals().size());
        for (const auto& range : ports->intervals()) {
            hash = mix(hash, (std::uint64_t{range.first.number} << 16U) | range.last.number);
        }
    }
    return hash;
}

std::uint64_t pair_key(TrafficId a, TrafficId b) {
    return (std::uint64_t{a} << 32U) | b;
}

}  // namespace

TrafficPool::TrafficPool() {
    intern(TrafficSet{});
    intern(TrafficSet::all());
}

TrafficId TrafficPool::intern(const TrafficSet& traffic) {
    auto& candidates = by_hash_[hash_of(traffic)];
    for (const TrafficId id : candidates) {
        if (sets_[id] == traffic) return id;
    }
    const auto id = static_cast<TrafficId>(sets_.size());
    sets_.push_back(traffic);
    candidates.push_back(id);
    return id;
}

TrafficId TrafficPool::unite(TrafficId a, TrafficId b) {
    if (a == b || b == none || a == all) return a;
    if (a == none || b == all) return b;
    const auto key = pair_key(std::min(a, b), std::max(a, b));
    if (const auto known = unions_.find(key); known != unions_.end()) return known->second;
    const TrafficId result = intern(sets_[a] | sets_[b]);
    unions_.emplace(key, result);
    return result;
}

TrafficId TrafficPool::intersect(TrafficId a, TrafficId b) {
    if (a == b || a == none || b == all) return a;
    if (b == none || a == all) return b;
    const auto key = pair_key(std::min(a, b), std::max(a, b));
    if (const auto known = intersections_.find(key); known != intersections_.end()) {
        return known->second;
    }
    const TrafficId result = intern(sets_[a] & sets_[b]);
    intersections_.emplace(key, result);
    return result;
}

TrafficId TrafficPool::subtract(TrafficId a, TrafficId b) {
    if (a == none || b == none) return a;
    if (a == b || b == all) return none;
    const auto key = pair_key(a, b);
    if (const auto known = differences_.find(key); known != differences_.end()) {
        return known->second;
    }
    const TrafficId result = intern(sets_[a] - sets_[b]);
    differences_.emplace(key, result);
    return result;
}

}  // namespace nspect::analyzer
