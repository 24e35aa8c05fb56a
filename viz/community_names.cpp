// SPDX-License-Identifier: Apache-2.0
#include "viz/community_names.h"

#include <cstddef>
#include <map>
#include <set>

#include "analyzer/communities.h"

namespace nspect::viz {

namespace {

/// By node: with how many it talks.
std::vector<std::size_t> partners(const Graph& graph) {
    std::vector<std::set<std::size_t>> others(graph.nodes.size());
    for (const GraphEdge& edge : graph.edges) {
        others[edge.from].insert(edge.to);
        others[edge.to].insert(edge.from);
    }
    std::vector<std::size_t> counts;
    for (const auto& each : others) counts.push_back(each.size());
    return counts;
}

}  // namespace

std::vector<std::string> community_names(const Graph& graph, const std::vector<bool>& members) {
    const auto communities = analyzer::communities(graph);
    const auto counts = partners(graph);
    std::map<std::size_t, std::size_t> leaders;
    for (std::size_t i = 0; i < communities.size(); ++i) {
        if (!members[i]) continue;
        const auto [at, added] = leaders.try_emplace(communities[i], i);
        if (counts[i] > counts[at->second]) at->second = i;
    }
    std::vector<std::string> names(graph.nodes.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (members[i]) names[i] = "around " + graph.nodes[leaders[communities[i]]].label;
    }
    return names;
}

}  // namespace nspect::viz
