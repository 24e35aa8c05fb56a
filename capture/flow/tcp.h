// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "capture/flow/flow.h"

namespace nspect::capture {

/// Whether a packet with the flow's key opens another connection: a SYN or SYN-ACK whose initial
/// sequence number is not this connection's. A SYN from the other side of one just opening is a
/// simultaneous open (RFC 9293 §3.5) and belongs to it.
bool tcp_starts_new(const Flow& flow, const DecodedPacket& packet, Direction direction) noexcept;

/// Takes one segment, the first one too. `now` is the packet's time.
///
/// Established means that both SYNs were acknowledged, or that one side went on as it only does
/// after that: a handshake of which a part was not captured still counts, as does a client that
/// resets after the SYN-ACK has reached it. A RST refuses only when it acknowledges the SYN.
/// Segments below the highest sequence number seen are retransmits, unless they are keep-alives or
/// window probes.
void tcp_count(Flow& flow, const DecodedPacket& packet, Direction direction,
               Timestamp now) noexcept;

/// Of a segment that came in fragments: its first part was counted, this is all of it.
void tcp_extend(Flow& flow, const DecodedPacket& whole, Direction direction) noexcept;

/// Whether a number is that of the last byte seen of `side`, or less than `window` before it.
bool tcp_said_of_late(const Flow& flow, Direction side, std::uint32_t number,
                      std::int32_t window) noexcept;

}  // namespace nspect::capture
