// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "analyzer/generate.h"
#include "model/inventory.h"

namespace nspect::analyzer {

/// Priorities of generated ClusterNetworkPolicies: all that is let pass comes before all denials,
/// so that pods two of them select keep what either opens.
inline constexpr double accept_priority = 500;
inline constexpr double deny_priority = 501;

/// The same policies as another language would put them: what it reads back as. `policies` are
/// NetworkPolicies, as PolicyWriter makes them.
std::vector<GeneratedPolicy> in_dialect(Dialect dialect, std::vector<GeneratedPolicy> policies,
                                        const Inventory& inventory);

}  // namespace nspect::analyzer
