// SPDX-License-Identifier: Apache-2.0
// First byte: the link type; the rest: packets, each behind a length of two bytes (little endian);
// what is left over is one more. They go through decoding, reassembly and the flow table.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>

#include "capture/decode/decode.h"
#include "capture/flow/flow_table.h"

using namespace nspect;
using namespace nspect::capture;

namespace {

void require(bool claim) {
    if (!claim) std::abort();
}

void check(const DecodedPacket& packet, std::span<const std::byte> data) {
    require(to_string(packet.outcome) != "?");
    require(packet.payload.size() <= data.size());
    require(packet.payload.empty() ||
            (packet.payload.data() >= data.data() &&
             packet.payload.data() + packet.payload.size() <= data.data() + data.size()));
    require(packet.payload.size() <= packet.payload_bytes);
    require(packet.payload_bytes <= packet.ip_payload_bytes);
    require(!packet.later_fragment || (packet.src_port.number == 0 && packet.payload.empty()));
    require(packet.fragment_data.size() <= packet.ip_wire_bytes || !packet.fragment);
    require(packet.tunnel.depth <= 41);
}

void run(std::span<const std::byte> data, std::uint32_t wire, LinkType link, FlowTable& table,
         std::int64_t& now) {
    DecodedPacket packet = decode(data, wire, link);
    check(packet, data);
    table.add(packet, 1, Timestamp{} + std::chrono::milliseconds(++now));
}

constexpr int inputs_a_table = 256;

/// A table takes two megabytes, far longer to make than an input takes to go through it: one is
/// used for many inputs, a day apart, so that nothing in it outlives its input but what it learnt
/// of tunnels and VLANs.
FlowTable& table_for_input() {
    static std::optional<FlowTable> table;
    static int left = 0;
    if (left-- == 0) {
        table.emplace(FlowLimits{.flows = 8});
        left = inputs_a_table;
    }
    return *table;
}

std::size_t length_at(std::span<const std::byte> data) {
    return std::to_integer<std::size_t>(data[0]) | std::to_integer<std::size_t>(data[1]) << 8U;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    auto data = std::as_bytes(std::span(bytes + 1, size - 1));
    const auto link = static_cast<LinkType>(bytes[0] % 7);
    FlowTable& table = table_for_input();
    static std::int64_t day = 0;
    day = day % inputs_a_table + 1;  // each table has the same days: time never ends
    const std::int64_t begin = std::chrono::milliseconds(std::chrono::hours(24 * day)).count();
    std::int64_t now = begin;
    for (const std::uint32_t more : {0U, 1000U}) {
        run(data, static_cast<std::uint32_t>(data.size()) + more, link, table, now);
    }
    run(data, 0, link, table, now);
    while (data.size() >= 2) {
        const std::size_t length = std::min(length_at(data), data.size() - 2);
        run(data.subspan(2, length), static_cast<std::uint32_t>(length), link, table, now);
        data = data.subspan(2 + length);
    }
    const Timestamp end = Timestamp{} + std::chrono::milliseconds(begin) + std::chrono::hours(5);
    for (const Sighting& each : table.take_changed(end)) {
        require(each.sent.packets + each.received.packets > 0);
    }
    require(table.live() == 0 && table.waiting() == 0);
    (void)table.take_names();
    (void)table.take_name_failures(end);
    return 0;
}
