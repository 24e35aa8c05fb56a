// SPDX-License-Identifier: Apache-2.0
// MPLS (RFC 3032), also directly in IP (RFC 4023) and in UDP (RFC 7510).
#include "capture/decode/layers.h"

namespace nspect::capture {
namespace {

// What follows the last label is not told: IP by its version, else a pseudowire's Ethernet frame,
// with or without a control word (RFC 4448).
Next inside(Layers& layers) noexcept {
    if (layers.cursor.remaining() == 0) return stop(layers, DecodeOutcome::truncated_link);
    const unsigned version = layers.cursor.peek() >> 4U;
    if (version == 4 || version == 6) return {Next::Kind::ip, 0};
    if (version == 0) {
        layers.cursor.skip(4);
        passed(layers, 4);
    }
    return {Next::Kind::ethernet, 0};
}

// Each: label 20 bits | class 3 bits | last 1 bit | time to live 8 bits
Next pass_labels(Layers& layers) noexcept {
    std::uint32_t entry = 0;
    while (!layers.cursor.truncated() && (entry & 0x100U) == 0) {
        entry = layers.cursor.read<std::uint32_t>();
        passed(layers, 4);
    }
    const bool cut = layers.cursor.truncated();
    enter_tunnel(layers, TunnelKind::mpls, entry >> 12U);
    return cut ? stop(layers, DecodeOutcome::truncated_link) : inside(layers);
}

}  // namespace

Next decode_mpls(Layers& layers) noexcept {
    return pass_labels(layers);
}

Next decode_mpls_in_ip(Layers& layers) noexcept {
    DecodedPacket& packet = layers.packet;
    packet.payload = layers.cursor.rest();
    packet.payload_bytes = packet.ip_payload_bytes;
    packet.carries = TunnelKind::mpls;
    if (packet.fragment) return {};
    layers.wire_left = packet.ip_payload_bytes;
    return pass_labels(layers);
}

Next decode_mpls_in_udp(Layers& layers) noexcept {
    const bool label = !layers.packet.fragment && layers.cursor.remaining() > 4;
    return label ? pass_labels(layers) : Next{};
}

}  // namespace nspect::capture
