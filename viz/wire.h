// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace nspect::viz {

/// A line of a picture that is no traffic: what is joined to what.
struct Wire {
    enum class Kind : std::uint8_t {
        pair,  ///< both ends of a veth or netkit
        port,  ///< from a port to its bridge or bond
        upon,  ///< from a VLAN, macvlan or tunnel to the device below it
    };
    std::size_t from = 0;  ///< index into Graph::nodes
    std::size_t to = 0;
    Kind kind = Kind::pair;

    bool operator==(const Wire&) const = default;
};

}  // namespace nspect::viz
