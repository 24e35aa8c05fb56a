// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "capture/decode/packet.h"
#include "model/sighting.h"

namespace nspect::capture {

/// Which end of a new flow is the client, and from what that was told.
struct ClientGuess {
    bool is_source = true;
    DirectionEvidence evidence = DirectionEvidence::first_packet;
};

/// By the first packet seen. A handshake says it, a request or an answer known by its content too.
/// Of a TCP or SCTP stream already under way the first packet says little, so ports of different
/// kinds (system, registered, ephemeral; RFC 6335 §6) come before it there. A datagram is taken to
/// begin its flow.
ClientGuess client_by_first_packet(const DecodedPacket& packet);

/// Names the flow at every vantage alike: over the start of the payload, not over what routers and
/// NAT change. 0 without payload. SCTP: over the initiate tag.
std::uint64_t payload_fingerprint(const DecodedPacket& packet);

/// Unicast DNS by port and by a header that makes sense; `answer` tells the two apart.
struct DnsLook {
    bool is_dns = false;
    bool answer = false;
};
DnsLook look_for_dns(const DecodedPacket& packet);

}  // namespace nspect::capture
