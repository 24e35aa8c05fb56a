// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "analyzer/engine.h"
#include "analyzer/judge.h"

namespace nspect::analyzer {

/// Who comes in through an Ingress, a Route or the like: a pod nobody declared.
inline constexpr std::string_view ingress_controller = "{ingress-controller}";

/// One way an entrance leads to an endpoint.
struct WayIn {
    std::size_t entrance = 0;  ///< index into Inventory::entrances
    std::size_t service = 0;   ///< index into Inventory::services
    std::size_t endpoint = 0;  ///< index into Inventory::endpoints
    TrafficSet ports;  ///< where the Service's target port and a declared container port meet

    bool operator==(const WayIn&) const = default;
};

/// Every way in, by endpoint, entrance and service. Ways that lead to no declared port are kept,
/// with no ports: they explain why nothing gets through.
std::vector<WayIn> ways_in(const Inventory& inventory);

/// What policies see of the ingress controller: no labels, no known address, a namespace of its
/// own.
Facts ingress_controller_facts();

}  // namespace nspect::analyzer
