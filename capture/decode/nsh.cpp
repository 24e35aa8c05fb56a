// SPDX-License-Identifier: Apache-2.0
// Network Service Header (RFC 8300): a link layer of its own; its context is passed over.
#include "capture/decode/layers.h"

namespace nspect::capture {

// version, flags, hops, length in words of 4 (6 bits) 2 | metadata type 1 | next protocol 1 |
// service path 4 | context
Next decode_nsh(Layers& layers) noexcept {
    const auto header = layers.cursor.header<4>();
    const std::size_t length = (header.field<std::uint16_t, 0>() & 0x3fU) * 4U;
    if (length < 8) return stop(layers, DecodeOutcome::truncated_link);
    layers.cursor.skip(length - 4);
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_link);
    passed(layers, length);
    switch (header.field<std::uint8_t, 3>()) {
        case 1:
            return {Next::Kind::ether_type, 0x0800};
        case 2:
            return {Next::Kind::ether_type, 0x86dd};
        case 3:
            return {Next::Kind::ethernet, 0};
        case 5:
            return {Next::Kind::ether_type, 0x8847};
        default:
            return stop(layers, DecodeOutcome::not_ip);
    }
}

}  // namespace nspect::capture
