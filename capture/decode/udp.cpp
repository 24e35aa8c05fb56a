// SPDX-License-Identifier: Apache-2.0
// UDP (RFC 768).
#include <algorithm>

#include "capture/decode/layers.h"

namespace nspect::capture {

// source 2 | destination 2 | length 2 | checksum 2
Next decode_udp(Layers& layers) noexcept {
    const auto header = layers.cursor.header<8>();
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_transport);
    DecodedPacket& packet = layers.packet;
    packet.src_port = Port{header.field<std::uint16_t, 0>()};
    packet.dst_port = Port{header.field<std::uint16_t, 2>()};
    const std::uint32_t length = header.field<std::uint16_t, 4>();
    // 0 stands for "as long as IP says" in jumbograms and segmentation offload.
    if (length != 0 && length < 8) return stop(layers, DecodeOutcome::bad_transport);
    const std::uint32_t whole =
        length == 0 ? packet.ip_payload_bytes : std::min(length, packet.ip_payload_bytes);
    packet.payload_bytes = whole - 8;
    layers.cursor.limit(packet.payload_bytes);
    packet.payload = layers.cursor.rest();
    const LayerDecoder tunnel = udp_tunnel(packet.dst_port);
    if (tunnel == nullptr) return {};
    layers.wire_left = packet.payload_bytes;
    return tunnel(layers);
}

}  // namespace nspect::capture
