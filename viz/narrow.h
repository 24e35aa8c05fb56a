// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/audit.h"
#include "model/graph.h"
#include "model/inventory.h"

namespace nspect::viz {

/// What of a graph a picture is to show.
struct Narrow {
    std::vector<std::size_t> around;  ///< nodes; empty: everything
    std::size_t hops = 1;             ///< how many edges away from these, either way
    std::set<EdgeState> hidden_states;
    TrafficSet hidden_traffic;
    std::set<std::string> hidden_groups;
};

/// The graph without what is hidden, and without those who thereby have no edge left; around some
/// nodes, only what is that near. What is hidden is no way to others.
Graph narrowed(const Graph& graph, const Narrow& narrow);
/// The audit with that graph: conversations of edges that are hidden are of analyzer::no_edge,
/// findings about these are left out.
void narrow(const Narrow& narrow, analyzer::Audit& audit);

/// The nodes a person may mean by "web", "shop/web" or "shop/web[Deployment]", or by a label; all
/// of a group by "shop/".
std::vector<std::size_t> nodes_named(const Graph& graph, std::string_view text);

/// Groups workloads by something else than their namespace: "host", "community" (who talk among
/// themselves), or a label's value where `by` is "label:KEY". Those without one are in no group;
/// those whose endpoints differ in "several". False when `by` is nothing of these.
bool regroup(Graph& graph, const Inventory& inventory, std::string_view by);

}  // namespace nspect::viz
