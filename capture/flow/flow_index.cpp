// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/flow_index.h"

namespace nspect::capture {

std::uint32_t FlowIndex::find(const FlowPool& pool, const FlowKey& key,
                              std::uint64_t hash) const noexcept {
    const auto tag = static_cast<std::uint32_t>(hash);
    for (std::size_t at = tag & (places_.size() - 1);; at = next(at)) {
        const Place& place = places_[at];
        if (place.slot == no_flow) return no_flow;
        if (place.tag == tag && pool[place.slot].key == key) return place.slot;
    }
}

void FlowIndex::ask_for_place(std::uint64_t hash) const noexcept {
    __builtin_prefetch(&places_[static_cast<std::uint32_t>(hash) & (places_.size() - 1)]);
}

void FlowIndex::ask_for_flow(const FlowPool& pool, std::uint64_t hash) const noexcept {
    constexpr std::size_t line = 64;
    const auto tag = static_cast<std::uint32_t>(hash);
    std::size_t at = tag & (places_.size() - 1);
    while (places_[at].slot != no_flow && places_[at].tag != tag) at = next(at);
    if (places_[at].slot == no_flow) return;
    const void* const flow = &pool[places_[at].slot];
    for (std::size_t byte = 0; byte < sizeof(Flow); byte += line) {
        __builtin_prefetch(static_cast<const std::byte*>(flow) + byte, 1);
    }
}

void FlowIndex::insert(std::uint32_t slot, std::uint64_t hash) {
    if ((size_ + 1) * 4 > places_.size() * 3) grow();
    put({slot, static_cast<std::uint32_t>(hash)});
    ++size_;
}

void FlowIndex::put(Place place) noexcept {
    std::size_t at = home(place);
    while (places_[at].slot != no_flow) at = next(at);
    places_[at] = place;
}

void FlowIndex::erase(const FlowPool& pool, std::uint32_t slot) {
    const auto tag = static_cast<std::uint32_t>(hash_of(pool[slot].key));
    std::size_t gap = tag & (places_.size() - 1);
    while (places_[gap].slot != slot) gap = next(gap);
    --size_;
    for (std::size_t at = next(gap); places_[at].slot != no_flow; at = next(at)) {
        // A place may move back only if its home is not behind the gap, counted round the table.
        const std::size_t from_home = (at - home(places_[at])) & (places_.size() - 1);
        const std::size_t from_gap = (at - gap) & (places_.size() - 1);
        if (from_home < from_gap) continue;
        places_[gap] = places_[at];
        gap = at;
    }
    places_[gap] = Place{};
}

void FlowIndex::grow() {
    std::vector<Place> old(places_.size() * 2);
    old.swap(places_);
    for (const Place& place : old) {
        if (place.slot != no_flow) put(place);
    }
}

}  // namespace nspect::capture
