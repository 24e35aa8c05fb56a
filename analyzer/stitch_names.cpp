// SPDX-License-Identifier: Apache-2.0
#include "analyzer/stitch_names.h"

#include <algorithm>
#include <iterator>

namespace nspect::analyzer {

NameTable::NameTable(const std::vector<NameSeen>& names) {
    for (const auto& name : names) {
        by_address_[name.address].push_back(&name);
        by_client_[name.address][name.asked_by].push_back(&name);
    }
    const auto earlier = [](const auto* a, const auto* b) { return a->at < b->at; };
    for (auto& [_, seen] : by_address_) std::stable_sort(seen.begin(), seen.end(), earlier);
    for (auto& [_, clients] : by_client_) {
        for (auto& [__, seen] : clients) std::stable_sort(seen.begin(), seen.end(), earlier);
    }
}

std::string NameTable::asked(const IpAddress& by, const IpAddress& address,
                             Timestamp before) const {
    const auto found = by_address_.find(address);
    if (found == by_address_.end()) return {};
    const auto& clients = by_client_.at(address);
    const auto own = clients.find(by);
    const auto* best = own == clients.end() ? nullptr : last_before(own->second, before);
    if (best == nullptr) best = last_before(found->second, before);
    return best == nullptr ? std::string() : best->name;
}

const NameSeen* NameTable::last_before(const ByTime& names, Timestamp time) {
    const auto after =
        std::upper_bound(names.begin(), names.end(), time,
                         [](Timestamp t, const NameSeen* name) { return t < name->at; });
    return after == names.begin() ? nullptr : *std::prev(after);
}

}  // namespace nspect::analyzer
