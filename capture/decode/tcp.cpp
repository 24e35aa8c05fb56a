// SPDX-License-Identifier: Apache-2.0
// TCP (RFC 9293).
#include "capture/decode/layers.h"

namespace nspect::capture {
namespace {

constexpr std::size_t minimum_header = 20;

// Ports and sequence number of a segment whose header was cut, as far as they are there.
Next cut_short(Layers& layers) noexcept {
    ByteCursor cursor = layers.cursor;
    const auto src = cursor.read<std::uint16_t>();
    const auto dst = cursor.read<std::uint16_t>();
    if (!cursor.truncated()) {
        layers.packet.src_port = Port{src};
        layers.packet.dst_port = Port{dst};
        layers.packet.tcp_seq = cursor.read<std::uint32_t>();
    }
    // A first fragment may hold less; a whole datagram must not.
    const bool bad = layers.packet.ip_payload_bytes < minimum_header && !layers.packet.fragment;
    return stop(layers, bad ? DecodeOutcome::bad_transport : DecodeOutcome::truncated_transport);
}

// RFC 9293 §3.2, RFC 7323, RFC 2018: kind 1 | length 1 | value; the first two kinds are alone.
TcpSetup read_options(ByteCursor options) noexcept {
    TcpSetup setup;
    while (options.remaining() > 0) {
        const auto kind = options.read<std::uint8_t>();
        if (kind == 0) break;
        if (kind == 1) continue;
        const auto length = options.read<std::uint8_t>();
        if (length < 2) break;
        ByteCursor value = options.nested(length - 2U);
        if (kind == 2 && length == 4) setup.mss = value.read<std::uint16_t>();
        if (kind == 3 && length == 3) setup.window_scale = value.read<std::uint8_t>();
        if (kind == 4) setup.sack_permitted = true;
        if (kind == 8) setup.timestamps = true;
    }
    return setup;
}

}  // namespace

// source 2 | destination 2 | sequence 4 | acknowledgment 4 | offset 4 bits, reserved | flags 1 |
// window 2 | checksum 2 | urgent 2 | options
Next decode_tcp(Layers& layers) noexcept {
    if (layers.cursor.remaining() < minimum_header) return cut_short(layers);
    const auto header = layers.cursor.header<minimum_header>();
    DecodedPacket& packet = layers.packet;
    packet.src_port = Port{header.field<std::uint16_t, 0>()};
    packet.dst_port = Port{header.field<std::uint16_t, 2>()};
    packet.tcp_seq = header.field<std::uint32_t, 4>();
    packet.tcp_ack = header.field<std::uint32_t, 8>();
    packet.tcp_flags = header.field<std::uint8_t, 13>();
    packet.tcp_window = header.field<std::uint16_t, 14>();
    const std::uint32_t length = (header.field<std::uint8_t, 12>() >> 4U) * 4U;
    if (length < minimum_header || length > packet.ip_payload_bytes) {
        return stop(layers, DecodeOutcome::bad_transport);
    }
    packet.payload_bytes = packet.ip_payload_bytes - length;
    if (length > minimum_header && (packet.tcp_flags & tcp_flag::syn) != 0) {
        ByteCursor options = layers.cursor;
        options.limit(length - minimum_header);
        packet.tcp_setup = read_options(options);
    }
    // A snap length may end among the options: everything that counts was before them.
    layers.cursor.skip(length - minimum_header);
    packet.payload = layers.cursor.rest();
    return {};
}

}  // namespace nspect::capture
