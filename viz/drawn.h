// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/graph.h"
#include "viz/drawn_label.h"
#include "viz/wire.h"

namespace nspect::viz {

/// How a state looks. Never by colour alone: dash, symbol and word say the same.
struct EdgeStyle {
    std::string_view color;  ///< #rrggbb, contrast 4.5:1 on white and 3:1 on #16181d
    std::string_view dash;   ///< Graphviz style: "solid", "dashed", "dotted", "bold"
    std::string_view arrow;  ///< Graphviz arrowhead
    std::string_view symbol;
    std::string_view words;  ///< for the legend
};
const EdgeStyle& edge_style(EdgeState state);
const EdgeStyle& wire_style(Wire::Kind kind);
/// The state for the legend; where nothing was recorded, an edge that policy allows is just
/// "allowed".
std::string_view state_words(const GraphEdge& edge);

/// What is drawn as one line: all edges between two nodes that are in the same state, or a wire.
struct DrawnEdge {
    std::size_t from = 0;
    std::size_t to = 0;
    std::optional<Wire::Kind> wire = {};  ///< then there is nothing but its ends
    EdgeState state = EdgeState::unprotected;
    std::vector<std::size_t> edges;  ///< indices into Graph::edges
    std::vector<LabelPart> parts;    ///< its ports, each with its lock
    std::vector<LossMark> losses;
    std::string label;  ///< in one line: "✓ TCP 80, 443 [mTLS] … 2 unanswered", and where lost
    std::uint64_t conversations = 0;
    std::uint64_t bytes = 0;  ///< both ways
};
/// Sorted by (from, to, state).
std::vector<DrawnEdge> drawn_edges(const Graph& graph);
/// These, then the wires.
std::vector<DrawnEdge> drawn_lines(const Graph& graph, const std::vector<Wire>& wires);

/// In points: more conversations, or more bytes, wider, on a logarithmic scale; what should not be
/// there never thin.
double line_width(const DrawnEdge& edge, bool by_bytes = false);

/// "Deployment" of "shop/web[Deployment]"; empty without one.
std::string_view kind_in(std::string_view id);
/// "shop/web" of it.
std::string_view without_kind(std::string_view id);

/// The groups that have nodes, sorted; "" for what is outside stands first.
std::vector<std::string> groups(const Graph& graph);

}  // namespace nspect::viz
