// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/recording.h"
#include "model/shared.h"
#include "model/sighting.h"

namespace nspect {

/// One end of a conversation, with who it was at the time.
struct Party {
    Socket socket;  ///< the end's own address, translation undone where it was seen
    std::optional<std::size_t> endpoint;  ///< index into the Inventory it was resolved against
    std::optional<std::size_t> node;      ///< a node's own address
    /// TargetInfo::id of the container that had the socket, where several share the address.
    std::optional<std::uint32_t> owner;
    std::string name;  ///< by DNS: what the client had asked for; may be empty
};

/// Where a conversation was seen, nearest to the client first.
struct VantagePoint {
    std::uint32_t vantage = 0;  ///< Vantage::id
    enum class Role : std::uint8_t { client, server, between } role = Role::between;
    Counters sent;
    Counters received;
    std::uint16_t vlan = 0;          ///< as in Sighting
    std::uint16_t outer_vlan = 0;    ///< as in Sighting
    Shared<TunnelSeen> tunnel;       ///< it was inside one there, or is an opaque one
    std::uint16_t largest_sent = 0;  ///< as in Sighting
    std::uint16_t largest_received = 0;
};

/// The same flow stitched over all vantages. `bytes` and `packets` are those of the client's
/// vantage, or of the nearest one to it.
struct Conversation {
    Protocol protocol = Protocol::tcp;
    std::uint8_t ip_protocol = 6;
    Party client;
    Party server;
    std::optional<Socket> dialled;  ///< what the client addressed, where that is not server.socket
    std::optional<Socket> translated;    ///< what stood for the client when it arrived (masquerade)
    std::optional<std::size_t> service;  ///< index of the Service dialled
    bool broadcast = false;              ///< to a network's broadcast address: the server is nobody
    Timestamp first{};
    Timestamp last{};
    Counters sent;
    Counters received;
    Outcome outcome = Outcome::mid_stream;
    DirectionEvidence direction = DirectionEvidence::handshake;
    std::uint32_t retransmits = 0;
    std::uint32_t reordered = 0;
    std::uint32_t zero_windows = 0;
    Duration handshake_time{};
    Duration think_time{};         ///< as the vantage nearest to the server saw it
    std::uint16_t client_mss = 0;  ///< as in Sighting, as the following ones
    std::uint16_t server_mss = 0;
    std::uint16_t path_mtu = 0;
    std::uint16_t icmp_errors = 0;
    std::string app;
    Shared<TlsSeen> tls;
    std::vector<VantagePoint> vantages;
    /// The two vantages between which packets vanished: seen at the first, never at the second.
    std::optional<std::pair<std::uint32_t, std::uint32_t>> lost_between;
};

}  // namespace nspect
