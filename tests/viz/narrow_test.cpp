// SPDX-License-Identifier: Apache-2.0
#include "viz/narrow.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "viz/views.h"

using namespace nspect;

namespace {

GraphEdge edge(std::size_t from, std::size_t to, std::uint16_t port, EdgeState state) {
    GraphEdge made;
    made.from = from;
    made.to = to;
    made.point = {Protocol::tcp, Port{port}};
    made.state = state;
    return made;
}

/// a -> b -> c -> d in two namespaces, and e alone.
Graph chain() {
    Graph graph;
    for (const std::string name : {"x/a", "x/b", "y/c", "y/d", "y/e"}) {
        graph.nodes.push_back(
            {name + "[Pod]", name.substr(2), name.substr(0, 1), GraphNode::Kind::workload, {}});
    }
    graph.edges = {edge(0, 1, 80, EdgeState::allowed_used),
                   edge(1, 2, 443, EdgeState::denied_flowed),
                   edge(2, 3, 53, EdgeState::allowed_used)};
    return graph;
}

/// "a>b:80 b>c:443 d": edges, then nodes without one.
std::string words(const Graph& graph) {
    std::string text;
    std::vector<bool> ends(graph.nodes.size(), false);
    for (const GraphEdge& each : graph.edges) {
        text += graph.nodes[each.from].label + ">" + graph.nodes[each.to].label + ":" +
                std::to_string(each.point.port.number) + " ";
        ends[each.from] = ends[each.to] = true;
    }
    for (std::size_t i = 0; i < ends.size(); ++i) {
        if (!ends[i]) text += graph.nodes[i].label + " ";
    }
    if (!text.empty()) text.pop_back();
    return text;
}

}  // namespace

TEST_CASE("a picture without a choice shows everything", "[viz][narrow]") {
    CHECK(viz::narrowed(chain(), {}) == chain());
}

TEST_CASE("a picture around a node shows what is so many hops away", "[viz][narrow]") {
    viz::Narrow narrow;
    narrow.around = {1};
    CHECK(words(viz::narrowed(chain(), narrow)) == "a>b:80 b>c:443");
    narrow.hops = 0;
    CHECK(words(viz::narrowed(chain(), narrow)) == "b");
    narrow.hops = 2;
    CHECK(words(viz::narrowed(chain(), narrow)) == "a>b:80 b>c:443 c>d:53");
    narrow.hops = 1'000'000'000;
    CHECK(words(viz::narrowed(chain(), narrow)) == "a>b:80 b>c:443 c>d:53");
}

TEST_CASE("what is hidden by state, port or namespace is gone, and who is alone by that",
          "[viz][narrow]") {
    viz::Narrow narrow;
    SECTION("state") {
        narrow.hidden_states = {EdgeState::allowed_used};
        CHECK(words(viz::narrowed(chain(), narrow)) == "b>c:443 e");
    }
    SECTION("port") {
        narrow.hidden_traffic = TrafficSet::of(Protocol::tcp, {Port{443}, Port{443}});
        CHECK(words(viz::narrowed(chain(), narrow)) == "a>b:80 c>d:53 e");
    }
    SECTION("namespace") {
        narrow.hidden_groups = {"y"};
        CHECK(words(viz::narrowed(chain(), narrow)) == "a>b:80");
    }
    SECTION("what is hidden is no way to others") {
        narrow.hidden_states = {EdgeState::denied_flowed};
        narrow.around = {0};
        narrow.hops = 3;
        CHECK(words(viz::narrowed(chain(), narrow)) == "a>b:80");
    }
}

TEST_CASE("nodes are known by their name, with or without kind", "[viz][narrow]") {
    for (const char* name : {"b", "x/b", "x/b[Pod]"}) {
        CHECK(viz::nodes_named(chain(), name) == std::vector<std::size_t>{1});
    }
    CHECK(viz::nodes_named(chain(), "x").empty());
    CHECK(viz::nodes_named(chain(), "x/").size() > 1);  // a group, opened
}

TEST_CASE("of what is hidden a page has neither conversations nor findings", "[viz][narrow]") {
    analyzer::Audit audit;
    audit.graph = chain();
    audit.edge_of = {2, 0, 1, 2};
    Finding shown;
    shown.edge = 2;
    Finding hidden = shown;
    hidden.edge = 0;
    audit.findings = {hidden, shown, Finding{}};
    viz::Narrow narrow;
    narrow.hidden_traffic = TrafficSet::of(Protocol::tcp, {Port{80}, Port{80}});
    viz::narrow(narrow, audit);
    CHECK(words(audit.graph) == "b>c:443 c>d:53 e");
    CHECK(audit.edge_of == std::vector<std::size_t>{1, analyzer::no_edge, 0, 1});
    REQUIRE(audit.findings.size() == 2);
    CHECK(audit.findings[0].edge == std::size_t{1});
    CHECK(audit.edges_by_state[EdgeState::denied_flowed] == 1);
    viz::View view;
    view.graph = audit.graph;
    viz::add_talks(audit, std::vector<Conversation>(4), {}, view);
    CHECK(view.details.talks.size() == 3);
}

TEST_CASE("workloads stand by host or by a label's value", "[viz][narrow]") {
    Inventory inventory;
    Graph graph;
    for (const char* name : {"one", "two", "none"}) {
        const std::size_t workload = inventory.ensure_workload({"x", name, "Pod"});
        graph.nodes.push_back({name, name, "x", GraphNode::Kind::workload, workload});
    }
    const auto add = [&](std::size_t workload, const std::string& node, const Labels& labels) {
        Endpoint endpoint;
        endpoint.workload = workload;
        endpoint.node = node;
        endpoint.labels = labels;
        inventory.add_endpoint(endpoint);
    };
    add(0, "n1", {{"tier", "front"}});
    add(1, "n1", {{"tier", "back"}});
    add(1, "n2", {{"tier", "back"}});

    REQUIRE(viz::regroup(graph, inventory, "host"));
    CHECK(graph.nodes[0].group == "n1");
    CHECK(graph.nodes[1].group == "several");
    CHECK(graph.nodes[2].group.empty());
    REQUIRE(viz::regroup(graph, inventory, "label:tier"));
    CHECK(graph.nodes[0].group == "front");
    CHECK(graph.nodes[1].group == "back");
    REQUIRE(viz::regroup(graph, inventory, "community"));
    CHECK(graph.nodes[0].group.starts_with("around "));
    CHECK_FALSE(viz::regroup(graph, inventory, "label:"));
    CHECK_FALSE(viz::regroup(graph, inventory, "colour"));
}
