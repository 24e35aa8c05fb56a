// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "model/inventory.h"
#include "model/policy.h"

namespace nspect::analyzer {

/// How address blocks are held against pod addresses, which Kubernetes leaves to the network
/// plugin. where_known: a block matches a pod whose address is known to be in it. never: no block
/// of any policy does, not even where the API asks for it.
enum class IpBlockPods : std::uint8_t { where_known, never };

struct EngineOptions {
    IpBlockPods ip_block_pods = IpBlockPods::where_known;
};

/// What the declared side is judged on.
struct World {
    Inventory inventory;
    std::vector<Policy> policies;
    EngineOptions options;
};

}  // namespace nspect::analyzer
