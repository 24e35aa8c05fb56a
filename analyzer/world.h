// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/expectation.h"
#include "model/inventory.h"
#include "model/policy.h"

namespace nspect::analyzer {

/// How address blocks are held against pod addresses, which Kubernetes leaves to the network
/// plugin. where_known: a block matches a pod whose address is known to be in it. never: no block
/// of any policy does, not even where the API asks for it.
enum class IpBlockPods : std::uint8_t { where_known, never };

struct EngineOptions {
    IpBlockPods ip_block_pods = IpBlockPods::where_known;
    /// Whether the line above is known to be so: verdicts then do not depend on it.
    bool ip_block_pods_settled = false;
    /// Whether NetworkPolicy takes pods on the host network for pods, subjects and peers; judged as
    /// if it did where it is not known.
    std::optional<bool> host_network_pods = std::nullopt;
    /// Whether egress policy sees the pod behind a Service, not the Service's address; judged as if
    /// it did where it is not known.
    std::optional<bool> after_translation = std::nullopt;
};

/// What the declared side is judged on.
struct World {
    Inventory inventory;
    std::vector<Policy> policies;
    EngineOptions options;
    /// Addresses that DNS was seen to give, by name in lower case.
    std::map<std::string, IpSet> domains = {};
    Expectations expectations = {};  ///< how traffic must be protected
};

}  // namespace nspect::analyzer
