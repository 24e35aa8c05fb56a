// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "capture/flow/flow_table.h"

namespace nspect::capture {

/// How far the stream of one direction was passed.
struct StreamPosition {
    std::uint64_t passed = 0;         ///< bytes given out and stepped over
    std::uint32_t next_sequence = 0;  ///< of the byte after them
    bool begun = false;
    bool start_known = false;

    /// Before a segment is taken: the first one says where the stream begins.
    void begin(const FlowPayload& segment);
    /// How far the segment begins behind this position; negative: bytes before it have passed.
    std::int32_t ahead(const FlowPayload& segment) const {
        return static_cast<std::int32_t>(segment.sequence - next_sequence);
    }
    void advance(std::uint64_t bytes) {
        passed += bytes;
        next_sequence += static_cast<std::uint32_t>(bytes);
    }
};

/// Puts the segments of one direction in order. Holds at most 32 segments and 16 KiB that came too
/// early; retransmitted bytes are dropped. Sequence numbers may wrap.
class OrderedBytes {
public:
    /// The next bytes of the stream, and how many follow on the wire that were not captured.
    using Sink = std::function<void(std::span<const std::byte> bytes, std::uint32_t missing)>;
    /// How many of the next bytes of the stream may stay unseen.
    using Spare = std::function<std::uint64_t()>;

    void add(const FlowPayload& segment, const Spare& spare, const Sink& sink);

    /// Whether a hole was left behind that `spare` did not cover; nothing comes any more.
    bool broken() const { return broken_; }
    /// Gives out where the hole is instead, from the earliest segment held.
    void jump(const Sink& sink);
    /// Goes on from where somebody else has read so far. REQUIRES: nothing was added yet.
    void resume(const StreamPosition& position) { position_ = position; }
    /// Bytes given out and stepped over so far.
    std::uint64_t passed() const { return position_.passed; }
    std::size_t held() const { return held_; }
    void clear();

private:
    struct Held {
        std::vector<std::byte> bytes;
        std::uint32_t wire = 0;
    };
    std::uint64_t next() const { return origin + position_.passed; }
    void give(std::uint64_t at, std::span<const std::byte> bytes, std::uint32_t wire,
              const Sink& sink);
    void hold(std::uint64_t at, std::span<const std::byte> bytes, std::uint32_t wire);
    void drain(const Spare& spare, const Sink& sink);

    // Stream positions count from 2^32 at the first segment seen, so that an earlier one has a
    // place too.
    static constexpr std::uint64_t origin = std::uint64_t{1} << 32U;
    std::map<std::uint64_t, Held> early_;
    StreamPosition position_;
    std::size_t held_ = 0;
    bool broken_ = false;
};

}  // namespace nspect::capture
