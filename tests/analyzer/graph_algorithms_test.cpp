// SPDX-License-Identifier: Apache-2.0
#include "analyzer/graph_algorithms.h"

#include <catch2/catch.hpp>

#include "analyzer/communities.h"

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

TEST_CASE("who talk among themselves are a community") {
    Graph graph;
    graph.nodes.resize(13);
    const auto join = [&](std::size_t from, std::size_t to) {
        GraphEdge edge;
        edge.from = from;
        edge.to = to;
        graph.edges.push_back(edge);
    };
    for (const std::size_t first : {std::size_t{0}, std::size_t{4}, std::size_t{8}}) {
        for (std::size_t i = first; i < first + 4; ++i) {
            for (std::size_t k = first; k < i; ++k) join(i, k);
        }
    }
    join(3, 4);
    join(7, 8);
    CHECK(communities(graph) == std::vector<std::size_t>{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3});
    for (int i = 0; i < 50; ++i) join(3, 4);  // how much a pair talks does not matter
    CHECK(communities(graph)[4] == 1);
    CHECK(communities(Graph{}).empty());
}
