// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/graph.h"

namespace nspect::viz {

/// How a state looks. Never by colour alone: dash, symbol and word say the same.
struct EdgeStyle {
    std::string_view color;  ///< #rrggbb, at least 3:1 against white and against #16181d
    std::string_view dash;   ///< Graphviz style: "solid", "dashed", "dotted", "bold"
    std::string_view symbol;
    std::string_view words;  ///< for the legend
};
const EdgeStyle& edge_style(EdgeState state);

/// What is drawn as one line: all edges between two nodes that are in the same state.
struct DrawnEdge {
    std::size_t from = 0;
    std::size_t to = 0;
    EdgeState state = EdgeState::unprotected;
    std::vector<std::size_t> edges;  ///< indices into Graph::edges
    std::string label;  ///< "TCP 80, 443" with the state's symbol and a lock where it applies
    std::uint64_t conversations = 0;
};
/// Sorted by (from, to, state).
std::vector<DrawnEdge> drawn_edges(const Graph& graph);

/// The groups that have nodes, sorted; "" for what is outside stands first.
std::vector<std::string> groups(const Graph& graph);

}  // namespace nspect::viz
