// SPDX-License-Identifier: Apache-2.0
// IPsec ESP (RFC 4303), also in UDP (RFC 3948): named, never looked into.
#include "capture/decode/layers.h"

namespace nspect::capture {
namespace {

// SPI and sequence number; an integrity check value follows.
constexpr std::size_t minimum = 8;

}  // namespace

// SPI 4 | sequence 4 | ...
Next decode_esp(Layers& layers) noexcept {
    DecodedPacket& packet = layers.packet;
    packet.payload = layers.cursor.rest();
    packet.payload_bytes = packet.ip_payload_bytes;
    packet.carries = TunnelKind::esp;
    return {};
}

// An SPI of 0 marks the key exchange, a lone byte keeps address translators awake.
Next decode_esp_in_udp(Layers& layers) noexcept {
    ByteCursor cursor = layers.cursor;
    if (cursor.remaining() <= minimum) return {};
    if (cursor.read<std::uint32_t>() != 0) layers.packet.carries = TunnelKind::esp;
    return {};
}

}  // namespace nspect::capture
