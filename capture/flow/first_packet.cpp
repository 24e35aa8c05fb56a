// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/first_packet.h"

#include <algorithm>

#include "capture/flow/icmp.h"
#include "capture/flow/sctp.h"

namespace nspect::capture {
namespace {

constexpr ClientGuess source_by_handshake{true, DirectionEvidence::handshake};
constexpr ClientGuess target_by_handshake{false, DirectionEvidence::handshake};
constexpr ClientGuess source_by_order{true, DirectionEvidence::first_packet};
constexpr ClientGuess target_by_content{false, DirectionEvidence::first_packet};

int port_kind(Port port) {
    if (port.number < 1024) return 0;
    return port.number < 32768 ? 1 : 2;  // Linux takes ephemeral ports from 32768 on
}

ClientGuess by_ports(const DecodedPacket& packet) {
    const int source = port_kind(packet.src_port);
    const int target = port_kind(packet.dst_port);
    if (source == target) return source_by_order;
    return {source > target, DirectionEvidence::port_numbers};
}

ClientGuess tcp_client(const DecodedPacket& packet) {
    using namespace tcp_flag;
    const bool syn_set = (packet.tcp_flags & syn) != 0;
    const bool ack_set = (packet.tcp_flags & ack) != 0;
    const bool rst_set = (packet.tcp_flags & rst) != 0;
    if (syn_set && !rst_set) return ack_set ? target_by_handshake : source_by_handshake;
    // RFC 9293 §3.5.2: sequence number 0 answers a segment that no connection knows.
    if (rst_set && ack_set && packet.tcp_seq == 0) return target_by_content;
    return by_ports(packet);
}

ClientGuess sctp_client(const DecodedPacket& packet) {
    if (packet.sctp_chunk == sctp_chunk::init) return source_by_handshake;
    if (packet.sctp_chunk == sctp_chunk::init_ack) return target_by_handshake;
    return by_ports(packet);
}

/// FNV-1a.
std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) {
        hash = (hash ^ ((value >> shift) & 0xff)) * 0x100000001b3;
    }
    return hash;
}

}  // namespace

ClientGuess client_by_first_packet(const DecodedPacket& packet) {
    switch (packet.protocol) {
        case Protocol::tcp:
            return tcp_client(packet);
        case Protocol::sctp:
            return sctp_client(packet);
        case Protocol::udp:
            return look_for_dns(packet).answer ? target_by_content : source_by_order;
        case Protocol::icmp:
        case Protocol::icmp6: {
            const bool reply = icmp_kind(packet.protocol, packet.icmp_type) == IcmpKind::reply;
            return reply ? target_by_content : source_by_order;
        }
        case Protocol::other:
            break;
    }
    return source_by_order;
}

std::uint64_t payload_fingerprint(const DecodedPacket& packet) {
    constexpr std::size_t enough = 32;  // within every snap length: vantages may differ in it
    std::uint64_t hash = mix(0xcbf29ce484222325, packet.ip_protocol);
    if (packet.protocol == Protocol::sctp) {
        return packet.sctp_init_tag == 0 ? 0 : mix(hash, packet.sctp_init_tag);
    }
    if (packet.payload.empty()) return 0;
    for (const std::byte byte : packet.payload.first(std::min(enough, packet.payload.size()))) {
        hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3;
    }
    // Of a fragment the length depends on the path.
    if (!packet.fragment) hash = mix(hash, packet.payload_bytes);
    hash = mix(hash, packet.icmp_sequence);
    return hash == 0 ? 1 : hash;
}

DnsLook look_for_dns(const DecodedPacket& packet) {
    constexpr std::size_t header = 12;
    const auto is_dns_port = [](Port port) { return port.number == 53 || port.number == 5353; };
    const bool by_source = is_dns_port(packet.src_port);
    if (packet.protocol != Protocol::udp || packet.payload.size() < header) return {};
    if (!(by_source || is_dns_port(packet.dst_port)) || packet.dst.is_multicast()) return {};
    const auto at = [&](std::size_t i) { return std::to_integer<unsigned>(packet.payload[i]); };
    const unsigned opcode = (at(2) >> 3U) & 0xf;
    const unsigned questions = (at(4) << 8U) | at(5);
    const bool response = (at(2) & 0x80U) != 0;
    // One question is what resolvers send and servers take (RFC 9619); an error may repeat none.
    const bool sensible = opcode <= 5 && (questions == 1 || (response && questions == 0));
    return {sensible, sensible && response && by_source};
}

}  // namespace nspect::capture
