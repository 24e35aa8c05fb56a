// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/ip.h"
#include "model/shared.h"
#include "model/time.h"
#include "model/tls_seen.h"
#include "model/traffic.h"
#include "model/tunnel_seen.h"

namespace nspect {

/// How a conversation went, as far as its packets tell.
enum class Outcome : std::uint8_t {
    established,  ///< TCP handshake complete, or an answer to UDP, SCTP, ICMP
    refused,      ///< RST to the SYN, SCTP ABORT to the INIT, or ICMP port unreachable
    rejected,     ///< ICMP administratively prohibited, or another unreachable
    unanswered,   ///< a request that expects an answer got none
    one_way,      ///< datagrams without reply, as UDP may be meant
    mid_stream,   ///< the start was not seen
};

std::string_view to_string(Outcome outcome);
std::optional<Outcome> parse_outcome(std::string_view text);

/// One end of a flow.
struct Socket {
    IpAddress ip;
    Port port;  ///< 0 without ports; for ICMP the client's is the identifier, the server's the type
    auto operator<=>(const Socket&) const = default;
    bool operator==(const Socket&) const = default;
};

/// "10.0.0.1:80", "[fd00::1]:80".
std::string to_string(const Socket& socket);

struct Counters {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;  ///< IP payload bytes

    Counters& operator+=(const Counters& more) {
        packets += more.packets;
        bytes += more.bytes;
        return *this;
    }
    auto operator<=>(const Counters&) const = default;
    bool operator==(const Counters&) const = default;
};

/// How it was decided which end is the client: of one sighting, weakest last; of a conversation
/// whose start was not seen also by who listens, as other conversations tell.
enum class DirectionEvidence : std::uint8_t { handshake, first_packet, port_numbers, listener };

/// One flow as seen at one vantage.
struct Sighting {
    std::uint64_t id = 0;  ///< unique in its recording; a later one with the same id replaces it
    std::uint32_t vantage = 0;  ///< Vantage::id
    Protocol protocol = Protocol::tcp;
    std::uint8_t ip_protocol = 6;  ///< the IP protocol number, of use when `protocol` is other
    /// The 802.1Q ids of the frames it was seen in, the innermost and where there are several the
    /// outermost; 0: none. Of its first packet: the way back may be tagged in another way.
    std::uint16_t vlan = 0;
    std::uint16_t outer_vlan = 0;
    Socket client;
    Socket server;
    DirectionEvidence direction = DirectionEvidence::handshake;
    Timestamp first{};
    Timestamp last{};
    Counters sent;      ///< client to server
    Counters received;  ///< server to client
    Outcome outcome = Outcome::mid_stream;
    std::uint32_t retransmits = 0;
    std::uint32_t reordered = 0;     ///< TCP segments that came behind a later one, seen once
    std::uint32_t zero_windows = 0;  ///< how often a side had no room for more
    std::optional<std::uint32_t> client_isn;  ///< TCP initial sequence number of the SYN
    std::optional<std::uint32_t> server_isn;  ///< of the SYN-ACK
    /// Of the first payload bytes, for joining UDP; 0 when there were none.
    std::uint64_t fingerprint = 0;
    Duration handshake_time{};  ///< SYN to the client's ACK, 0 when not seen
    Duration think_time{};      ///< the client's first byte to the server's answer, 0 when not seen
    std::uint16_t client_mss = 0;  ///< TCP: what each side can take in a segment; 0 when not told
    std::uint16_t server_mss = 0;
    std::uint16_t path_mtu = 0;     ///< the smallest that ICMP told of this flow; 0: never
    std::uint16_t icmp_errors = 0;  ///< ICMP errors about its packets
    /// The largest IP payload each way; 0xffff: that or more. With segmentation offload it may be
    /// above what the path takes.
    std::uint16_t largest_sent = 0;
    std::uint16_t largest_received = 0;
    /// Datagrams that went to every station of the link, and nobody answered from that address: it
    /// is a network's broadcast address.
    bool broadcast = false;
    bool finished = false;  ///< ended or timed out; false: still open when written
    std::string app;        ///< application protocol by content, "postgres"; "" when not known
    Shared<TlsSeen> tls;
    Shared<TunnelSeen> tunnel;  ///< it was seen inside one, or is an opaque one

    bool operator==(const Sighting&) const = default;
};

}  // namespace nspect
