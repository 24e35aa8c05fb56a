// SPDX-License-Identifier: Apache-2.0
// GRE (RFC 2784, RFC 2890), with what rides on it: NVGRE (RFC 7637), PPTP's version 1 (RFC 2637),
// ERSPAN (draft-foschiano-erspan), WCCP.
#include "capture/decode/layers.h"

namespace nspect::capture {
namespace {

constexpr unsigned checksum_present = 0x8000;
constexpr unsigned routing_present = 0x4000;
constexpr unsigned key_present = 0x2000;
constexpr unsigned sequence_present = 0x1000;
constexpr unsigned acknowledgment_present = 0x0080;
constexpr unsigned version_bits = 0x0007;

constexpr std::uint16_t bridged_ethernet = 0x6558;
constexpr std::uint16_t erspan_type_2 = 0x88be;  // without a sequence number it is type I
constexpr std::uint16_t erspan_type_3 = 0x22eb;
constexpr std::uint16_t ppp = 0x880b;
constexpr std::uint16_t wccp = 0x883e;
constexpr std::uint16_t cisco_metadata = 0x8909;

struct Header {
    unsigned flags = 0;
    std::uint16_t protocol = 0;
    std::uint32_t key = 0;
    bool whole = false;
};

// flags and version 2 | protocol 2 | checksum, reserved 4 | key 4 | sequence 4 | acknowledgment 4
Header read_header(Layers& layers) noexcept {
    const std::size_t before = layers.cursor.remaining();
    Header header;
    header.flags = layers.cursor.read<std::uint16_t>();
    header.protocol = layers.cursor.read<std::uint16_t>();
    const bool first_version = (header.flags & version_bits) == 1;
    if ((header.flags & checksum_present) != 0) layers.cursor.skip(4);
    if ((header.flags & key_present) != 0) header.key = layers.cursor.read<std::uint32_t>();
    if ((header.flags & sequence_present) != 0) layers.cursor.skip(4);
    if (first_version && (header.flags & acknowledgment_present) != 0) layers.cursor.skip(4);
    const bool known = (header.flags & version_bits) <= 1 && (header.flags & routing_present) == 0;
    header.whole = known && !layers.cursor.truncated();
    if (header.whole) passed(layers, before - layers.cursor.remaining());
    return header;
}

// Type II: version 4 bits, VLAN 12 bits | ..., session 10 bits | index 4. Type III goes on with a
// timestamp and more, and a subheader of 8 where its last bit says so.
Next decode_erspan(Layers& layers, const Header& gre) noexcept {
    const bool third = gre.protocol == erspan_type_3;
    std::uint32_t session = 0;
    if (third || (gre.flags & sequence_present) != 0) {
        const auto header = layers.cursor.header<8>();
        session = header.field<std::uint16_t, 2>() & 0x03ffU;
        std::size_t length = 8;
        if (third) {
            const bool subheader = (layers.cursor.read<std::uint32_t>() & 1U) != 0;
            if (subheader) layers.cursor.skip(8);
            length = subheader ? 20 : 12;
        }
        passed(layers, length);
    }
    enter_tunnel(layers, TunnelKind::erspan, session);
    return {Next::Kind::ethernet, 0};
}

// The second version of WCCP puts a header of 4 before the packet.
Next decode_wccp(Layers& layers, std::uint32_t id) noexcept {
    const bool header = layers.cursor.remaining() > 0 && layers.cursor.peek() >> 4U != 4;
    if (header) {
        layers.cursor.skip(4);
        passed(layers, 4);
    }
    enter_tunnel(layers, TunnelKind::gre, id);
    return {Next::Kind::ether_type, 0x0800};
}

// Here the type of what follows stands first: ether type 2 | version 1 | length 1 | option 2 |
// security group 2
Next decode_metadata(Layers& layers, std::uint32_t id) noexcept {
    const auto tag = layers.cursor.header<8>();
    if (layers.cursor.truncated()) {
        layers.packet.carries = TunnelKind::gre;
        return {};
    }
    passed(layers, 8);
    enter_tunnel(layers, TunnelKind::gre, id);
    return {Next::Kind::ether_type, tag.field<std::uint16_t, 0>()};
}

Next unread(Layers& layers) noexcept {
    layers.packet.carries = TunnelKind::gre;
    return {};
}

}  // namespace

Next decode_gre(Layers& layers) noexcept {
    DecodedPacket& packet = layers.packet;
    packet.payload = layers.cursor.rest();
    packet.payload_bytes = packet.ip_payload_bytes;
    layers.wire_left = packet.ip_payload_bytes;
    const Header header = read_header(layers);
    if (packet.fragment || !header.whole) return unread(layers);
    switch (header.protocol) {
        case erspan_type_2:
        case erspan_type_3:
            return decode_erspan(layers, header);
        case ppp:
            return decode_ppp(layers, TunnelKind::gre, header.key & 0xffffU);
        case wccp:
            return decode_wccp(layers, header.key);
        case cisco_metadata:
            return decode_metadata(layers, header.key);
        default:
            break;
    }
    const bool nvgre = header.protocol == bridged_ethernet;
    enter_tunnel(layers, TunnelKind::gre, nvgre ? header.key >> 8U : header.key);
    return {Next::Kind::ether_type, header.protocol};
}

}  // namespace nspect::capture
