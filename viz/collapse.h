// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "model/graph.h"
#include "viz/view.h"

namespace nspect::viz {

/// From so many nodes on a picture is of groups first.
inline constexpr std::size_t readable_nodes = 150;

/// The graph with one node for each group, for when there is more than one picture can show.
struct Overview {
    Graph graph;                       ///< edges between different groups only
    std::vector<std::size_t> edges;    ///< by edge here: its index in the graph it was made from
    std::vector<std::size_t> node_of;  ///< by node there: its node here
};
/// A group is a namespace or what stands for it. One that holds nearly everything tells nothing:
/// its nodes are grouped by who talks to whom (analyzer/communities.h), each such group named after
/// the one in it that talks to most. The small print of a group says how much is in it.
Overview overview(const Graph& graph);
/// Where an overview has fewer than half of the nodes and more than one.
std::optional<Overview> useful_overview(const Graph& graph);

/// The view with its overview in place of its graph, where that is useful (or, `whenever`, has
/// fewer nodes at all) and there are no wires: the picture and its warnings, without findings and
/// details of edges.
std::optional<View> collapsed(const View& view, bool whenever = false);

}  // namespace nspect::viz
