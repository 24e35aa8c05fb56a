// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/sighting.h"

namespace nspect::store {

/// A sighting's values in the one order in which they are written and read
/// (docs/recording-format.md); recordings of earlier versions lack those of later ones.
struct SightingColumns {
    static constexpr const char* of_1 =
        "id, first_ns, last_ns, vantage, protocol, ip_protocol, client_ip, client_port, server_ip, "
        "server_port, direction, outcome, finished, sent_packets, sent_bytes, received_packets, "
        "received_bytes, retransmits, client_isn, server_isn, fingerprint, handshake_ns, app, tls";
    static constexpr const char* of_3 = ", largest_sent, largest_received";
    static constexpr const char* of_5 = ", broadcast";
    static constexpr const char* of_2 =
        ", think_ns, reordered, zero_windows, client_mss, server_mss, path_mtu, icmp_errors";
    static constexpr const char* of_6 = ", vlan, outer_vlan";
    static constexpr const char* tunnel_of_2 =
        ", tunnel, tunnel_depth, tunnel_number, tunnel_client, tunnel_server";

    bool has_2 = true;
    bool has_3 = true;
    bool has_5 = true;
    bool has_6 = true;

    std::string names() const {
        return std::string(of_1) + (has_3 ? of_3 : "") + (has_5 ? of_5 : "") + (has_2 ? of_2 : "") +
               (has_6 ? of_6 : "") + (has_2 ? tunnel_of_2 : "");
    }
};

template <class Row>
void take_sighting_of_2(Row& row, Sighting& sighting) {
    sighting.think_time = row.duration();
    sighting.reordered = row.template number<std::uint32_t>();
    sighting.zero_windows = row.template number<std::uint32_t>();
    sighting.client_mss = row.template number<std::uint16_t>();
    sighting.server_mss = row.template number<std::uint16_t>();
    sighting.path_mtu = row.template number<std::uint16_t>();
    sighting.icmp_errors = row.template number<std::uint16_t>();
}

template <class Row>
void take_tunnel_of_2(Row& row, Sighting& sighting) {
    TunnelSeen tunnel;
    tunnel.kind = row.one_up_to(last_tunnel_kind);
    if (tunnel.kind == TunnelKind::none) return;
    tunnel.depth = row.template number<std::uint8_t>();
    tunnel.id = row.template number<std::uint32_t>();
    tunnel.client = row.address();
    tunnel.server = row.address();
    sighting.tunnel = tunnel;
}

/// Reads them from `row`, a Values. What `row.ok()` denies is no sighting. Returns the row of table
/// tls.
template <class Row>
std::optional<std::int64_t> take_sighting(Row& row, const SightingColumns& has,
                                          Sighting& sighting) {
    sighting.id = row.template number<std::uint64_t>();
    sighting.first = row.time();
    sighting.last = row.time();
    sighting.vantage = row.template number<std::uint32_t>();
    sighting.protocol = row.one_up_to(Protocol::other);
    sighting.ip_protocol = row.template number<std::uint8_t>();
    sighting.client.ip = row.address();
    sighting.client.port = row.port();
    sighting.server.ip = row.address();
    sighting.server.port = row.port();
    sighting.direction = row.one_up_to(DirectionEvidence::port_numbers);
    sighting.outcome = row.one_up_to(Outcome::mid_stream);
    sighting.finished = row.boolean();
    sighting.sent.packets = row.template number<std::uint64_t>();
    sighting.sent.bytes = row.template number<std::uint64_t>();
    sighting.received.packets = row.template number<std::uint64_t>();
    sighting.received.bytes = row.template number<std::uint64_t>();
    sighting.retransmits = row.template number<std::uint32_t>();
    sighting.client_isn = row.template number_or_none<std::uint32_t>();
    sighting.server_isn = row.template number_or_none<std::uint32_t>();
    sighting.fingerprint = row.template number<std::uint64_t>();
    sighting.handshake_time = row.duration();
    sighting.app = row.text();
    const auto tls = row.template number_or_none<std::int64_t>();
    sighting.largest_sent = has.has_3 ? row.template number<std::uint16_t>() : 0;
    sighting.largest_received = has.has_3 ? row.template number<std::uint16_t>() : 0;
    sighting.broadcast = has.has_5 && row.boolean();
    if (has.has_2) take_sighting_of_2(row, sighting);
    sighting.vlan = has.has_6 ? row.template number<std::uint16_t>() : 0;
    sighting.outer_vlan = has.has_6 ? row.template number<std::uint16_t>() : 0;
    if (has.has_2) take_tunnel_of_2(row, sighting);
    return tls;
}

}  // namespace nspect::store
