// SPDX-License-Identifier: Apache-2.0
// What Linux writes instead of a link header when it captures on "any".
#include "capture/decode/byte_cursor.h"
#include "capture/decode/decode.h"
#include "capture/decode/layers.h"

namespace nspect::capture {
namespace {

// Of ARPHRD_*: below these the protocol field is not an ether type.
constexpr std::uint16_t hardware_netlink = 824;
constexpr std::uint16_t hardware_radiotap = 803;
// Of PACKET_*; of what was sent from here the kernel does not tell.
constexpr std::uint8_t to_all = 1;

Next follow(Layers& layers, std::uint16_t hardware, std::uint16_t protocol) noexcept {
    if (hardware == hardware_netlink || hardware == hardware_radiotap) {
        return stop(layers, DecodeOutcome::not_ip);
    }
    return {Next::Kind::ether_type, protocol};
}

}  // namespace

// packet type 2 | hardware 2 | address length 2 | address 8 | protocol 2
Next decode_linux_sll(Layers& layers) noexcept {
    const auto header = layers.cursor.header<16>();
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_link);
    passed(layers, 16);
    layers.packet.sll_packet_type =
        static_cast<std::uint8_t>(header.field<std::uint16_t, 0>() & 0xffU);
    layers.packet.link_broadcast = layers.packet.sll_packet_type == to_all;
    return follow(layers, header.field<std::uint16_t, 2>(), header.field<std::uint16_t, 14>());
}

std::uint32_t sll2_interface_index(std::span<const std::byte> data) noexcept {
    ByteCursor cursor(data);
    const auto header = cursor.header<20>();
    return cursor.truncated() ? 0 : header.field<std::uint32_t, 4>();
}

// protocol 2 | reserved 2 | interface index 4 | hardware 2 | packet type 1 | address length 1 |
// address 8
Next decode_linux_sll2(Layers& layers) noexcept {
    const auto header = layers.cursor.header<20>();
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_link);
    passed(layers, 20);
    layers.packet.interface_index = header.field<std::uint32_t, 4>();
    layers.packet.sll_packet_type = header.field<std::uint8_t, 10>();
    layers.packet.link_broadcast = layers.packet.sll_packet_type == to_all;
    return follow(layers, header.field<std::uint16_t, 8>(), header.field<std::uint16_t, 0>());
}

}  // namespace nspect::capture
