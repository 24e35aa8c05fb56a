// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace nspect::store {

/// Ids of sightings. As a recorder numbers them, one after the other, each costs a bit.
class IdSet {
public:
    bool contains(std::uint64_t id) const {
        const auto page = pages_.find(id / page_size);
        return page != pages_.end() && page->second.test(id % page_size);
    }
    /// Puts it in, or takes it out.
    void flip(std::uint64_t id) { pages_[id / page_size].flip(id % page_size); }

private:
    static constexpr std::size_t page_size = 4096;
    std::unordered_map<std::uint64_t, std::bitset<page_size>> pages_;
};

}  // namespace nspect::store
