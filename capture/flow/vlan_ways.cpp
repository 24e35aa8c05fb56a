// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/vlan_ways.h"

#include <algorithm>

#include "capture/flow/sctp.h"
#include "capture/flow/tcp.h"

namespace nspect::capture {
namespace {

constexpr std::uint8_t tcp = 6;

constexpr std::int32_t in_flight = 1 << 20;

/// It acknowledges, or is an ICMP error about, what the other side said. A SYN answers nothing.
bool tcp_answers(const Flow& flow, const DecodedPacket& packet, Direction other) {
    const bool ack = (packet.tcp_flags & tcp_flag::ack) != 0;
    if (!packet.quoted.present && !ack) return false;
    const auto number = packet.quoted.present ? packet.quoted.tcp_seq : packet.tcp_ack;
    return tcp_said_of_late(flow, other, number, in_flight);
}

/// What goes to the client bears the tag of its INIT.
bool sctp_answers(const Flow& flow, const DecodedPacket& packet, Direction other) {
    if (packet.sctp_chunk == sctp_chunk::init) return false;
    const bool tag_known = other == Direction::sent && has(flow.syn_seen, Direction::sent);
    return !tag_known || packet.sctp_tag == flow.isn[0];
}

}  // namespace

std::uint64_t VlanWays::hash_of_ends(FlowKey key) const noexcept {
    key.set_vlans({});
    key.set_network(0);
    return hash(key, seed_);
}

void VlanWays::remember(const FlowKey& key) {
    if (!key.vlans().tagged()) return;  // untagged is tried in any case
    if (recent_.empty()) recent_.resize(places);
    const std::uint64_t ends = hash_of_ends(key);
    recent_[ends % places] = {static_cast<std::uint32_t>(ends >> 32U), true, key.vlans()};
}

void VlanWays::learn(VlanStack vlans, const FlowKey& flow) {
    remember(flow);
    const VlanStack own = flow.vlans();
    for (const Pair& pair : {Pair{own, vlans}, Pair{vlans, own}}) {
        auto at = std::find(pairs_.begin(), pairs_.end(), pair);
        if (at == pairs_.end()) {
            if (pairs_.size() >= most_pairs) pairs_.pop_back();
            at = pairs_.insert(pairs_.end(), pair);
        }
        std::rotate(pairs_.begin(), at, at + 1);
    }
}

std::span<const VlanStack> VlanWays::others(const FlowKey& key, Candidates& room) const {
    const VlanStack own = key.vlans();
    std::size_t count = 0;
    const auto add = [&](VlanStack stack) {
        const auto end = room.begin() + static_cast<std::ptrdiff_t>(count);
        const bool known = stack == own || std::find(room.begin(), end, stack) != end;
        if (!known && count < room.size()) room[count++] = stack;
    };
    if (!recent_.empty()) {
        const std::uint64_t ends = hash_of_ends(key);
        const Recent& recent = recent_[ends % places];
        const bool same = recent.used && recent.tag == static_cast<std::uint32_t>(ends >> 32U);
        if (same) add(recent.vlans);
    }
    if (own.tagged()) add({});
    for (const Pair& pair : pairs_) {
        if (pair.one == own) add(pair.other);
    }
    return std::span(room).first(count);
}

bool answers_across_vlans(const Flow& flow, const DecodedPacket& packet, Direction direction) {
    const Direction first = first_direction(flow);
    if (direction == first) return false;
    if (flow.back_elsewhere) return true;
    if (flow.counters[index(direction)].packets > 0) return false;
    if (flow.key.ip_protocol() == tcp) return tcp_answers(flow, packet, first);
    if (packet.protocol == Protocol::sctp) return sctp_answers(flow, packet, first);
    return true;
}

}  // namespace nspect::capture
