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
    /// Bytes given out and stepped over so far.
    std::uint64_t passed() const { return passed_; }
    std::size_t held() const { return held_; }
    void clear();

private:
    struct Held {
        std::vector<std::byte> bytes;
        std::uint32_t wire = 0;
    };
    void begin(const FlowPayload& segment);
    void give(std::uint64_t at, std::span<const std::byte> bytes, std::uint32_t wire,
              const Sink& sink);
    void hold(std::uint64_t at, std::span<const std::byte> bytes, std::uint32_t wire);
    void drain(const Spare& spare, const Sink& sink);

    // Stream positions count from 2^32 at the first segment seen, so that an earlier one has a
    // place too.
    static constexpr std::uint64_t origin = std::uint64_t{1} << 32U;
    std::map<std::uint64_t, Held> early_;
    std::uint64_t next_ = origin;
    std::uint32_t next_sequence_ = 0;
    std::uint64_t passed_ = 0;
    std::size_t held_ = 0;
    bool begun_ = false;
    bool start_known_ = false;
    bool broken_ = false;
};

}  // namespace nspect::capture
