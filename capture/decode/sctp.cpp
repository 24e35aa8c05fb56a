// SPDX-License-Identifier: Apache-2.0
// SCTP (RFC 9260): the common header and the first chunk.
#include "capture/decode/layers.h"

namespace nspect::capture {
namespace {

constexpr std::uint8_t chunk_init = 1;
constexpr std::uint8_t chunk_init_ack = 2;

}  // namespace

// source 2 | destination 2 | verification tag 4 | checksum 4 | chunk: type 1, flags 1, length 2,
// ...
Next decode_sctp(Layers& layers) noexcept {
    const auto header = layers.cursor.header<12>();
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_transport);
    DecodedPacket& packet = layers.packet;
    packet.src_port = Port{header.field<std::uint16_t, 0>()};
    packet.dst_port = Port{header.field<std::uint16_t, 2>()};
    packet.sctp_tag = header.field<std::uint32_t, 4>();
    packet.payload_bytes = packet.ip_payload_bytes - 12;
    packet.payload = layers.cursor.rest();
    if (packet.payload_bytes < 4) return stop(layers, DecodeOutcome::bad_transport);

    const auto chunk = layers.cursor.header<4>();
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_transport);
    packet.sctp_chunk = chunk.field<std::uint8_t, 0>();
    if (packet.sctp_chunk == chunk_init || packet.sctp_chunk == chunk_init_ack) {
        packet.sctp_init_tag = layers.cursor.read<std::uint32_t>();
    }
    return {};
}

}  // namespace nspect::capture
