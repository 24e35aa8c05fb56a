// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/connectivity.h"

namespace nspect::analyzer {

/// One row label of declared connectivity: a workload with all its endpoints, or one pod.
struct Unit {
    std::string name;
    std::vector<std::size_t> endpoints;
    std::vector<std::uint32_t> classes;  ///< of the endpoints, sorted, each once
};

/// All units of a level, sorted by name.
std::vector<Unit> units_of(const PolicyEngine& engine, Level level);

/// The part of it that Scope::connections tells.
TrafficSet connections_of(const TrafficSet& traffic);

/// Whether IPv6 is in use: some policy, endpoint or node names an IPv6 address. Where it is not,
/// ranges of it would only repeat what is said of IPv4.
bool mentions_ipv6(const World& world);

}  // namespace nspect::analyzer
