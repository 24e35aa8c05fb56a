// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "capture/flow/app.h"
#include "capture/flow/flow_key.h"
#include "capture/flow/icmp.h"
#include "model/sighting.h"

namespace nspect::capture {

/// What a flow waits in: each has its own idle time-out.
enum class IdleClass : std::uint8_t { opening, open, closed, datagram };
inline constexpr std::size_t idle_class_count = 4;

/// Of a packet, seen from its flow: also the index of what is kept per direction.
enum class Direction : std::uint8_t { sent, received };
constexpr std::size_t index(Direction d) {
    return static_cast<std::size_t>(d);
}
constexpr Direction reverse(Direction d) {
    return d == Direction::sent ? Direction::received : Direction::sent;
}

inline constexpr std::uint32_t no_flow = 0xffffffff;

/// What the table keeps of a flow for its PayloadObserver: zero at first, the observer's own after
/// that. One of each per direction.
struct ObserverNote {
    std::array<std::uint32_t, 2> words{};
    std::array<std::uint16_t, 2> halves{};
};

/// One flow in the table: everything that is kept of it, in one piece.
/// Sequence numbers are compared by their signed difference, so they may wrap.
struct Flow {
    FlowKey key;
    std::uint64_t id = 0;
    Timestamp first{};
    Timestamp last{};
    std::array<Counters, 2> counters{};
    std::uint64_t fingerprint = 0;
    Duration handshake_time{};
    Timestamp asked{};  ///< the client's first byte
    Duration think_time{};

    std::array<std::uint32_t, 2> isn{};       ///< SCTP: [0] is the initiate tag of the INIT
    std::array<std::uint32_t, 2> next_seq{};  ///< after the highest byte seen
    std::array<std::uint32_t, 2> acked{};     ///< of what this direction sent, by the other
    std::array<std::uint32_t, 2> gap_from{};  ///< bytes not seen yet, before next_seq
    std::array<std::uint32_t, 2> gap_to{};
    std::array<std::uint32_t, 2> gap_at{};  ///< in milliseconds after `first`
    std::uint32_t retransmits = 0;
    std::uint32_t reordered = 0;
    std::uint32_t zero_windows = 0;
    std::uint32_t tunnel = 0;  ///< its number in the TunnelBook, with the id of its first packet
    std::array<std::uint16_t, 2> mss{};
    std::array<std::uint16_t, 2> largest{};  ///< IP payload bytes; 0xffff: that or more
    std::uint16_t path_mtu = 0;
    std::uint16_t icmp_errors = 0;

    AppSearch search;
    std::uint32_t older = no_flow;  ///< neighbours in the list of the idle class
    std::uint32_t newer = no_flow;
    std::uint32_t tick = 0;  ///< when it was last moved in that list

    ObserverNote note;
    std::uint8_t syn_seen = 0;  ///< bit per direction, as the following ones
    std::uint8_t fin_seen = 0;
    std::uint8_t seq_known = 0;
    std::uint8_t ack_known = 0;
    std::uint8_t window_closed = 0;  ///< advertised by that direction

    IdleClass idle_class : 2 = IdleClass::datagram;
    Refusal refusal : 2 = Refusal::none;
    DirectionEvidence evidence : 2 = DirectionEvidence::first_packet;
    bool client_is_lower : 1 = true;
    bool began_with_answer : 1 = false;  ///< the first packet's direction was `received`
    bool turned : 1 = false;             ///< since it began, an odd number of times
    bool began_with_syn : 1 = false;
    bool start_seen : 1 = false;
    bool established : 1 = false;
    bool expects_answer : 1 = false;
    bool closed : 1 = false;
    bool changed : 1 = false;            ///< since it was last given out
    bool listed : 1 = false;             ///< the slot is in the table's list of changed ones
    bool reported_finished : 1 = false;  ///< as it stands, the last report was the final one
    bool gone : 1 = false;               ///< out of the index, waits to be given out
    bool watched : 1 = false;            ///< an observer still wants its payload
    bool back_elsewhere : 1 = false;     ///< the other direction of the first is tagged otherwise
    bool link_broadcast : 1 = false;     ///< all that was sent so far went to the whole link
};

/// The entry, its slot in the index at the lowest load, and its place in the list of changed flows.
inline constexpr std::size_t bytes_per_flow = sizeof(Flow) + 3 * 8 + 8;
static_assert(bytes_per_flow <= 300);

constexpr bool has(std::uint8_t bits, Direction d) {
    return ((bits >> index(d)) & 1U) != 0;
}
constexpr void set(std::uint8_t& bits, Direction d) {
    bits = static_cast<std::uint8_t>(bits | (1U << index(d)));
}
constexpr void clear(std::uint8_t& bits, Direction d) {
    bits = static_cast<std::uint8_t>(bits & ~(1U << index(d)));
}

/// That of the flow's first packet.
constexpr Direction first_direction(const Flow& flow) {
    return flow.began_with_answer ? Direction::received : Direction::sent;
}
/// Takes the other end for the client.
void turn(Flow& flow);
Outcome outcome_of(const Flow& flow);
/// Where it should wait from now on; `flow.idle_class` is where it waits.
IdleClass idle_class_of(const Flow& flow);
/// As it stands now.
Sighting sighting_of(const Flow& flow);

}  // namespace nspect::capture
