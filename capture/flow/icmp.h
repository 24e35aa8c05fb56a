// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "capture/decode/packet.h"

namespace nspect::capture {

/// What an ICMP message is to the flow table.
enum class IcmpKind : std::uint8_t {
    request,           ///< echo, timestamp: expects an answer
    reply,             ///< answers one
    error,             ///< quotes the packet that caused it
    neighbor,          ///< IPv6 neighbour and router discovery: what ARP is to IPv4
    group_membership,  ///< multicast listener reports
    other,
};
IcmpKind icmp_kind(Protocol protocol, std::uint8_t type);

/// The request's type for a request or its reply, else the type itself.
std::uint8_t icmp_request_type(Protocol protocol, std::uint8_t type);

/// What an ICMP error says about the packet it quotes.
enum class Refusal : std::uint8_t { none, refused, rejected };
/// Port unreachable refuses; administratively prohibited and every other unreachable reject. Path
/// MTU and time exceeded say nothing of the kind.
Refusal icmp_refusal(Protocol protocol, std::uint8_t type, std::uint8_t code);

}  // namespace nspect::capture
