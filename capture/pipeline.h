// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "capture/flow/flow_table.h"
#include "capture/source/packet_source.h"
#include "model/batch.h"

namespace nspect::capture {

/// From packets to what a batch holds of them: decoding, the flow table, and counts of everything
/// that became no sighting.
class Pipeline {
public:
    Pipeline(FlowLimits limits, HashSeed seed, PayloadObserver observer)
        : table_(limits, seed, std::move(observer)) {}

    static DecodedPacket understand(const RawPacket& raw) noexcept;
    /// Takes a packet of a vantage that is wanted. True: it is the first of a flow.
    bool count(DecodedPacket& packet, std::uint32_t vantage, Timestamp time) {
        return count(packet, table_.place_of(packet, vantage), vantage, time);
    }
    /// The same where its place in the table was found beforehand.
    bool count(DecodedPacket& packet, const FlowPlace& place, std::uint32_t vantage,
               Timestamp time);

    FlowTable& table() noexcept { return table_; }
    const FlowTable& table() const noexcept { return table_; }
    std::uint64_t packets() const noexcept { return packets_; }

    /// Adds names, packet counts that changed, and what the table could not hold since the last
    /// call.
    void take_counts(Batch& batch, Timestamp from, Timestamp to);

private:
    void add_count(Batch& batch, std::size_t at, std::string_view kind, std::uint64_t total);

    FlowTable table_;
    std::array<std::uint64_t, decode_outcome_count> outcomes_{};
    std::array<std::uint64_t, decode_outcome_count + 4> reported_{};
    std::uint64_t packets_ = 0;
    std::uint64_t evicted_ = 0;
    std::uint64_t lost_names_ = 0;
};

}  // namespace nspect::capture
