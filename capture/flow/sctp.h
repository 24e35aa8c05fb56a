// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "capture/flow/flow.h"

namespace nspect::capture {

/// Chunk types that make and end associations (RFC 9260 §3.2).
namespace sctp_chunk {
inline constexpr std::uint8_t init = 1, init_ack = 2, abort = 6, shutdown_complete = 14;
}

/// Whether the packet opens another association with the flow's ports: an INIT with another tag.
bool sctp_starts_new(const Flow& flow, const DecodedPacket& packet, Direction direction) noexcept;

/// Takes one packet, the first one too. An ABORT that answers an INIT refuses; any other answer
/// establishes.
void sctp_count(Flow& flow, const DecodedPacket& packet, Direction direction) noexcept;

}  // namespace nspect::capture
