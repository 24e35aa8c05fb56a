// SPDX-License-Identifier: Apache-2.0
// Ethernet II with any stack of IEEE 802.1Q and 802.1ad tags.
#include "capture/decode/layers.h"

namespace nspect::capture {

// destination 6 | source 6 | ether type 2
Next decode_ethernet(Layers& layers) noexcept {
    const auto header = layers.cursor.header<14>();
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_link);
    passed(layers, 14);
    layers.packet.link_broadcast = header.field<std::uint32_t, 0>() == 0xffffffffU &&
                                   header.field<std::uint16_t, 4>() == 0xffffU;
    return {Next::Kind::ether_type, header.field<std::uint16_t, 12>()};
}

// priority 3 bits, drop 1 bit, id 12 bits | ether type 2
Next decode_vlan(Layers& layers) noexcept {
    const auto tag = layers.cursor.header<4>();
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_link);
    passed(layers, 4);
    layers.packet.vlans.push(tag.field<std::uint16_t, 0>() & 0x0fffU);
    return {Next::Kind::ether_type, tag.field<std::uint16_t, 2>()};
}

// Cisco MetaData: version 1 | length 1 | option 2 | security group 2 | ether type 2
Next decode_cisco_metadata(Layers& layers) noexcept {
    const auto tag = layers.cursor.header<8>();
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_link);
    passed(layers, 8);
    return {Next::Kind::ether_type, tag.field<std::uint16_t, 6>()};
}

Next decode_arp(Layers& layers) noexcept {
    return stop(layers, DecodeOutcome::arp);
}

}  // namespace nspect::capture
