// SPDX-License-Identifier: Apache-2.0
#include "analyzer/graph_algorithms.h"

#include <catch2/catch.hpp>

using namespace nspect;
using namespace nspect::analyzer;

namespace {

/// 0 -> 1 -> 2, 2 -> 0, 2 -> 3, and 4 alone.
Graph two_parts() {
    Graph graph;
    graph.nodes.resize(5);
    for (const auto& [from, to] : {std::pair{0, 1}, {1, 2}, {2, 0}, {2, 3}}) {
        GraphEdge edge;
        edge.from = static_cast<std::size_t>(from);
        edge.to = static_cast<std::size_t>(to);
        graph.edges.push_back(edge);
    }
    return graph;
}

}  // namespace

TEST_CASE("parts that nothing connects are components") {
    CHECK(components(two_parts()) == std::vector<std::size_t>{0, 0, 0, 0, 1});
    CHECK(components(Graph{}).empty());
}

TEST_CASE("reach follows connections in their direction, hop by hop") {
    CHECK(reach(two_parts(), 0, 1) ==
          std::vector<std::size_t>{0, 1, unreachable, unreachable, unreachable});
    CHECK(reach(two_parts(), 0, 3) == std::vector<std::size_t>{0, 1, 2, 3, unreachable});
    CHECK(reach(two_parts(), 3, 9) ==
          std::vector<std::size_t>{unreachable, unreachable, unreachable, 0, unreachable});
}

TEST_CASE("a node without which the graph falls apart is a choke point") {
    CHECK(choke_points(two_parts()) == std::vector<std::size_t>{2});
}
