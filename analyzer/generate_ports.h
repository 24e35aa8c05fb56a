// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "model/inventory.h"
#include "model/policy.h"

namespace nspect::analyzer {

/// How a rule writes down ports: one, a range, or a name that stands for one.
struct PortUse {
    Protocol protocol = Protocol::tcp;
    Port first;
    Port last;
    std::string name;  ///< container port; empty: by number
    std::string why;   ///< for a range: what gives out such ports

    auto operator<=>(const PortUse&) const = default;
    bool operator==(const PortUse&) const = default;

    bool holds(const TrafficPoint& point) const {
        return point.protocol == protocol && first <= point.port && point.port <= last;
    }
};

/// The ports of `points` as the pods of `targets` have them. A name where each of the pods gives
/// the port the same one and no other port has it (if `names`); a range only where a service that
/// hands out ports (FTP, RPC) was talked to as well and at least three of its ports were.
std::vector<PortUse> port_uses(const std::vector<TrafficPoint>& points,
                               const std::set<std::size_t>& targets, const Inventory& inventory,
                               bool names);

PortMatch port_match(const PortUse& use);

}  // namespace nspect::analyzer
