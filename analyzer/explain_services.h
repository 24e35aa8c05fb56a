// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "analyzer/engine.h"

namespace nspect::analyzer {

/// A connection to a Service, as it arrives behind the translation: one per port and backend that
/// it may be given to.
struct ThroughService {
    std::size_t endpoint = 0;
    TrafficPoint dialled;  ///< at the Service's address
    TrafficPoint arrives;  ///< at the endpoint
};

/// All ways through the Service; with a point, only those of that Service port.
std::vector<ThroughService> through_service(const Inventory& inventory, std::size_t service,
                                            const std::optional<TrafficPoint>& point);

/// Whether egress of `from` would be judged otherwise by the Service's own address than by the pod
/// it is translated to, and the network plugin is not known to do either.
bool depends_on_translation(const PolicyEngine& engine, const Who& from, std::size_t service,
                            const ThroughService& way);

/// Whether ingress of the endpoint would be judged otherwise by the address of a node than by that
/// of `from`: a NodePort or load balancer in front of it may put the one in the place of the other.
bool depends_on_source(const PolicyEngine& engine, const Who& from, std::size_t endpoint,
                       const TrafficPoint& point);

}  // namespace nspect::analyzer
