// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "model/ip.h"

namespace nspect::capture {

/// An interface, as RTM_NEWLINK or RTM_DELLINK tells.
struct LinkMessage {
    bool gone = false;
    std::uint32_t index = 0;
    std::string name;
    std::string kind;  ///< IFLA_INFO_KIND, else "loopback" or "physical"
    std::string mac;   ///< "02:42:ac:11:00:02", or ""
    bool up = false;
    /// IFLA_LINK: a veth's other end, a macvlan's lower device (of a VXLAN IFLA_VXLAN_LINK). An
    /// index in the namespace `link_nsid`, or in the link's own one when that is absent; by itself
    /// it says nothing.
    std::uint32_t link_index = 0;
    /// IFLA_LINK_NETNSID, as the namespace of the link numbers others.
    std::optional<std::int32_t> link_nsid;
    /// IFLA_MASTER: the bridge or bond it is a port of, in the link's own namespace; 0 without one.
    std::uint32_t master_index = 0;

    bool operator==(const LinkMessage&) const = default;
};

/// An address of an interface, as RTM_NEWADDR or RTM_DELADDR tells.
struct AddressMessage {
    bool gone = false;
    std::uint32_t link_index = 0;
    IpAddress address;
    unsigned prefix_length = 0;  ///< of the network it is in; 0: not told

    bool operator==(const AddressMessage&) const = default;
};

/// The number by which one namespace knows another, given or taken back.
struct NsidMessage {
    bool gone = false;
    std::int32_t nsid = -1;

    bool operator==(const NsidMessage&) const = default;
};

/// The end of an answer: errno, 0 for success.
struct AnswerEnd {
    int error = 0;

    bool operator==(const AnswerEnd&) const = default;
};

using NetlinkMessage = std::variant<LinkMessage, AddressMessage, NsidMessage, AnswerEnd>;

/// The messages of one datagram, in order. Those of other kinds, and those whose lengths do not
/// fit, are passed over. REQUIRES: bytes aligned to 4, as the kernel sends them.
std::vector<NetlinkMessage> parse_netlink(std::span<const std::byte> datagram);

/// Whether the kernel says that its table changed during the dump this datagram is a part of.
/// REQUIRES: as above.
bool dump_was_interrupted(std::span<const std::byte> datagram);

}  // namespace nspect::capture
