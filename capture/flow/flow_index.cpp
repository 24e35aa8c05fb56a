// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/flow_index.h"

#include <memory>
#include <utility>

namespace nspect::capture {
namespace {

/// Nearly always true where it is asked, so that no word is worth a jump of its own.
bool same(const FlowKey& a, const FlowKey& b) noexcept {
    std::uint64_t differ = 0;
    for (std::size_t i = 0; i < a.words.size(); ++i) differ |= a.words[i] ^ b.words[i];
    return differ == 0;
}

}  // namespace

std::uint32_t FlowIndex::find(const FlowPool& pool, const FlowKey& key,
                              std::uint64_t hash) const noexcept {
    const auto tag = static_cast<std::uint32_t>(hash);
    for (std::size_t at = home(tag);; at = next(at)) {
        const Place& place = places_[at];
        if (place.slot == no_flow) return no_flow;
        if (place.tag == tag && same(pool[place.slot].key, key)) return place.slot;
    }
}

void FlowIndex::ask_for_place(std::uint64_t hash) const noexcept {
    __builtin_prefetch(&places_[home(static_cast<std::uint32_t>(hash))]);
}

void FlowIndex::ask_for_flow(const FlowPool& pool, std::uint64_t hash) const noexcept {
    constexpr std::size_t line = 64;
    const auto tag = static_cast<std::uint32_t>(hash);
    std::size_t at = home(tag);
    while (places_[at].slot != no_flow && places_[at].tag != tag) at = next(at);
    if (places_[at].slot == no_flow) return;
    const void* const flow = &pool[places_[at].slot];
    for (std::size_t byte = 0; byte < sizeof(Flow); byte += line) {
        __builtin_prefetch(static_cast<const std::byte*>(flow) + byte, 1);
    }
}

void FlowIndex::insert(std::uint32_t slot, std::uint64_t hash) {
    if ((size_ + 1) * 4 > (mask_ + 1) * 3) grow();
    put({slot, static_cast<std::uint32_t>(hash)});
    ++size_;
}

void FlowIndex::put(Place place) noexcept {
    std::size_t at = home(place.tag);
    while (places_[at].slot != no_flow) at = next(at);
    places_[at] = place;
}

void FlowIndex::erase(const FlowPool& pool, std::uint32_t slot) {
    const auto tag = static_cast<std::uint32_t>(hash_of(pool[slot].key));
    std::size_t gap = home(tag);
    while (places_[gap].slot != slot) gap = next(gap);
    --size_;
    for (std::size_t at = next(gap); places_[at].slot != no_flow; at = next(at)) {
        // A place may move back only if its home is not behind the gap, counted round the table.
        const std::size_t from_home = (at - home(places_[at].tag)) & mask_;
        const std::size_t from_gap = (at - gap) & mask_;
        if (from_home < from_gap) continue;
        places_[gap] = places_[at];
        gap = at;
    }
    places_[gap] = Place{};
}

void FlowIndex::make_places(std::size_t count) {
    places_ = large_array<Place>(count);
    std::uninitialized_fill_n(places_.get(), count, Place{});
    mask_ = count - 1;
}

void FlowIndex::grow() {
    const std::size_t before = mask_ + 1;
    const auto old = std::move(places_);
    make_places(before * 2);
    for (std::size_t i = 0; i < before; ++i) {
        if (old[i].slot != no_flow) put(old[i]);
    }
}

}  // namespace nspect::capture
