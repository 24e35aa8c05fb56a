// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/tcp.h"

#include <algorithm>
#include <chrono>

namespace nspect::capture {
namespace {

constexpr auto sent = Direction::sent;
constexpr auto received = Direction::received;

/// How far `a` is after `b` on the circle of sequence numbers.
std::int32_t distance(std::uint32_t a, std::uint32_t b) noexcept {
    return static_cast<std::int32_t>(a - b);
}

struct Segment {
    bool syn, ack, fin, rst;
    std::uint32_t seq, ack_seq;
    std::uint32_t length;  ///< in sequence numbers: SYN and FIN take one each

    explicit Segment(const DecodedPacket& p) noexcept
        : syn((p.tcp_flags & tcp_flag::syn) != 0),
          ack((p.tcp_flags & tcp_flag::ack) != 0),
          fin((p.tcp_flags & tcp_flag::fin) != 0),
          rst((p.tcp_flags & tcp_flag::rst) != 0),
          seq(p.tcp_seq),
          ack_seq(p.tcp_ack),
          length(p.payload_bytes + (syn ? 1U : 0U) + (fin ? 1U : 0U)) {}
    std::uint32_t end() const noexcept { return seq + length; }
};

bool opening(const Flow& flow) noexcept {
    return flow.start_seen && !flow.established && !flow.closed;
}

/// Whether `ack` acknowledges the SYN of `side` and nothing that was never sent.
bool acknowledges_syn(const Flow& flow, Direction side, std::uint32_t ack) noexcept {
    const auto i = index(side);
    if (!has(flow.syn_seen, side) || distance(ack, flow.isn[i]) <= 0) return false;
    return !has(flow.seq_known, side) || distance(ack, flow.next_seq[i]) <= 0;
}

bool syn_starts_new(const Flow& flow, const Segment& s, Direction d) noexcept {
    if (has(flow.syn_seen, d)) return s.seq != flow.isn[index(d)];
    const bool simultaneous = d == received && opening(flow) && has(flow.syn_seen, sent);
    return !simultaneous;
}

bool syn_ack_starts_new(const Flow& flow, const Segment& s, Direction d) noexcept {
    if (has(flow.syn_seen, d) && s.seq == flow.isn[index(d)]) return false;
    const bool answers = d == received && acknowledges_syn(flow, sent, s.ack_seq);
    if (answers && !flow.established) return false;
    if (answers && !has(flow.syn_seen, received)) return false;  // it overtook the client's ACK
    return !opening(flow);
}

void take_syn(Flow& flow, const Segment& s, Direction d) noexcept {
    flow.start_seen = true;
    flow.expects_answer = true;
    flow.closed = false;  // the same SYN once more: the client tries again after a reset
    if (has(flow.syn_seen, d)) return;
    set(flow.syn_seen, d);
    flow.isn[index(d)] = s.seq;
}

void take_syn_ack(Flow& flow, const Segment& s, Direction d) noexcept {
    if (d == sent) return;  // simultaneous open: the SYN is known, the ACK counts as any other
    if (!has(flow.syn_seen, sent)) {
        // Its SYN was not captured, but this names its number.
        set(flow.syn_seen, sent);
        flow.isn[index(sent)] = s.ack_seq - 1;
        flow.start_seen = true;
        flow.expects_answer = true;
    } else if (!acknowledges_syn(flow, sent, s.ack_seq)) {
        return;  // an answer to an older SYN
    }
    if (!flow.established) flow.closed = false;
    if (has(flow.syn_seen, received) && flow.isn[index(received)] != s.seq) {
        clear(flow.seq_known, received);  // SYN cookies may change their mind until the ACK
    }
    set(flow.syn_seen, received);
    flow.isn[index(received)] = s.seq;
}

void take_ack(Flow& flow, const Segment& s, Direction d) noexcept {
    const Direction other = reverse(d);
    const auto i = index(other);
    if (has(flow.ack_known, other) && distance(s.ack_seq, flow.acked[i]) <= 0) return;
    set(flow.ack_known, other);
    flow.acked[i] = s.ack_seq;
}

bool both_acknowledged(const Flow& flow) noexcept {
    for (const Direction d : {sent, received}) {
        const auto i = index(d);
        if (!has(flow.syn_seen, d) || !has(flow.ack_known, d)) return false;
        if (distance(flow.acked[i], flow.isn[i]) <= 0) return false;
    }
    return true;
}

/// Whether one side goes on as it does only once the handshake is behind it.
bool went_on(const Flow& flow, const Segment& s, Direction d) noexcept {
    constexpr std::int32_t plausible = 1 << 24;
    if (s.syn || s.rst || !s.ack || !has(flow.syn_seen, d)) return false;
    const std::int32_t after_syn = distance(s.seq, flow.isn[index(d)]);
    if (after_syn <= 0 || after_syn > plausible) return false;
    return d == sent ? !has(flow.syn_seen, received) : s.length > 0;
}

void take_handshake(Flow& flow, const Segment& s, Direction d, Timestamp now) noexcept {
    if (flow.established || !flow.start_seen || s.rst) return;
    const bool went = went_on(flow, s, d);
    if (!went && !both_acknowledged(flow)) return;
    flow.established = true;
    const bool first_ack = d == sent && s.seq == flow.isn[index(sent)] + 1;
    if (flow.began_with_syn && first_ack) flow.handshake_time = now - flow.first;
}

/// Sent to hear whether the other side is still there, or has room again: nothing was lost.
bool is_probe(const Flow& flow, const Segment& s, Direction d) noexcept {
    if (s.syn || s.fin || s.length > 1) return false;
    if (has(flow.window_closed, reverse(d))) return true;
    const auto i = index(d);
    const bool repeats_last = s.seq == flow.next_seq[i] - 1;
    return repeats_last && (!has(flow.ack_known, d) || flow.acked[i] == flow.next_seq[i]);
}

std::uint32_t milliseconds_since_first(const Flow& flow, Timestamp now) noexcept {
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now - flow.first);
    return static_cast<std::uint32_t>(since.count());
}

/// Bytes are missing that a later segment has overtaken, or that were lost before this vantage.
void open_gap(Flow& flow, const Segment& s, Direction d, Timestamp now) noexcept {
    const auto i = index(d);
    flow.gap_from[i] = flow.next_seq[i];
    flow.gap_to[i] = s.seq;
    flow.gap_at[i] = milliseconds_since_first(flow, now);
}

/// Whether the segment brings bytes of the gap, which no one saw before.
bool fills_gap(Flow& flow, const Segment& s, Direction d) noexcept {
    const auto i = index(d);
    if (flow.gap_from[i] == flow.gap_to[i]) return false;
    const bool inside =
        distance(s.seq, flow.gap_from[i]) >= 0 && distance(s.seq, flow.gap_to[i]) < 0;
    if (!inside) return false;
    if (s.seq != flow.gap_from[i]) {
        flow.gap_to[i] = s.seq;
    } else if (distance(s.end(), flow.gap_to[i]) >= 0) {
        flow.gap_from[i] = flow.gap_to[i];
    } else {
        flow.gap_from[i] = s.end();
    }
    return true;
}

/// Overtaken on the way, or sent once more: what was lost comes again a round trip later.
void take_behind(Flow& flow, const Segment& s, Direction d, Timestamp now) noexcept {
    const bool fills = fills_gap(flow, s, d);
    const auto waited = milliseconds_since_first(flow, now) - flow.gap_at[index(d)];
    const auto trip =
        std::chrono::duration_cast<std::chrono::milliseconds>(flow.handshake_time).count();
    const bool soon = waited <= static_cast<std::uint32_t>(std::max<std::int64_t>(3, trip));
    ++(fills && soon ? flow.reordered : flow.retransmits);
}

void take_sequence(Flow& flow, const Segment& s, Direction d, Timestamp now) noexcept {
    constexpr std::int32_t far_behind =
        -(1 << 26);  // no window reaches back so far: another stream
    if (s.rst) return;
    const auto i = index(d);
    const std::int32_t ahead = distance(s.end(), flow.next_seq[i]);
    if (!has(flow.seq_known, d) || ahead < far_behind) {
        set(flow.seq_known, d);
        flow.next_seq[i] = s.end();
        return;
    }
    const std::int32_t begins = distance(s.seq, flow.next_seq[i]);
    if (s.length > 0 && begins < 0 && !is_probe(flow, s, d)) take_behind(flow, s, d, now);
    if (ahead <= 0) return;
    if (begins > 0) open_gap(flow, s, d, now);
    flow.next_seq[i] = s.end();
}

void take_reset(Flow& flow, const Segment& s, Direction d) noexcept {
    if (!opening(flow)) {
        flow.closed = true;
        return;
    }
    const bool answered = has(flow.syn_seen, received);
    if (d == received) {
        if (!answered && !(s.ack && acknowledges_syn(flow, sent, s.ack_seq))) return;
        flow.refusal = Refusal::refused;
    } else if (answered && distance(s.seq, flow.isn[index(sent)]) == 1) {
        flow.established = true;
    }
    flow.closed = true;
}

/// New data after a reset, and no end from both sides: no one took the reset for one (RFC 5961 §3).
bool goes_on_after_reset(const Flow& flow, const Segment& s) noexcept {
    const bool ended = has(flow.fin_seen, sent) && has(flow.fin_seen, received);
    return flow.closed && flow.established && !ended && s.ack && !s.rst && !s.syn && s.length > 0;
}

}  // namespace

