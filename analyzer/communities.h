// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "model/graph.h"

namespace nspect::analyzer {

/// By node: the community it is part of, those who talk among themselves more than with others
/// (modularity, by Louvain's method). Numbered from 0 in the order of their first nodes; the same
/// graph always gives the same. Each pair counts once, however much it talks. Who talks to nobody
/// is alone.
std::vector<std::size_t> communities(const Graph& graph);

}  // namespace nspect::analyzer
