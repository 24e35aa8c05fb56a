// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>

#include "model/ip.h"
#include "model/sighting.h"
#include "model/time.h"
#include "model/traffic.h"

namespace nspect {

/// A socket that waits for others: a TCP listener, a UDP socket that is not connected.
struct ListeningSocket {
    Protocol protocol = Protocol::tcp;
    IpAddress address;
    Port port;

    auto operator<=>(const ListeningSocket&) const = default;
    bool operator==(const ListeningSocket&) const = default;
};

/// Which of the containers that share a network namespace had a socket, and when: what tells their
/// conversations apart.
struct SocketOwner {
    std::uint32_t target = 0;   ///< TargetInfo::id of the container
    std::uint32_t network = 0;  ///< that of the namespace: the host, or the container it began with
    Protocol protocol = Protocol::tcp;
    Socket local;            ///< its address is unspecified (of either family) where it takes any
    Timestamp from{};        ///< at the earliest
    Timestamp to = forever;  ///< when it was seen last, if it is gone

    bool operator==(const SocketOwner&) const = default;
};

}  // namespace nspect
