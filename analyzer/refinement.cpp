// SPDX-License-Identifier: Apache-2.0
#include "analyzer/refinement.h"

#include <algorithm>

namespace nspect::analyzer {

Refinement::Refinement(std::vector<std::uint32_t> parts) : parts_(std::move(parts)) {
    for (const std::uint32_t part : parts_) {
        if (part >= sizes_.size()) sizes_.resize(part + 1);
        ++sizes_[part];
    }
    hits_.resize(sizes_.size());
    moved_.resize(sizes_.size());
}

void Refinement::split(const IdSet& set) {
    for (const std::uint32_t object : set) ++hits_[parts_[object]];
    const std::uint32_t before = count();
    std::vector<std::uint32_t> shrunk;
    for (const std::uint32_t object : set) {
        const std::uint32_t part = parts_[object];
        if (hits_[part] == sizes_[part]) continue;  // the whole part is in the set
        if (moved_[part] == 0) {
            moved_[part] = count();
            shrunk.push_back(part);
            sizes_.push_back(0);
            hits_.push_back(0);
            moved_.push_back(0);
        }
        parts_[object] = moved_[part];
        ++sizes_[moved_[part]];
    }
    for (const std::uint32_t object : set) {
        if (parts_[object] < before) hits_[parts_[object]] = 0;
    }
    for (const std::uint32_t part : shrunk) {
        sizes_[part] -= sizes_[moved_[part]];
        hits_[part] = 0;
        moved_[part] = 0;
    }
}

IdSet Refinement::parts_of(const IdSet& set) const {
    IdSet parts;
    parts.reserve(set.size());
    for (const std::uint32_t object : set) parts.push_back(parts_[object]);
    std::sort(parts.begin(), parts.end());
    parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
    return parts;
}

}  // namespace nspect::analyzer