bool tcp_starts_new(const Flow& flow, const DecodedPacket& packet, Direction direction) noexcept {
    const Segment s(packet);
    if (!s.syn || s.rst) return false;
    return s.ack ? syn_ack_starts_new(flow, s, direction) : syn_starts_new(flow, s, direction);
}

void tcp_extend(Flow& flow, const DecodedPacket& whole, Direction direction) noexcept {
    const Segment s(whole);
    const auto i = index(direction);
    const bool goes_on = has(flow.seq_known, direction) && distance(s.seq, flow.next_seq[i]) <= 0 &&
                         distance(s.end(), flow.next_seq[i]) > 0;
    if (goes_on) flow.next_seq[i] = s.end();
}

void tcp_count(Flow& flow, const DecodedPacket& packet, Direction direction,
               Timestamp now) noexcept {
    const Segment s(packet);
    if (s.syn && !s.rst) {
        s.ack ? take_syn_ack(flow, s, direction) : take_syn(flow, s, direction);
    }
    if (s.syn && packet.tcp_setup.mss != 0) flow.mss[index(direction)] = packet.tcp_setup.mss;
    if (s.rst) take_reset(flow, s, direction);
    take_sequence(flow, s, direction, now);
    if (goes_on_after_reset(flow, s)) flow.closed = false;
    if (s.ack && !s.rst) take_ack(flow, s, direction);
    take_handshake(flow, s, direction, now);
    if (packet.tcp_window == 0 && !s.rst) {
        if (!s.syn && !s.fin && !has(flow.window_closed, direction)) ++flow.zero_windows;
        set(flow.window_closed, direction);
    } else {
        clear(flow.window_closed, direction);
    }
    if (s.fin) set(flow.fin_seen, direction);
    if (has(flow.fin_seen, sent) && has(flow.fin_seen, received)) flow.closed = true;
}

bool tcp_said_of_late(const Flow& flow, Direction side, std::uint32_t number,
                      std::int32_t window) noexcept {
    const std::int32_t behind = distance(flow.next_seq[index(side)], number);
    return has(flow.seq_known, side) && behind >= 0 && behind < window;
}

}  // namespace nspect::capture
