// SPDX-License-Identifier: Apache-2.0
// ICMP (RFC 792) and ICMPv6 (RFC 4443); errors quote the packet that caused them.
#include "capture/decode/layers.h"

namespace nspect::capture {
namespace {

enum class Meaning { echo, error, other };

Meaning icmp_meaning(std::uint8_t type) noexcept {
    switch (type) {
        case 0:
        case 8:
            return Meaning::echo;
        case 3:   // destination unreachable
        case 4:   // source quench
        case 5:   // redirect
        case 11:  // time exceeded
        case 12:  // parameter problem
            return Meaning::error;
        default:
            return Meaning::other;
    }
}

Meaning icmp6_meaning(std::uint8_t type) noexcept {
    if (type == 128 || type == 129) return Meaning::echo;
    return type >= 1 && type <= 4 ? Meaning::error : Meaning::other;
}

// RFC 1191 §4 has 16 bits for it (0 from routers that came before), RFC 4443 §3.2 has 32.
std::uint16_t told_mtu(const DecodedPacket& packet, std::uint32_t word) noexcept {
    const bool v6 = packet.protocol == Protocol::icmp6;
    const bool tells = v6 ? packet.icmp_type == 2 : packet.icmp_type == 3 && packet.icmp_code == 4;
    if (!tells) return 0;
    return static_cast<std::uint16_t>(v6 && word > 0xffffU ? 0xffffU : word & 0xffffU);
}

// type 1 | code 1 | checksum 2 | echo: identifier 2, sequence 2; error: 4, then the quoted packet
Next decode_either(Layers& layers, Meaning (*meaning_of)(std::uint8_t)) noexcept {
    const auto header = layers.cursor.header<4>();
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_transport);
    DecodedPacket& packet = layers.packet;
    packet.icmp_type = header.field<std::uint8_t, 0>();
    packet.icmp_code = header.field<std::uint8_t, 1>();
    packet.dst_port = Port{packet.icmp_type};
    packet.payload = layers.cursor.rest();
    packet.payload_bytes = packet.ip_payload_bytes - 4;
    const Meaning meaning = meaning_of(packet.icmp_type);
    if (meaning == Meaning::other) return {};

    const auto rest = layers.cursor.header<4>();
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_transport);
    packet.payload = layers.cursor.rest();
    packet.payload_bytes = packet.payload_bytes < 4 ? 0 : packet.payload_bytes - 4;
    if (meaning == Meaning::echo) {
        packet.src_port = Port{rest.field<std::uint16_t, 0>()};
        packet.icmp_sequence = rest.field<std::uint16_t, 2>();
    } else {
        packet.quoted = decode_quoted(packet.payload);
        packet.icmp_mtu = told_mtu(packet, rest.field<std::uint32_t, 0>());
    }
    return {};
}

}  // namespace

Next decode_icmp(Layers& layers) noexcept {
    return decode_either(layers, icmp_meaning);
}

Next decode_icmp6(Layers& layers) noexcept {
    return decode_either(layers, icmp6_meaning);
}

}  // namespace nspect::capture
