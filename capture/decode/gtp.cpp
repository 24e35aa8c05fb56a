// SPDX-License-Identifier: Apache-2.0
// GTP-U, the user plane of mobile networks (3GPP TS 29.281).
#include "capture/decode/layers.h"

namespace nspect::capture {
namespace {

constexpr std::uint8_t user_packet = 255;

// Sequence 2 | N-PDU 1 | next extension 1; each extension: words of 4, content, next extension.
void skip_optional(ByteCursor& cursor, std::uint8_t flags) noexcept {
    if ((flags & 0x07U) == 0) return;
    cursor.skip(3);
    auto next = cursor.read<std::uint8_t>();
    if ((flags & 0x04U) == 0) return;
    while (next != 0 && !cursor.truncated()) {
        const std::size_t length = cursor.read<std::uint8_t>() * std::size_t{4};
        if (length == 0) return cursor.skip(cursor.remaining() + 1);
        cursor.skip(length - 2);
        next = cursor.read<std::uint8_t>();
    }
}

}  // namespace

// version 3 bits, protocol 1 bit, flags | message 1 | length 2 | tunnel 4
Next decode_gtp(Layers& layers) noexcept {
    if (layers.packet.fragment || layers.cursor.remaining() < 8) return {};
    const std::size_t before = layers.cursor.remaining();
    const auto header = layers.cursor.header<8>();
    const auto flags = header.field<std::uint8_t, 0>();
    const bool carries_packet =
        (flags & 0xf0U) == 0x30U && header.field<std::uint8_t, 1>() == user_packet;
    if (!carries_packet) return {};
    skip_optional(layers.cursor, flags);
    if (layers.cursor.truncated()) return {};
    passed(layers, before - layers.cursor.remaining());
    enter_tunnel(layers, TunnelKind::gtp, header.field<std::uint32_t, 4>());
    return {Next::Kind::ip, 0};
}

}  // namespace nspect::capture
