// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "model/ip.h"
#include "model/traffic.h"
#include "model/tunnel_seen.h"

namespace nspect::capture {

/// What decoding came to. Everything but `ok` is counted by kind and otherwise ignored.
enum class DecodeOutcome : std::uint8_t {
    ok,
    arp,
    not_ip,               ///< another ether type
    unknown_link,         ///< a link type nspect does not decode
    truncated_link,       ///< ends inside the link header
    truncated_ip,         ///< ends inside the IP header or its extension chain
    truncated_transport,  ///< addresses known, ports not
    bad_ip_version,
    bad_ip_length,  ///< header length below its minimum, or total length below the header
    bad_extension,  ///< IPv6 chain too long or malformed
    bad_transport,  ///< TCP data offset below 5, SCTP without a chunk, ...
};
inline constexpr std::size_t decode_outcome_count = 11;
/// "truncated-ip": the name in losses and statistics.
std::string_view to_string(DecodeOutcome outcome);

namespace tcp_flag {
inline constexpr std::uint8_t fin = 0x01, syn = 0x02, rst = 0x04, psh = 0x08, ack = 0x10;
}

/// The 5-tuple inside an ICMP error: the packet that caused it, as its sender had sent it. An echo
/// request has its identifier and type for ports, as in DecodedPacket.
struct QuotedPacket {
    bool present = false;
    IpAddress src;
    IpAddress dst;
    std::uint8_t ip_protocol = 0;
    Port src_port;
    Port dst_port;
    std::uint32_t tcp_seq = 0;
};

/// The ids of the 802.1Q and 802.1ad tags around a packet: the innermost, and the outermost where
/// there are several. Id 0 is a priority and no VLAN: such a tag counts for nothing.
struct VlanStack {
    std::uint16_t inner = 0;
    std::uint16_t outer = 0;

    bool tagged() const noexcept { return inner != 0; }
    void push(std::uint16_t id) noexcept {
        if (id == 0) return;
        if (outer == 0) outer = inner;
        inner = id;
    }
    bool operator==(const VlanStack&) const = default;
};

/// What a packet was taken out of.
struct TunnelLayer {
    TunnelKind kind = TunnelKind::none;
    std::uint8_t depth = 0;
    std::uint32_t id = 0;
    IpAddress src;  ///< outer addresses; 0.0.0.0 when nothing but links lies around it
    IpAddress dst;
};

/// TCP options that say how a connection was set up.
struct TcpSetup {
    std::uint16_t mss = 0;  ///< 0: not told
    std::uint8_t window_scale = no_window_scale;
    bool sack_permitted = false;
    bool timestamps = false;

    static constexpr std::uint8_t no_window_scale = 0xff;
};

/// One packet, understood. A value except for `payload`, which views the caller's bytes.
struct DecodedPacket {
    DecodeOutcome outcome = DecodeOutcome::ok;
    std::uint32_t interface_index = 0;  ///< SLL2: the kernel's ifindex; else 0
    std::uint8_t sll_packet_type =
        0;  ///< SLL/SLL2: 0 host, 1 broadcast, 2 multicast, 3 other host, 4 outgoing
    /// The frame went to every station of its link: Ethernet's ff:ff:ff:ff:ff:ff, or the kernel's
    /// word for it.
    bool link_broadcast = false;
    VlanStack vlans;  ///< also of the frame that carried a tunnel; the inside adds its own

    TunnelLayer tunnel;  ///< all that follows is of the packet inside it
    /// The packet is a tunnel's, and what it carries is not known: encrypted, cut, or not IP.
    TunnelKind carries = TunnelKind::none;

    IpAddress src;
    IpAddress dst;
    std::uint8_t ip_protocol = 0;
    Protocol protocol = Protocol::other;
    /// IP payload bytes on the wire (without IP header and extension headers), with the rule for
    /// segmentation offload: a total length of 0 takes the captured wire length.
    std::uint32_t ip_payload_bytes = 0;
    bool fragment = false;        ///< part of a fragmented datagram
    bool later_fragment = false;  ///< not the first part: no ports inside
    bool more_fragments = false;
    std::uint32_t fragment_id = 0;
    std::uint32_t fragment_offset = 0;         ///< in bytes
    std::uint8_t fragment_protocol = 0;        ///< what the whole datagram starts with
    std::uint32_t ip_wire_bytes = 0;           ///< what this part carries on the wire
    std::span<const std::byte> fragment_data;  ///< and as captured

    Port src_port;  ///< ICMP: identifier of an echo, else 0
    Port dst_port;  ///< ICMP: type

    std::uint8_t tcp_flags = 0;
    std::uint32_t tcp_seq = 0;
    std::uint32_t tcp_ack = 0;
    std::uint16_t tcp_window = 0;
    TcpSetup tcp_setup;  ///< of a SYN
    std::uint8_t icmp_type = 0;
    std::uint8_t icmp_code = 0;
    std::uint16_t icmp_sequence = 0;  ///< of an echo
    std::uint16_t icmp_mtu = 0;       ///< told by "fragmentation needed" and "packet too big"
    std::uint8_t sctp_chunk = 0;      ///< type of the first chunk
    std::uint32_t sctp_tag = 0;       ///< verification tag
    std::uint32_t sctp_init_tag = 0;  ///< initiate tag of INIT and INIT ACK
    QuotedPacket quoted;

    std::span<const std::byte> payload;  ///< transport payload as captured
    std::uint32_t payload_bytes = 0;     ///< transport payload on the wire
};

}  // namespace nspect::capture
