// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>

#include "capture/decode/byte_cursor.h"
#include "capture/decode/packet.h"

namespace nspect::capture {

/// Room for a packet, which unlike std::optional's is not touched until one is kept: setting it to
/// zero would take as long as decoding.
class PacketRoom {
public:
    PacketRoom() noexcept {}
    void keep(const DecodedPacket& packet) noexcept {
        ::new (&packet_) DecodedPacket(packet);
        there_ = true;
    }
    /// nullptr when none was kept.
    const DecodedPacket* get() const noexcept { return there_ ? &packet_ : nullptr; }

private:
    union {
        DecodedPacket packet_;
    };
    bool there_ = false;
};

/// A packet while it is taken apart, outermost layer first.
struct Layers {
    Layers(DecodedPacket& into, std::span<const std::byte> captured, std::uint32_t on_wire) noexcept
        : packet(into), cursor(captured), wire_left(on_wire) {}

    DecodedPacket& packet;
    ByteCursor cursor;        ///< what was captured from the current layer on
    std::uint32_t wire_left;  ///< the same on the wire
    bool wire_known = true;   ///< NFLOG does not tell how long the packet was
    std::uint8_t ip_version = 0;
    std::uint8_t extensions = 0;  ///< IPv6 extension headers passed
    /// The packet around the tunnel, should its inside not be readable.
    PacketRoom outside;
};

/// What follows a layer. Tunnels come back to `ether_type` or `ip`.
struct Next {
    enum class Kind : std::uint8_t { done, ether_type, ip, ip_protocol, ethernet };
    Kind kind = Kind::done;
    std::uint16_t number = 0;
};

using LayerDecoder = Next (*)(Layers&) noexcept;

inline Next stop(Layers& layers, DecodeOutcome outcome) noexcept {
    layers.packet.outcome = outcome;
    return {};
}

/// Keeps captured and wire length in step while a header is passed.
inline void passed(Layers& layers, std::size_t header) noexcept {
    const auto length = static_cast<std::uint32_t>(header);
    layers.wire_left -= layers.wire_left < length ? layers.wire_left : length;
}

/// Steps into a tunnel whose header was passed: `packet` becomes that of the inside, the one so far
/// is kept as `outside`. `id` is the tunnel's own number.
void enter_tunnel(Layers& layers, TunnelKind kind, std::uint32_t id) noexcept;

/// The protocol of policies and flows for a number in an IP header of that version.
Protocol protocol_of(std::uint8_t ip_version, std::uint8_t number) noexcept;

// Link layers, one per LinkType.
Next decode_ethernet(Layers& layers) noexcept;
Next decode_linux_sll(Layers& layers) noexcept;
Next decode_linux_sll2(Layers& layers) noexcept;
Next decode_bsd_null(Layers& layers) noexcept;
Next decode_nflog(Layers& layers) noexcept;
Next decode_raw_ip(Layers& layers) noexcept;

// By ether type.
Next decode_vlan(Layers& layers) noexcept;
Next decode_cisco_metadata(Layers& layers) noexcept;
Next decode_arp(Layers& layers) noexcept;
Next decode_ipv4(Layers& layers) noexcept;
Next decode_ipv6(Layers& layers) noexcept;
Next decode_mpls(Layers& layers) noexcept;
Next decode_pppoe(Layers& layers) noexcept;
Next decode_nsh(Layers& layers) noexcept;

// By IP protocol number: extension headers, then transports.
Next decode_ipv6_hop_by_hop(Layers& layers) noexcept;
Next decode_ipv6_options(Layers& layers) noexcept;  ///< routing, destination, mobility, HIP, shim6
Next decode_ipv6_fragment(Layers& layers) noexcept;
Next decode_ip_ah(Layers& layers) noexcept;
Next decode_tcp(Layers& layers) noexcept;
Next decode_udp(Layers& layers) noexcept;
Next decode_sctp(Layers& layers) noexcept;
Next decode_icmp(Layers& layers) noexcept;
Next decode_icmp6(Layers& layers) noexcept;
Next decode_ip_in_ip(Layers& layers) noexcept;
Next decode_gre(Layers& layers) noexcept;
Next decode_mpls_in_ip(Layers& layers) noexcept;
Next decode_esp(Layers& layers) noexcept;

// By UDP destination port. `done` where the content is not of that tunnel.
Next decode_vxlan(Layers& layers) noexcept;
Next decode_vxlan_gpe(Layers& layers) noexcept;
Next decode_geneve(Layers& layers) noexcept;
Next decode_mpls_in_udp(Layers& layers) noexcept;
Next decode_gtp(Layers& layers) noexcept;
Next decode_esp_in_udp(Layers& layers) noexcept;

/// The tunnel a UDP port is for; nullptr for none.
LayerDecoder udp_tunnel(Port destination) noexcept;
/// A PPP frame: its protocol number, then what follows it.
Next decode_ppp(Layers& layers, TunnelKind kind, std::uint32_t id) noexcept;

/// What passes over an extension header of that number; nullptr when it is none.
LayerDecoder extension_decoder(std::uint8_t ip_version, std::uint8_t number) noexcept;

/// The packet an ICMP error quotes; `present` when its addresses are there.
QuotedPacket decode_quoted(std::span<const std::byte> bytes) noexcept;

}  // namespace nspect::capture
