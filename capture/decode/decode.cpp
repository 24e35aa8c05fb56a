// SPDX-License-Identifier: Apache-2.0
#include "capture/decode/decode.h"

#include <array>

#include "capture/decode/layers.h"

namespace nspect::capture {
namespace {

struct Row {
    std::uint16_t number;
    LayerDecoder decode;
};

// Most frequent first: the table is searched in order.
constexpr std::array ether_types{
    Row{0x0800, decode_ipv4},  Row{0x86dd, decode_ipv6},
    Row{0x8100, decode_vlan},  Row{0x0806, decode_arp},
    Row{0x8035, decode_arp},  // RARP
    Row{0x88a8, decode_vlan},  Row{0x9100, decode_vlan},
    Row{0x9200, decode_vlan},  Row{0x9300, decode_vlan},
    Row{0x8847, decode_mpls},  Row{0x8848, decode_mpls},
    Row{0x8864, decode_pppoe}, Row{0x6558, decode_ethernet},
    Row{0x894f, decode_nsh},   Row{0x8909, decode_cisco_metadata},
};

constexpr std::array ipv4_transports{
    Row{6, decode_tcp},  Row{17, decode_udp},     Row{132, decode_sctp},
    Row{1, decode_icmp}, Row{4, decode_ip_in_ip}, Row{41, decode_ip_in_ip},
    Row{47, decode_gre}, Row{50, decode_esp},     Row{137, decode_mpls_in_ip},
};
constexpr std::array ipv4_extensions{Row{51, decode_ip_ah}};

constexpr std::array ipv6_transports{
    Row{6, decode_tcp},    Row{17, decode_udp},     Row{132, decode_sctp},
    Row{58, decode_icmp6}, Row{4, decode_ip_in_ip}, Row{41, decode_ip_in_ip},
    Row{47, decode_gre},   Row{50, decode_esp},     Row{137, decode_mpls_in_ip},
};
constexpr std::array ipv6_extensions{
    Row{0, decode_ipv6_hop_by_hop}, Row{43, decode_ipv6_options},  // routing
    Row{44, decode_ipv6_fragment},  Row{51, decode_ip_ah},
    Row{60, decode_ipv6_options},   // destination
    Row{135, decode_ipv6_options},  // mobility
    Row{139, decode_ipv6_options},  // host identity protocol
    Row{140, decode_ipv6_options},  // shim6
};

// An IP payload nspect does not look into.
Next decode_other(Layers& layers) noexcept {
    layers.packet.payload = layers.cursor.rest();
    layers.packet.payload_bytes = layers.packet.ip_payload_bytes;
    return {};
}

using ByNumber = std::array<LayerDecoder, 256>;

template <std::size_t N, std::size_t M>
constexpr ByNumber by_number(const std::array<Row, N>& rows, const std::array<Row, M>& more) {
    ByNumber table{};
    table.fill(decode_other);
    for (const Row& row : rows) table[row.number] = row.decode;
    for (const Row& row : more) table[row.number] = row.decode;
    return table;
}

constexpr ByNumber ipv4_table = by_number(ipv4_transports, ipv4_extensions);
constexpr ByNumber ipv6_table = by_number(ipv6_transports, ipv6_extensions);

template <std::size_t N>
LayerDecoder find(const std::array<Row, N>& rows, std::uint16_t number) noexcept {
    for (const Row& row : rows) {
        if (row.number == number) return row.decode;
    }
    return nullptr;
}

// Destination ports of tunnels in UDP; 8472 is what Linux took for VXLAN before IANA chose.
constexpr std::array udp_tunnels{
    Row{4789, decode_vxlan},       Row{8472, decode_vxlan}, Row{4790, decode_vxlan_gpe},
    Row{6081, decode_geneve},      Row{2152, decode_gtp},   Row{4500, decode_esp_in_udp},
    Row{6635, decode_mpls_in_udp},
};

// Tags and tunnels deeper than this are made up.
constexpr int max_layers = 40;

Next decode_ether_type(Layers& layers, std::uint16_t number) noexcept {
    if (const LayerDecoder decoder = find(ether_types, number)) return decoder(layers);
    return stop(layers, DecodeOutcome::not_ip);
}

Next decode_ip_protocol(Layers& layers, std::uint8_t number) noexcept {
    layers.packet.ip_protocol = number;
    layers.packet.protocol = protocol_of(layers.ip_version, number);
    return (layers.ip_version == 4 ? ipv4_table : ipv6_table)[number](layers);
}

Next decode_link(Layers& layers, LinkType link) noexcept {
    switch (link) {
        case LinkType::ethernet:
            return decode_ethernet(layers);
        case LinkType::raw_ip:
            return decode_raw_ip(layers);
        case LinkType::linux_sll:
            return decode_linux_sll(layers);
        case LinkType::linux_sll2:
            return decode_linux_sll2(layers);
        case LinkType::bsd_null:
            return decode_bsd_null(layers);
        case LinkType::nflog:
            return decode_nflog(layers);
        case LinkType::other:
            break;
    }
    return stop(layers, DecodeOutcome::unknown_link);
}

Next decode_next(Layers& layers, Next next) noexcept {
    switch (next.kind) {
        case Next::Kind::ether_type:
            return decode_ether_type(layers, next.number);
        case Next::Kind::ip_protocol:
            return decode_ip_protocol(layers, static_cast<std::uint8_t>(next.number));
        case Next::Kind::ip:
            return decode_raw_ip(layers);
        case Next::Kind::ethernet:
            return decode_ethernet(layers);
        case Next::Kind::done:
            break;
    }
    return {};
}

void decode_all(Layers& layers, Next next) noexcept {
    for (int depth = 0; next.kind != Next::Kind::done; ++depth) {
        if (depth == max_layers) {
            stop(layers, DecodeOutcome::not_ip);
            break;
        }
        next = decode_next(layers, next);
    }
    const DecodedPacket* const outside = layers.outside.get();
    if (layers.packet.outcome != DecodeOutcome::ok && outside != nullptr) layers.packet = *outside;
}

}  // namespace

Protocol protocol_of(std::uint8_t ip_version, std::uint8_t number) noexcept {
    switch (number) {
        case 6:
            return Protocol::tcp;
        case 17:
            return Protocol::udp;
        case 132:
            return Protocol::sctp;
        case 1:
            return ip_version == 4 ? Protocol::icmp : Protocol::other;
        case 58:
            return ip_version == 6 ? Protocol::icmp6 : Protocol::other;
        default:
            return Protocol::other;
    }
}

LayerDecoder udp_tunnel(Port destination) noexcept {
    return destination.number < 2152 ? nullptr : find(udp_tunnels, destination.number);
}

LayerDecoder extension_decoder(std::uint8_t ip_version, std::uint8_t number) noexcept {
    return ip_version == 4 ? find(ipv4_extensions, number) : find(ipv6_extensions, number);
}

DecodedPacket decode(std::span<const std::byte> data, std::uint32_t wire_length,
                     LinkType link) noexcept {
    DecodedPacket packet;
    Layers layers(packet, data, wire_length);
    decode_all(layers, decode_link(layers, link));
    return packet;
}

DecodedPacket decode_whole(const DecodedPacket& part, std::span<const std::byte> payload) noexcept {
    DecodedPacket packet;
    packet.interface_index = part.interface_index;
    packet.sll_packet_type = part.sll_packet_type;
    packet.link_broadcast = part.link_broadcast;
    packet.vlans = part.vlans;
    packet.tunnel = part.tunnel;
    packet.src = part.src;
    packet.dst = part.dst;
    packet.ip_payload_bytes = static_cast<std::uint32_t>(payload.size());
    Layers layers(packet, payload, packet.ip_payload_bytes);
    layers.ip_version = part.src.is_v4() ? 4 : 6;
    decode_all(layers, {Next::Kind::ip_protocol, part.fragment_protocol});
    return packet;
}

}  // namespace nspect::capture
