// SPDX-License-Identifier: Apache-2.0
// VXLAN (RFC 7348) and VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe).
#include "capture/decode/layers.h"

namespace nspect::capture {
namespace {

constexpr std::uint8_t id_valid = 0x08;
constexpr std::uint8_t next_protocol_valid = 0x04;

Next by_next_protocol(std::uint8_t number) noexcept {
    switch (number) {
        case 1:
            return {Next::Kind::ether_type, 0x0800};
        case 2:
            return {Next::Kind::ether_type, 0x86dd};
        case 4:
            return {Next::Kind::ether_type, 0x894f};  // NSH
        case 5:
            return {Next::Kind::ether_type, 0x8847};  // MPLS
        default:
            return {Next::Kind::ethernet, 0};
    }
}

// flags 1 | group policy or reserved 2 | next protocol (GPE) 1 | VNI 3 | reserved 1
Next decode_either(Layers& layers, bool gpe) noexcept {
    if (layers.packet.fragment || layers.cursor.remaining() < 8) return {};
    const auto header = layers.cursor.header<8>();
    const auto flags = header.field<std::uint8_t, 0>();
    if ((flags & id_valid) == 0) return {};
    passed(layers, 8);
    const bool told = gpe && (flags & next_protocol_valid) != 0;
    enter_tunnel(layers, TunnelKind::vxlan, header.field<std::uint32_t, 4>() >> 8U);
    return by_next_protocol(told ? header.field<std::uint8_t, 3>() : std::uint8_t{3});
}

}  // namespace

Next decode_vxlan(Layers& layers) noexcept {
    return decode_either(layers, false);
}

Next decode_vxlan_gpe(Layers& layers) noexcept {
    return decode_either(layers, true);
}

}  // namespace nspect::capture
