// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "model/graph.h"
#include "viz/drawn.h"
#include "viz/layout.h"

namespace nspect::viz {

/// A layout that always ends: each group a block of rows, blocks side by side in rows of their own,
/// lines straight. What is outside all groups stands in the first block.
Positions blocks(const Graph& graph, const std::vector<DrawnEdge>& lines);

}  // namespace nspect::viz
