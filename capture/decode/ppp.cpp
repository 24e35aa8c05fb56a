// SPDX-License-Identifier: Apache-2.0
// PPP frames (RFC 1661), and PPPoE sessions (RFC 2516).
#include "capture/decode/layers.h"

namespace nspect::capture {
namespace {

constexpr std::uint16_t ppp_ipv4 = 0x0021;
constexpr std::uint16_t ppp_ipv6 = 0x0057;

// Both fields may be compressed: address and control away, the protocol to one odd byte.
std::uint16_t read_protocol(Layers& layers) noexcept {
    const std::size_t before = layers.cursor.remaining();
    std::uint16_t protocol = layers.cursor.read<std::uint8_t>();
    if (protocol == 0xff) {
        layers.cursor.skip(1);
        protocol = layers.cursor.read<std::uint8_t>();
    }
    if ((protocol & 1U) == 0) {
        protocol = static_cast<std::uint16_t>(protocol << 8U | layers.cursor.read<std::uint8_t>());
    }
    if (!layers.cursor.truncated()) passed(layers, before - layers.cursor.remaining());
    return protocol;
}

}  // namespace

Next decode_ppp(Layers& layers, TunnelKind kind, std::uint32_t id) noexcept {
    const std::uint16_t protocol = read_protocol(layers);
    const bool cut = layers.cursor.truncated();
    enter_tunnel(layers, kind, id);
    if (cut) return stop(layers, DecodeOutcome::truncated_link);
    if (protocol == ppp_ipv4) return {Next::Kind::ether_type, 0x0800};
    if (protocol == ppp_ipv6) return {Next::Kind::ether_type, 0x86dd};
    return stop(layers, DecodeOutcome::not_ip);
}

// version 4 bits, type 4 bits | code 1 | session 2 | length 2
Next decode_pppoe(Layers& layers) noexcept {
    const auto header = layers.cursor.header<6>();
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_link);
    passed(layers, 6);
    layers.cursor.limit(header.field<std::uint16_t, 4>());
    return decode_ppp(layers, TunnelKind::pppoe, header.field<std::uint16_t, 2>());
}

}  // namespace nspect::capture
