// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/sctp.h"

namespace nspect::capture {
namespace {

void take_init(Flow& flow, const DecodedPacket& packet, Direction direction) noexcept {
    if (direction == Direction::received) return;  // both opened at once: the first INIT names it
    if (has(flow.syn_seen, direction)) {
        ++flow.retransmits;
        flow.closed = false;
        return;
    }
    set(flow.syn_seen, direction);
    flow.isn[0] = packet.sctp_init_tag;
    flow.start_seen = true;
    flow.expects_answer = true;
}

}  // namespace

bool sctp_starts_new(const Flow& flow, const DecodedPacket& packet, Direction direction) noexcept {
    if (packet.sctp_chunk != sctp_chunk::init) return false;
    if (has(flow.syn_seen, direction)) return packet.sctp_init_tag != flow.isn[0];
    const bool opening = flow.start_seen && !flow.established && !flow.closed;
    return !opening;
}

void sctp_count(Flow& flow, const DecodedPacket& packet, Direction direction) noexcept {
    const std::uint8_t chunk = packet.sctp_chunk;
    if (chunk == sctp_chunk::init) return take_init(flow, packet, direction);
    if (chunk == sctp_chunk::init_ack && !flow.start_seen) flow.start_seen = true;
    const bool answer = direction == Direction::received && flow.start_seen && !flow.established;
    if (answer && chunk == sctp_chunk::abort) flow.refusal = Refusal::refused;
    if (answer && chunk != sctp_chunk::abort) flow.established = true;
    if (chunk == sctp_chunk::abort || chunk == sctp_chunk::shutdown_complete) flow.closed = true;
}

}  // namespace nspect::capture
