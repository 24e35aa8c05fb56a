// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "capture/decode/decode.h"
#include "capture/flow/flow_table.h"
#include "tests/capture/packet_builder.h"

namespace nspect::test {

/// A packet's time, in milliseconds after an arbitrary start.
inline Timestamp at(std::int64_t ms) {
    return Timestamp{std::chrono::hours(500'000)} + std::chrono::milliseconds(ms);
}

/// Feeds packets written by hand to a FlowTable, one a millisecond.
class FlowScript {
public:
    explicit FlowScript(capture::FlowLimits limits = {}, HashSeed seed = {})
        : table(limits, seed) {}

    FlowScript& add(const PacketBuilder& packet, std::uint32_t vantage = 1);
    /// TCP between 10.0.0.1:40000 (">") and 10.0.0.2:80 ("<"), one segment a line:
    /// direction, flags of S A F R, sequence number, then if wanted acknowledgment, payload length,
    /// window: "> S 100", "< SA 500 101", "> A 101 501 10", "< A 501 111 0 0".
    FlowScript& tcp(const std::vector<std::string>& segments);

    /// Lets time pass.
    FlowScript& wait(std::int64_t ms) {
        now += ms;
        return *this;
    }
    std::vector<Sighting> changed() { return table.take_changed(at(now)); }
    /// The only sighting there is. REQUIRES: exactly one.
    Sighting only();

    capture::FlowTable table;
    std::int64_t now = 0;
    std::uint16_t client_port = 40000;
    std::uint16_t server_port = 80;
    std::vector<std::uint16_t> tags_forth;  ///< of what tcp() adds, outermost first
    std::vector<std::uint16_t> tags_back;
};

}  // namespace nspect::test
