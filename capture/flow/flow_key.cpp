// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/flow_key.h"

#include <tuple>

#include "capture/flow/icmp.h"

namespace nspect::capture {
namespace {

struct End {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::uint16_t port = 0;
};

End end_of(const IpAddress& address, Port port) {
    constexpr std::uint64_t mapped = 0xffffULL << 32U;
    return {address.high(), address.is_v4() ? mapped | address.low() : address.low(), port.number};
}

/// Inside and outside of a tunnel are two flows where both pass one vantage. The tunnel's number
/// is no part of it: routed overlays, and Cilium, use another one for each direction.
std::uint32_t overlay(const TunnelLayer& tunnel) {
    const auto kind = static_cast<std::uint32_t>(tunnel.kind);
    return kind | std::uint32_t{tunnel.depth} << 8U;
}

FlowKey pack(const End& lower, const End& higher, std::uint64_t ports, std::uint32_t vantage,
             const DecodedPacket& packet) {
    const std::uint64_t rest = (std::uint64_t{vantage} << 32U) |
                               (std::uint64_t{overlay(packet.tunnel)} << 8U) | packet.ip_protocol;
    FlowKey key{{lower.high, lower.low, higher.high, higher.low, ports, rest}};
    key.set_vlans(packet.vlans);
    return key;
}

/// The one who asks counts as the lower end, so that two hosts may ask each other with one
/// identifier.
FlowLookup make_icmp(const DecodedPacket& packet, std::uint32_t vantage) {
    const bool reply = icmp_kind(packet.protocol, packet.icmp_type) == IcmpKind::reply;
    const End asks = end_of(reply ? packet.dst : packet.src, Port{});
    const End answers = end_of(reply ? packet.src : packet.dst, Port{});
    const auto type = icmp_request_type(packet.protocol, packet.icmp_type);
    const std::uint64_t ports = (std::uint64_t{packet.src_port.number} << 16U) | type;
    return {pack(asks, answers, ports, vantage, packet), !reply};
}

}  // namespace

Socket FlowKey::socket(bool lower) const {
    const std::size_t at = lower ? 0 : 2;
    const auto port = static_cast<std::uint16_t>(lower ? words[4] >> 16U : words[4]);
    return {IpAddress::v6(words[at], words[at + 1]), Port{port}};
}

FlowLookup lookup_of(const DecodedPacket& packet, std::uint32_t vantage) {
    if (packet.protocol == Protocol::icmp || packet.protocol == Protocol::icmp6) {
        return make_icmp(packet, vantage);
    }
    const End from = end_of(packet.src, packet.src_port);
    const End to = end_of(packet.dst, packet.dst_port);
    const bool ascending =
        std::tie(from.high, from.low, from.port) <= std::tie(to.high, to.low, to.port);
    const End& lower = ascending ? from : to;
    const End& higher = ascending ? to : from;
    const std::uint64_t ports = (std::uint64_t{lower.port} << 16U) | higher.port;
    return {pack(lower, higher, ports, vantage, packet), ascending};
}

FlowLookup lookup_of_quoted(const DecodedPacket& packet, std::uint32_t vantage) {
    const QuotedPacket& quoted = packet.quoted;
    DecodedPacket cause;
    cause.vlans = packet.vlans;
    cause.tunnel = packet.tunnel;
    cause.src = quoted.src;
    cause.dst = quoted.dst;
    cause.src_port = quoted.src_port;
    cause.dst_port = quoted.dst_port;
    cause.ip_protocol = quoted.ip_protocol;
    cause.protocol = quoted.ip_protocol == 1    ? Protocol::icmp
                     : quoted.ip_protocol == 58 ? Protocol::icmp6
                                                : Protocol::other;
    cause.icmp_type = static_cast<std::uint8_t>(quoted.dst_port.number);
    return lookup_of(cause, vantage);
}

std::uint64_t hash(const FlowKey& key, HashSeed seed) noexcept {
    const auto& w = key.words;
    const std::uint64_t addresses =
        fold(w[0] ^ seed.first, w[1] ^ seed.second) ^ fold(w[2] ^ seed.second, w[3] ^ ~seed.first);
    const std::uint64_t rest = fold(w[4] ^ seed.first, w[5] ^ seed.second);
    return fold(addresses ^ seed.second, rest ^ seed.first);
}

}  // namespace nspect::capture
