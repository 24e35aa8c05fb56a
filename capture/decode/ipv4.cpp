// SPDX-License-Identifier: Apache-2.0
// IPv4 (RFC 791).
#include <algorithm>

#include "capture/decode/layers.h"

namespace nspect::capture {
namespace {

constexpr std::size_t minimum_header = 20;

// What the header says, but never more than was on the wire; a total length of 0 is what
// segmentation offload leaves behind.
std::uint32_t payload_on_wire(const Layers& layers, std::uint32_t total, std::uint32_t header) {
    const std::uint32_t there = layers.wire_left - std::min(layers.wire_left, header);
    if (total == 0) return there;
    return layers.wire_known ? std::min(total - header, there) : total - header;
}

void read_fragment(Layers& layers, std::uint16_t id, std::uint16_t flags_and_offset) {
    const bool more = (flags_and_offset & 0x2000U) != 0;
    const bool later = (flags_and_offset & 0x1fffU) != 0;
    if (!more && !later) return;
    layers.packet.fragment = true;
    layers.packet.later_fragment = later;
    layers.packet.more_fragments = more;
    layers.packet.fragment_id = id;
    layers.packet.fragment_offset = (flags_and_offset & 0x1fffU) * 8U;
}

}  // namespace

Next decode_ipv4(Layers& layers) noexcept {
    const auto header = layers.cursor.header<minimum_header>();
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_ip);
    const auto first = header.field<std::uint8_t, 0>();
    if (first >> 4U != 4) return stop(layers, DecodeOutcome::bad_ip_version);
    const std::uint32_t length = (first & 0x0fU) * 4U;
    const std::uint32_t total = header.field<std::uint16_t, 2>();
    if (length < minimum_header || (total != 0 && total < length)) {
        return stop(layers, DecodeOutcome::bad_ip_length);
    }
    DecodedPacket& packet = layers.packet;
    packet.src = IpAddress::v4(header.field<std::uint32_t, 12>());
    packet.dst = IpAddress::v4(header.field<std::uint32_t, 16>());
    packet.ip_protocol = header.field<std::uint8_t, 9>();
    packet.protocol = protocol_of(4, packet.ip_protocol);
    packet.ip_payload_bytes = payload_on_wire(layers, total, length);
    layers.ip_version = 4;
    read_fragment(layers, header.field<std::uint16_t, 4>(), header.field<std::uint16_t, 6>());

    layers.cursor.skip(length - minimum_header);
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_ip);
    passed(layers, length);
    layers.cursor.limit(packet.ip_payload_bytes);
    if (packet.fragment) {
        packet.fragment_protocol = packet.ip_protocol;
        packet.ip_wire_bytes = packet.ip_payload_bytes;
        packet.fragment_data = layers.cursor.rest();
    }
    if (packet.later_fragment) {
        packet.payload_bytes = packet.ip_payload_bytes;
        return {};
    }
    return {Next::Kind::ip_protocol, packet.ip_protocol};
}

}  // namespace nspect::capture
