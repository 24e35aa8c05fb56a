// SPDX-License-Identifier: Apache-2.0
#include "analyzer/peer_space.h"

#include <algorithm>
#include <iterator>

namespace nspect::analyzer {
namespace {

std::vector<const IpSet*> sets_used(Direction direction, const Rulebook& rules) {
    std::vector<bool> used(rules.terms().addresses().size(), false);
    for (const PolicyRef& policy : rules.policies()) {
        for (const RuleRef& rule : policy.rules(direction)) {
            for (const PeerRef& peer : rule.peers) {
                if (peer.kind == PeerRef::Kind::addresses) used[peer.term] = true;
            }
        }
    }
    std::vector<const IpSet*> sets;
    for (std::size_t term = 0; term < used.size(); ++term) {
        if (used[term]) sets.push_back(&rules.terms().addresses()[term].addresses);
    }
    return sets;
}

PeerSet shorter(IdSet ids, std::uint32_t universe) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    if (ids.size() * 2 <= universe) return {false, std::move(ids)};
    IdSet missing;
    auto next = ids.begin();
    for (std::uint32_t id = 0; id < universe; ++id) {
        if (next != ids.end() && *next == id) {
            ++next;
        } else {
            missing.push_back(id);
        }
    }
    return {true, std::move(missing)};
}

}  // namespace

PeerSpace::PeerSpace(Direction direction, const Rulebook& rules, const EndpointClasses& classes)
    : rules_(rules),
      classes_(classes),
      cuts_(sets_used(direction, rules)),
      second_(classes.count(), 0) {
    find_second_faces();
    addresses_from_ = classes.count() + static_cast<std::uint32_t>(second_class_.size());
}

void PeerSpace::find_second_faces() {
    for (std::size_t term = 0; term < classes_.addresses_v4.size(); ++term) {
        IdSet differ;
        const IdSet& by_v4 = classes_.addresses_v4[term];
        const IdSet& by_v6 = classes_.addresses_v6[term];
        std::set_symmetric_difference(by_v4.begin(), by_v4.end(), by_v6.begin(), by_v6.end(),
                                      std::back_inserter(differ));
        for (const std::uint32_t id : differ) {
            if (classes_.families[id] != (v4_bit | v6_bit) || second_[id] != 0) continue;
            second_[id] = classes() + static_cast<std::uint32_t>(second_class_.size());
            second_class_.push_back(id);
        }
    }
}

PeerSet PeerSpace::resolve(const std::vector<PeerRef>& peers) const {
    IdSet ids;
    for (const PeerRef& peer : peers) {
        if (peer.kind == PeerRef::Kind::any) return {true, {}};
        if (peer.kind == PeerRef::Kind::pods) {
            add_pods(peer.term, ids);
        } else if (peer.kind == PeerRef::Kind::pods_within) {
            add_pods_within(peer.term, peer.within, ids);
        } else {
            add_addresses(peer.term, ids);
        }
    }
    return shorter(std::move(ids), size());
}

void PeerSpace::add_pods(std::uint32_t term, IdSet& ids) const {
    for (const std::uint32_t id : classes_.pods[term]) {
        ids.push_back(id);
        if (second_[id] != 0) ids.push_back(second_[id]);
    }
}

/// Each face by its own addresses.
void PeerSpace::add_pods_within(std::uint32_t term, std::uint32_t addresses, IdSet& ids) const {
    const IdSet& by_v4 = classes_.addresses_v4[addresses];
    const IdSet& by_v6 = classes_.addresses_v6[addresses];
    const auto has = [](const IdSet& set, std::uint32_t id) {
        return std::binary_search(set.begin(), set.end(), id);
    };
    for (const std::uint32_t id : classes_.pods[term]) {
        const bool two_faces = second_[id] != 0;
        if (has(by_v4, id) || (!two_faces && has(by_v6, id))) ids.push_back(id);
        if (two_faces && has(by_v6, id)) ids.push_back(second_[id]);
    }
}

void PeerSpace::add_addresses(std::uint32_t term, IdSet& ids) const {
    for (const std::uint32_t id : classes_.addresses_v4[term]) ids.push_back(id);
    for (const std::uint32_t id : classes_.addresses_v6[term]) {
        ids.push_back(second_[id] != 0 ? second_[id] : id);
    }
    for (const std::uint32_t id : cuts_.classes_in(rules_.terms().addresses()[term].addresses)) {
        ids.push_back(outside(id));
    }
}

}  // namespace nspect::analyzer
