// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/ordered_bytes.h"

#include <algorithm>

namespace nspect::capture {
namespace {

constexpr std::size_t max_held_segments = 32;
constexpr std::size_t max_held_bytes = 16384;

}  // namespace

void OrderedBytes::begin(const FlowPayload& segment) {
    if (!begun_) {
        begun_ = true;
        start_known_ = segment.isn_known;
        next_sequence_ = segment.isn_known ? segment.isn + 1 : segment.sequence;
        return;
    }
    // Data in the SYN itself begins one sequence number after it (RFC 7413).
    if (start_known_ || !segment.isn_known) return;
    start_known_ = true;
    if (next_sequence_ == segment.isn + static_cast<std::uint32_t>(passed_)) ++next_sequence_;
}

void OrderedBytes::add(const FlowPayload& segment, const Spare& spare, const Sink& sink) {
    if (broken_) return;
    begin(segment);
    const auto ahead = static_cast<std::int32_t>(segment.sequence - next_sequence_);
    const auto at = next_ + static_cast<std::uint64_t>(static_cast<std::int64_t>(ahead));
    const auto bytes =
        segment.bytes.first(std::min<std::size_t>(segment.bytes.size(), segment.wire_bytes));
    if (at <= next_) {
        give(at, bytes, segment.wire_bytes, sink);
    } else {
        hold(at, bytes, segment.wire_bytes);
    }
    drain(spare, sink);
}

// Bytes before the next one were given out already.
void OrderedBytes::give(std::uint64_t at, std::span<const std::byte> bytes, std::uint32_t wire,
                        const Sink& sink) {
    const std::uint64_t old = next_ - at;
    if (old >= wire) return;
    const auto fresh = static_cast<std::uint32_t>(wire - old);
    const auto have = bytes.subspan(std::min<std::uint64_t>(old, bytes.size()));
    next_ += fresh;
    next_sequence_ += fresh;
    passed_ += fresh;
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
        if (at > next_) {
            const std::uint64_t gap = at - next_;
            const bool full = early_.size() > max_held_segments || held_ > max_held_bytes;
            if (!full) return;
            if (gap > spare()) {
                broken_ = true;
                return;
            }
            give(next_, {}, static_cast<std::uint32_t>(gap), sink);
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
    const std::uint64_t gap = early_.begin()->first - next_;
    next_ += gap;
    next_sequence_ += static_cast<std::uint32_t>(gap);
    passed_ += gap;
    drain([] { return std::uint64_t{0}; }, sink);
}

void OrderedBytes::clear() {
    early_.clear();
    held_ = 0;
}

}  // namespace nspect::capture
