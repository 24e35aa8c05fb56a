// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "capture/flow/flow_pool.h"
#include "capture/flow/large_array.h"

namespace nspect::capture {

/// From key to slot: open addressing with linear probing, at most three quarters full, 8 bytes a
/// place. Removal closes the gap, so there are no tombstones to clean up.
class FlowIndex {
public:
    explicit FlowIndex(HashSeed seed) : seed_(seed) { make_places(first_size); }

    std::uint64_t hash_of(const FlowKey& key) const noexcept { return hash(key, seed_); }
    /// The slot, or no_flow. `hash` is hash_of(key).
    std::uint32_t find(const FlowPool& pool, const FlowKey& key, std::uint64_t hash) const noexcept;
    /// Begins to load where find() will look first, and after that is there, the flow it will find.
    void ask_for_place(std::uint64_t hash) const noexcept;
    void ask_for_flow(const FlowPool& pool, std::uint64_t hash) const noexcept;
    /// REQUIRES: the key is not in it.
    void insert(std::uint32_t slot, std::uint64_t hash);
    /// REQUIRES: the slot is in it, under its own key.
    void erase(const FlowPool& pool, std::uint32_t slot);

    std::size_t size() const noexcept { return size_; }

private:
    struct Place {
        std::uint32_t slot = no_flow;
        std::uint32_t tag =
            0;  ///< the low half of the hash: the home place, and a quick comparison
    };
    static constexpr std::size_t first_size = 1024;

    std::size_t home(std::uint32_t tag) const noexcept { return tag & mask_; }
    std::size_t next(std::size_t at) const noexcept { return (at + 1) & mask_; }
    void make_places(std::size_t count);
    void put(Place place) noexcept;
    void grow();

    HashSeed seed_;
    LargeArray<Place> places_;
    std::size_t mask_ = 0;  ///< their number, a power of two, less one
    std::size_t size_ = 0;
};

}  // namespace nspect::capture
