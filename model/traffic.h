// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/interval_set.h"

namespace nspect {

/// A transport port. 0 is a value on the wire but never one in a policy.
struct Port {
    std::uint16_t number = 0;
    auto operator<=>(const Port&) const = default;
    bool operator==(const Port&) const = default;
};
std::optional<Port> successor(Port port);
std::optional<Port> predecessor(Port port);

using PortRange = Interval<Port>;
using PortSet = IntervalSet<Port>;

inline constexpr PortRange all_ports{Port{1}, Port{65535}};

/// "80,443,8000-8999"; "" for the empty set.
std::string to_string(const PortSet& ports);
/// "80", "8000-8999", "80,443".
std::optional<PortSet> parse_port_set(std::string_view text);

/// What runs on top of IP, as far as policies and flows tell apart. `other` is every remaining
/// protocol number.
enum class Protocol : std::uint8_t { tcp, udp, sctp, icmp, icmp6, other };

/// "TCP", "UDP", "SCTP", "ICMP", "ICMPv6", "OTHER".
std::string_view to_string(Protocol protocol);
/// Any case; "ICMP6" too.
std::optional<Protocol> parse_protocol(std::string_view text);
/// Whether ports mean something for it: TCP, UDP, SCTP.
bool has_ports(Protocol protocol);

/// One point that a verdict is about: a protocol and, for TCP, UDP and SCTP, a destination port;
/// for ICMP and ICMPv6 the type stands in `port`.
struct TrafficPoint {
    Protocol protocol = Protocol::tcp;
    Port port;
    auto operator<=>(const TrafficPoint&) const = default;
    bool operator==(const TrafficPoint&) const = default;
};

/// "TCP 5432", "ICMP 8", "OTHER".
std::string to_string(const TrafficPoint& point);

/// A set of traffic: per port protocol its ports, per ICMP version its types, and the rest of IP as
/// a whole. Equal sets compare equal and print alike.
struct TrafficSet {
    PortSet tcp;
    PortSet udp;
    PortSet sctp;
    PortSet icmp;   ///< types 0-255
    PortSet icmp6;  ///< types 0-255
    bool other = false;

    static TrafficSet all();
    static TrafficSet of(Protocol protocol);  ///< all of one protocol
    static TrafficSet of(Protocol protocol, PortRange ports);

    bool empty() const noexcept;
    bool contains(const TrafficPoint& point) const;
    bool contains(const TrafficSet& other_set) const;

    /// The set of one protocol. REQUIRES: protocol != other.
    PortSet& ports(Protocol protocol);
    const PortSet& ports(Protocol protocol) const;

    TrafficSet operator|(const TrafficSet& right) const;
    TrafficSet operator&(const TrafficSet& right) const;
    TrafficSet operator-(const TrafficSet& right) const;

    auto operator<=>(const TrafficSet&) const = default;
    bool operator==(const TrafficSet&) const = default;
};

/// The CONN text of the machine formats: TCP, UDP and SCTP only, "All Connections" when all three
/// are whole, "No Connections" when none has a port, else "SCTP 1-65535,TCP 80,443,UDP 53".
std::string to_conn(const TrafficSet& traffic);
/// Reads CONN text back; ICMP and the rest are included only by "All Connections".
std::optional<TrafficSet> parse_conn(std::string_view text);
/// As to_conn, with ICMP types and "other" where they are not implied.
std::string to_string(const TrafficSet& traffic);

}  // namespace nspect
