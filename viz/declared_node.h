// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/graph.h"

namespace nspect::viz {

/// The node of a peer as connectivity() names it: a workload, a range of addresses as the block it
/// is, an entrance. Inside viz/ only.
GraphNode declared_node(const std::string& peer);

}  // namespace nspect::viz
