// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "model/graph.h"

namespace nspect::analyzer {

/// By node: the number of its connected component, whichever way connections go. Dense from 0, in
/// order of the first node.
std::vector<std::size_t> components(const Graph& graph);

/// What can be reached from `from` by following connections in their direction, over at most `hops`
/// of them; by node, the number of hops, or `unreachable`.
inline constexpr std::size_t unreachable = static_cast<std::size_t>(-1);
std::vector<std::size_t> reach(const Graph& graph, std::size_t from, std::size_t hops);

/// Nodes without which the part of the graph around them falls apart (articulation points), sorted.
std::vector<std::size_t> choke_points(const Graph& graph);

}  // namespace nspect::analyzer
