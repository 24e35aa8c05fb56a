// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/flow.h"

#include <utility>

namespace nspect::capture {
namespace {

Protocol protocol_of(std::uint8_t ip_protocol) {
    switch (ip_protocol) {
        case 1:
            return Protocol::icmp;
        case 6:
            return Protocol::tcp;
        case 17:
            return Protocol::udp;
        case 58:
            return Protocol::icmp6;
        case 132:
            return Protocol::sctp;
        default:
            return Protocol::other;
    }
}

void set_sockets(const Flow& flow, Sighting& seen) {
    seen.client = flow.key.socket(flow.client_is_lower);
    seen.server = flow.key.socket(!flow.client_is_lower);
    if (seen.protocol != Protocol::icmp && seen.protocol != Protocol::icmp6) return;
    seen.client.port = Port{static_cast<std::uint16_t>(flow.key.words[4] >> 16U)};
    seen.server.port = Port{static_cast<std::uint16_t>(flow.key.words[4])};
}

void swap_bits(std::uint8_t& bits) {
    bits = static_cast<std::uint8_t>((bits & 1U) << 1U | (bits & 2U) >> 1U);
}

}  // namespace

void turn(Flow& flow) {
    flow.client_is_lower = !flow.client_is_lower;
    flow.turned = !flow.turned;
    flow.began_with_answer = !flow.began_with_answer;
    const auto swap = [](auto& pair) { std::swap(pair[0], pair[1]); };
    swap(flow.counters);
    swap(flow.isn);
    swap(flow.next_seq);
    swap(flow.acked);
    swap(flow.gap_from);
    swap(flow.gap_to);
    swap(flow.gap_at);
    swap(flow.mss);
    swap(flow.largest);
    swap(flow.search.looked);
    swap(flow.search.may_client);
    swap(flow.search.may_server);
    for (auto* bits :
         {&flow.syn_seen, &flow.fin_seen, &flow.seq_known, &flow.ack_known, &flow.window_closed}) {
        swap_bits(*bits);
    }
}

Outcome outcome_of(const Flow& flow) {
    if (flow.established) return Outcome::established;
    if (!flow.start_seen) return Outcome::mid_stream;
    if (flow.refusal == Refusal::refused) return Outcome::refused;
    if (flow.refusal == Refusal::rejected) return Outcome::rejected;
    return flow.expects_answer ? Outcome::unanswered : Outcome::one_way;
}

IdleClass idle_class_of(const Flow& flow) {
    const std::uint8_t protocol = flow.key.ip_protocol();
    const bool connection = protocol == 6 || protocol == 132;
    if (!connection) return IdleClass::datagram;
    if (flow.closed) return IdleClass::closed;
    return flow.established || !flow.start_seen ? IdleClass::open : IdleClass::opening;
}

Sighting sighting_of(const Flow& flow) {
    Sighting seen;
    seen.id = flow.id;
    seen.vantage = flow.key.vantage();
    seen.vlan = flow.key.vlans().inner;
    seen.outer_vlan = flow.key.vlans().outer;
    seen.ip_protocol = flow.key.ip_protocol();
    seen.protocol = protocol_of(seen.ip_protocol);
    set_sockets(flow, seen);
    seen.direction = flow.evidence;
    seen.first = flow.first;
    seen.last = flow.last;
    seen.sent = flow.counters[0];
    seen.received = flow.counters[1];
    seen.outcome = outcome_of(flow);
    seen.retransmits = flow.retransmits;
    if (seen.protocol == Protocol::tcp) {
        if (has(flow.syn_seen, Direction::sent)) seen.client_isn = flow.isn[0];
        if (has(flow.syn_seen, Direction::received)) seen.server_isn = flow.isn[1];
    }
    seen.fingerprint = flow.fingerprint;
    seen.handshake_time = flow.handshake_time;
    seen.think_time = flow.think_time;
    seen.reordered = flow.reordered;
    seen.zero_windows = flow.zero_windows;
    seen.client_mss = flow.mss[0];
    seen.server_mss = flow.mss[1];
    seen.path_mtu = flow.path_mtu;
    seen.largest_sent = flow.largest[0];
    seen.largest_received = flow.largest[1];
    seen.icmp_errors = flow.icmp_errors;
    seen.finished = flow.closed || flow.gone;
    // Who answers under that address is one.
    seen.broadcast = flow.link_broadcast && flow.counters[1].packets == 0;
    seen.app = to_string(flow.search.app);
    const TunnelKind opaque = opaque_tunnel(flow.search.app);
    if (opaque != TunnelKind::none) {
        seen.tunnel =
            TunnelSeen{.kind = opaque, .client = seen.client.ip, .server = seen.server.ip};
    }
    return seen;
}

}  // namespace nspect::capture
