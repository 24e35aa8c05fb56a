// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "analyzer/engine.h"
#include "analyzer/generate.h"
#include "analyzer/generate_demand.h"

namespace nspect::analyzer {

/// Workloads of `namespaces` that no rule lets talk to anybody, in neither direction, by name.
std::vector<CutOff> cut_off_by(const PolicyEngine& after, const Demands& demands,
                               const std::set<std::string>& namespaces);

/// Says in the policies what a person should know before signing: in those that isolate a namespace
/// as a whole, who is cut off; in those of workloads, which declared way in from outside they shut.
/// Then collects all warnings. `first` is the index of the first generated policy in `after`.
void add_warnings(const PolicyEngine& after, std::size_t first, Generated& generated);

}  // namespace nspect::analyzer
