// SPDX-License-Identifier: Apache-2.0
// IPv6 (RFC 8200) and the chain of its extension headers; jumbograms (RFC 2675).
#include <algorithm>

#include "capture/decode/layers.h"

namespace nspect::capture {
namespace {

constexpr std::size_t fixed_header = 40;
constexpr std::uint8_t no_next_header = 59;
constexpr std::uint8_t jumbo_option = 0xc2;
// RFC 8200 names seven kinds, one of them twice; a longer chain is meant to tire decoders.
constexpr std::uint8_t max_extensions = 16;

// A payload length of 0 is a jumbogram's or what segmentation offload leaves: the wire tells.
std::uint32_t payload_on_wire(const Layers& layers, std::uint32_t length, std::uint8_t next) {
    const auto header = static_cast<std::uint32_t>(fixed_header);
    const std::uint32_t there = layers.wire_left - std::min(layers.wire_left, header);
    if (length == 0) return next == no_next_header ? 0 : there;
    return layers.wire_known ? std::min(length, there) : length;
}

// The length in a jumbo option, or 0.
std::uint32_t jumbo_length(ByteCursor options) noexcept {
    while (options.remaining() > 0) {
        const auto type = options.read<std::uint8_t>();
        if (type == 0) continue;  // Pad1 is a single byte
        auto value = options.nested(options.read<std::uint8_t>());
        if (type == jumbo_option) return value.read<std::uint32_t>();
    }
    return 0;
}

struct Extension {
    std::uint8_t next = no_next_header;
    ByteCursor body;
    bool whole = false;
};

// next header 1 | length in words of 8 after the first 1 | ...
Extension read_extension(Layers& layers) noexcept {
    const auto next = layers.cursor.read<std::uint8_t>();
    const std::size_t length = (layers.cursor.read<std::uint8_t>() + 1U) * 8U;
    const ByteCursor body = layers.cursor.nested(length - 2);
    if (layers.cursor.truncated()) {
        stop(layers, DecodeOutcome::truncated_ip);
        return {.body = body};
    }
    if (++layers.extensions > max_extensions || length > layers.packet.ip_payload_bytes) {
        stop(layers, DecodeOutcome::bad_extension);
        return {.body = body};
    }
    passed(layers, length);
    layers.packet.ip_payload_bytes -= static_cast<std::uint32_t>(length);
    return {.next = next, .body = body, .whole = true};
}

}  // namespace

Next decode_ipv6(Layers& layers) noexcept {
    const auto header = layers.cursor.header<fixed_header>();
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_ip);
    if (header.field<std::uint8_t, 0>() >> 4U != 6) {
        return stop(layers, DecodeOutcome::bad_ip_version);
    }
    DecodedPacket& packet = layers.packet;
    packet.src = IpAddress::v6(header.field<std::uint64_t, 8>(), header.field<std::uint64_t, 16>());
    packet.dst =
        IpAddress::v6(header.field<std::uint64_t, 24>(), header.field<std::uint64_t, 32>());
    const auto next = header.field<std::uint8_t, 6>();
    packet.ip_protocol = next;
    packet.ip_payload_bytes = payload_on_wire(layers, header.field<std::uint16_t, 4>(), next);
    layers.ip_version = 6;
    passed(layers, fixed_header);
    layers.cursor.limit(packet.ip_payload_bytes);
    return {Next::Kind::ip_protocol, next};
}

Next decode_ipv6_hop_by_hop(Layers& layers) noexcept {
    const std::uint32_t before = layers.packet.ip_payload_bytes;
    const Extension extension = read_extension(layers);
    if (!extension.whole) return {};
    const std::uint32_t jumbo = jumbo_length(extension.body);
    if (jumbo > 0xffffU && jumbo < before) {
        layers.packet.ip_payload_bytes -= before - jumbo;
        layers.cursor.limit(layers.packet.ip_payload_bytes);
    }
    return {Next::Kind::ip_protocol, extension.next};
}

Next decode_ipv6_options(Layers& layers) noexcept {
    const Extension extension = read_extension(layers);
    if (!extension.whole) return {};
    return {Next::Kind::ip_protocol, extension.next};
}

// next header 1 | reserved 1 | offset 13 bits, reserved 2 bits, more 1 bit | identification 4
Next decode_ipv6_fragment(Layers& layers) noexcept {
    const auto header = layers.cursor.header<8>();
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_ip);
    DecodedPacket& packet = layers.packet;
    if (++layers.extensions > max_extensions || packet.ip_payload_bytes < 8) {
        return stop(layers, DecodeOutcome::bad_extension);
    }
    passed(layers, 8);
    packet.ip_payload_bytes -= 8;
    const auto next = header.field<std::uint8_t, 0>();
    const auto offset_and_more = header.field<std::uint16_t, 2>();
    const bool later = (offset_and_more & 0xfff8U) != 0;
    packet.fragment = later || (offset_and_more & 1U) != 0;
    packet.later_fragment = later;
    packet.more_fragments = (offset_and_more & 1U) != 0;
    if (packet.fragment) {
        packet.fragment_id = header.field<std::uint32_t, 4>();
        packet.fragment_offset = offset_and_more & 0xfff8U;
        packet.fragment_protocol = next;
        packet.ip_wire_bytes = packet.ip_payload_bytes;
        packet.fragment_data = layers.cursor.rest();
    }
    if (!later) return {Next::Kind::ip_protocol, next};
    packet.ip_protocol = next;
    packet.protocol = protocol_of(6, next);
    packet.payload_bytes = packet.ip_payload_bytes;
    return {};
}

}  // namespace nspect::capture
