// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <vector>

#include "analyzer/generate_breadth.h"
#include "analyzer/generate_proof.h"

namespace nspect::analyzer {

/// Sorts what `tight` allows beyond `used` by what lets it in. Costs of nothing are left out, and
/// they add up to the excess: past a bound the rest is one cost of its own.
std::vector<Cost> costs_of(const PolicyEngine& generated, const BreadthCounter& tight,
                           const std::set<WorkloadPoint>& used, const GeneratedPart& part);

}  // namespace nspect::analyzer
