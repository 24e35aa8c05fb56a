// SPDX-License-Identifier: Apache-2.0
// IP without a link header: its version tells which.
#include "capture/decode/layers.h"

namespace nspect::capture {

Next decode_raw_ip(Layers& layers) noexcept {
    if (layers.cursor.remaining() == 0) return stop(layers, DecodeOutcome::truncated_ip);
    const unsigned version = layers.cursor.peek() >> 4U;
    if (version == 4) return decode_ipv4(layers);
    if (version == 6) return decode_ipv6(layers);
    return stop(layers, DecodeOutcome::bad_ip_version);
}

// next header 1 | length in words of 4 after the first two 1 | reserved 2 | SPI 4 | sequence 4 |
// ICV
Next decode_ip_ah(Layers& layers) noexcept {
    const auto header = layers.cursor.header<12>();
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_ip);
    const std::size_t length = (header.field<std::uint8_t, 1>() + 2U) * 4U;
    if (length < 12 || length > layers.packet.ip_payload_bytes || ++layers.extensions > 16) {
        return stop(layers, DecodeOutcome::bad_extension);
    }
    layers.cursor.skip(length - 12);
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_ip);
    passed(layers, length);
    layers.packet.ip_payload_bytes -= static_cast<std::uint32_t>(length);
    return {Next::Kind::ip_protocol, header.field<std::uint8_t, 0>()};
}

}  // namespace nspect::capture
