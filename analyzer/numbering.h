// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "model/hash_seed.h"

namespace nspect::analyzer {

/// Gives each key a number, 0, 1, 2, ... in the order in which they first come. For millions of
/// keys: they lie in one row, and what finds them is a table of numbers, so that looking one up
/// misses the cache at most twice and a new one allocates nothing of its own.
template <class Key, class Hash = std::hash<Key>>
class Numbering {
public:
    static constexpr auto none = static_cast<std::uint32_t>(-1);

    /// The number of `key`, and whether it is new.
    std::pair<std::uint32_t, bool> number(const Key& key) {
        if (keys_.size() >= places_.size() / 2) grow();
        auto& place = places_[find_place(key)];
        if (place != none) return {place, false};
        place = static_cast<std::uint32_t>(keys_.size());
        keys_.push_back(key);
        return {place, true};
    }

    /// `none` for a key that has no number.
    std::uint32_t find(const Key& key) const {
        return places_.empty() ? none : places_[find_place(key)];
    }

    std::size_t size() const noexcept { return keys_.size(); }
    /// By number.
    const std::vector<Key>& keys() const noexcept { return keys_; }

private:
    static constexpr std::size_t least_places = 64;  // a power of two, as all sizes

    /// Where the key stands, or would.
    std::size_t find_place(const Key& key) const {
        std::size_t at = start(key);
        while (places_[at] != none && !(keys_[places_[at]] == key)) {
            at = (at + 1) & (places_.size() - 1);
        }
        return at;
    }

    /// Also of a poor hash all bits count, in a way that nobody knows beforehand.
    std::size_t start(const Key& key) const {
        return static_cast<std::size_t>(seeded_hash(Hash{}(key)) >> shift_);
    }

    void grow() {
        const std::size_t size = places_.empty() ? least_places : places_.size() * 2;
        shift_ = 64;
        for (std::size_t left = size; left > 1; left /= 2) --shift_;
        places_.assign(size, none);
        for (std::uint32_t i = 0; i < keys_.size(); ++i) places_[find_place(keys_[i])] = i;
    }

    std::vector<std::uint32_t> places_;  ///< numbers, at most half of it taken
    std::vector<Key> keys_;
    unsigned shift_ = 64;
};

}  // namespace nspect::analyzer
