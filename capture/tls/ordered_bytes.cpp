// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/ordered_bytes.h"

#include <algorithm>

namespace nspect::capture {
namespace {

constexpr std::size_t max_held_segments = 32;
constexpr std::size_t max_held_bytes = 16384;

}  // namespace

void StreamPosition::begin(const FlowPayload& segment) {
    if (!begun) {
        begun = true;
        start_known = segment.isn_known;
        next_sequence = segment.isn_known ? segment.isn + 1 : segment.sequence;
        return;
    }
    // Data in the SYN itself begins one sequence number after it (RFC 7413).
    if (start_known || !segment.isn_known) return;
    start_known = true;
    if (next_sequence == segment.isn + static_cast<std::uint32_t>(passed)) ++next_sequence;
}

void OrderedBytes::add(const FlowPayload& segment, const Spare& spare, const Sink& sink) {
    if (broken_) return;
    position_.begin(segment);
    const std::int64_t ahead = position_.ahead(segment);
    const auto at = next() + static_cast<std::uint64_t>(ahead);
    const auto bytes =
        segment.bytes.first(std::min<std::size_t>(segment.bytes.size(), segment.wire_bytes));
    if (ahead <= 0) {
        give(at, bytes, segment.wire_bytes, sink);
    } else {
        hold(at, bytes, segment.wire_bytes);
    }
    drain(spare, sink);
}

// Bytes before the next one were given out already.
void OrderedBytes::give(std::uint64_t at, std::span<const std::byte> bytes, std::uint32_t wire,
                        const Sink& sink) {
    const std::uint64_t old = next() - at;
    if (old >= wire) return;
    const auto fresh = static_cast<std::uint32_t>(wire - old);
    const auto have = bytes.subspan(std::min<std::uint64_t>(old, bytes.size()));
    position_.advance(fresh);
    sink(have, fresh - static_cast<std::uint32_t>(have.size()));
}

void OrderedBytes::hold(std::uint64_t at, std::span<const std::byte> bytes, std::uint32_t wire) {
    const auto [place, is_new] = early_.try_emplace(at);
    if (!is_new && place->second.wire >= wire) return;
    held_ += bytes.size() - place->second.bytes.size();
    place->second = {{bytes.begin(), bytes.end()}, wire};
}

void OrderedBytes::drain(const Spare& spare, const Sink& sink) {
    while (!early_.empty()) {
        const std::uint64_t at = early_.begin()->first;
        if (at > next()) {
            const std::uint64_t gap = at - next();
            const bool full = early_.size() > max_held_segments || held_ > max_held_bytes;
            if (!full) return;
            if (gap > spare()) {
                broken_ = true;
                return;
            }
            give(next(), {}, static_cast<std::uint32_t>(gap), sink);
        }
        const Held held = std::move(early_.begin()->second);
        early_.erase(early_.begin());
        held_ -= held.bytes.size();
        give(at, held.bytes, held.wire, sink);
    }
}

void OrderedBytes::jump(const Sink& sink) {
    broken_ = false;
    if (early_.empty()) return;
    const std::uint64_t gap = early_.begin()->first - next();
    position_.advance(gap);
    drain([] { return std::uint64_t{0}; }, sink);
}

void OrderedBytes::clear() {
    early_.clear();
    held_ = 0;
}

}  // namespace nspect::capture
