// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "model/expectation.h"
#include "model/inventory.h"

namespace nspect::analyzer {

/// Ports of one workload, all of whose callers are mutual.
struct ReadyPorts {
    const Endpoint* server = nullptr;
    std::string mesh;       ///< "Istio", "Linkerd", "Consul"
    std::set<Port> ready;   ///< what to make STRICT
    std::set<Port> others;  ///< seen, and not ready
};

/// What would make a port STRICT, in its mesh's own words: one document on one line, YAML all the
/// same, and words of warning. Of Istio one document is for all ready ports, and where the workload
/// has a PeerAuthentication it is that one changed, for of two only the older counts.
std::vector<std::string> strict_change(const Expectations& expectations, const Inventory& inventory,
                                       const ReadyPorts& ports, Port port);

}  // namespace nspect::analyzer
