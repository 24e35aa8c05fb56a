// SPDX-License-Identifier: Apache-2.0
#include "analyzer/graph_algorithms.h"

#include <algorithm>
#include <iterator>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/biconnected_components.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/connected_components.hpp>

namespace nspect::analyzer {
namespace {

using Undirected = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS>;
using Directed = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

template <class BoostGraph>
BoostGraph translated(const Graph& graph) {
    BoostGraph result(graph.nodes.size());
    for (const auto& edge : graph.edges) {
        if (edge.from != edge.to) boost::add_edge(edge.from, edge.to, result);
    }
    return result;
}

}  // namespace

std::vector<std::size_t> components(const Graph& graph) {
    std::vector<std::size_t> component(graph.nodes.size());
    if (!component.empty())
        boost::connected_components(translated<Undirected>(graph), component.data());
    return component;
}

std::vector<std::size_t> reach(const Graph& graph, std::size_t from, std::size_t hops) {
    std::vector<std::size_t> distance(graph.nodes.size(), unreachable);
    if (from >= distance.size()) return distance;
    distance[from] = 0;
    boost::breadth_first_search(translated<Directed>(graph), from,
                                boost::visitor(boost::make_bfs_visitor(boost::record_distances(
                                    distance.data(), boost::on_tree_edge()))));
    for (auto& steps : distance) {
        if (steps > hops) steps = unreachable;
    }
    return distance;
}

std::vector<std::size_t> choke_points(const Graph& graph) {
    std::vector<std::size_t> points;
    boost::articulation_points(translated<Undirected>(graph), std::back_inserter(points));
    std::sort(points.begin(), points.end());
    points.erase(std::unique(points.begin(), points.end()), points.end());
    return points;
}

}  // namespace nspect::analyzer
