// SPDX-License-Identifier: Apache-2.0
// Geneve (RFC 8926). Options are passed over.
#include "capture/decode/layers.h"

namespace nspect::capture {

// version 2 bits, option words 6 bits | flags 1 | protocol 2 | VNI 3 | reserved 1 | options
Next decode_geneve(Layers& layers) noexcept {
    if (layers.packet.fragment || layers.cursor.remaining() < 8) return {};
    const auto header = layers.cursor.header<8>();
    const auto first = header.field<std::uint8_t, 0>();
    const std::size_t options = (first & 0x3fU) * 4U;
    if (first >> 6U != 0 || options > layers.cursor.remaining()) return {};
    layers.cursor.skip(options);
    passed(layers, 8 + options);
    enter_tunnel(layers, TunnelKind::geneve, header.field<std::uint32_t, 4>() >> 8U);
    return {Next::Kind::ether_type, header.field<std::uint16_t, 2>()};
}

}  // namespace nspect::capture
