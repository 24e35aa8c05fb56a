// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "analyzer/generate.h"
#include "analyzer/generate_demand.h"

namespace nspect::analyzer {

/// The policies that allow what is demanded, and address blocks that are wider than what was seen.
struct WrittenPolicies {
    std::vector<GeneratedPolicy> policies;  ///< sorted by namespace and name
    std::vector<std::string> wider_blocks;  ///< "shop/web[Deployment] -> 203.0.113.0/29 TCP 443"
};

WrittenPolicies write_policies(const Inventory& inventory, const Demands& demands,
                               const std::set<std::string>& namespaces, bool default_deny);

}  // namespace nspect::analyzer
