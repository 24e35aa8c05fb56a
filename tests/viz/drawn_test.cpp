// SPDX-License-Identifier: Apache-2.0
#include "viz/drawn.h"

#include <cmath>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "tests/viz/shop.h"
#include "viz/collapse.h"
#include "viz/legend.h"
#include "viz/theme.h"

using namespace nspect;

namespace {

/// Relative luminance (WCAG 2.1).
double luminance(std::string_view color) {
    double sum = 0;
    const double weights[] = {0.2126, 0.7152, 0.0722};
    for (std::size_t i = 0; i < 3; ++i) {
        const double value =
            std::stoi(std::string(color.substr(1 + 2 * i, 2)), nullptr, 16) / 255.0;
        sum += weights[i] *
               (value <= 0.03928 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4));
    }
    return sum;
}

double contrast(std::string_view a, std::string_view b) {
    const double x = luminance(a);
    const double y = luminance(b);
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

const EdgeState all_states[] = {EdgeState::allowed_used,   EdgeState::allowed_unused,
                                EdgeState::denied_blocked, EdgeState::denied_flowed,
                                EdgeState::unprotected,    EdgeState::undecided};

Graph two_nodes(std::vector<GraphEdge> edges) {
    return {{{"a", "a", "", GraphNode::Kind::workload, {}},
             {"b", "b", "", GraphNode::Kind::workload, {}}},
            std::move(edges)};
}

GraphEdge edge(Protocol protocol, std::uint16_t port) {
    GraphEdge made;
    made.to = 1;
    made.point = {protocol, Port{port}};
    made.state = EdgeState::allowed_used;
    made.conversations = 1;
    return made;
}

std::string label(std::vector<GraphEdge> edges) {
    return viz::drawn_edges(two_nodes(std::move(edges))).at(0).label;
}

}  // namespace

TEST_CASE("every state's colour reads on white and on dark", "[viz]") {
    for (const EdgeState state : all_states) {
        CAPTURE(to_string(state));
        CHECK(contrast(viz::edge_style(state).color, "#ffffff") >= 4.5);
        CHECK(contrast(viz::edge_style(state).color, "#16181d") >= 3);
    }
}

TEST_CASE("in both themes text reads on what it stands on", "[viz]") {
    for (const viz::Theme* theme : {&viz::light_theme(), &viz::dark_theme()}) {
        CAPTURE(theme->name);
        for (const auto color : theme->states) CHECK(contrast(color, theme->background) >= 4.5);
        for (const auto color : theme->wires) CHECK(contrast(color, theme->background) >= 4.5);
        CHECK(contrast(theme->text, theme->background) >= 4.5);
        CHECK(contrast(theme->text, theme->node) >= 4.5);
        CHECK(contrast(theme->soft, theme->node) >= 4.5);
        CHECK(contrast(theme->soft, theme->group) >= 4.5);
        CHECK(contrast(theme->stroke, theme->group) >= 3);
    }
}

TEST_CASE("no two states look alike without colour, however wide their lines", "[viz]") {
    using enum EdgeState;
    const std::vector<EdgeState> compared{added, removed, changed};
    for (const auto& states :
         {std::vector<EdgeState>(std::begin(all_states), std::end(all_states)), compared}) {
        std::set<std::string_view> symbols;
        std::set<std::pair<std::string_view, std::string_view>> lines;
        for (const EdgeState state : states) {
            const viz::EdgeStyle& style = viz::edge_style(state);
            symbols.insert(style.symbol);
            lines.insert({style.dash == "bold" ? "solid" : style.dash, style.arrow});
        }
        CHECK(symbols.size() == states.size());
        CHECK(lines.size() == states.size());
    }
}

TEST_CASE("a label names each protocol once, and few ports", "[viz]") {
    using enum Protocol;
    CHECK(label({edge(tcp, 443), edge(tcp, 80), edge(udp, 53)}) == "\u2713 TCP 80, 443, UDP 53");
    CHECK(label({edge(tcp, 1), edge(tcp, 2), edge(tcp, 3), edge(tcp, 4), edge(tcp, 5),
                 edge(udp, 6)}) == "\u2713 TCP 1, 2, 3, 4 +2");
    CHECK(label({edge(tcp, 80), edge(tcp, 80)}) == "\u2713 TCP 80");
}

TEST_CASE("a lock stands behind the ports it is true of", "[viz]") {
    const auto seen = [](std::uint16_t port, std::uint64_t tls, std::uint64_t mutual) {
        GraphEdge made = edge(Protocol::tcp, port);
        made.outcomes[static_cast<std::size_t>(Outcome::established)] = 1;
        made.tls = tls;
        made.mutual_tls = mutual;
        return made;
    };
    CHECK(label({seen(8080, 1, 1), seen(8443, 1, 1), seen(8444, 0, 0)}) ==
          "\u2713 TCP 8080, 8443 [mTLS], TCP 8444 [plain]");
    CHECK(label({seen(443, 1, 1), seen(444, 1, 0)}) == "\u2713 TCP 443 [mTLS], TCP 444 [TLS]");
    CHECK(label({seen(80, 0, 0), seen(81, 0, 0)}) == "\u2713 TCP 80, 81");
    // What carried nothing is neither encrypted nor plain.
    CHECK(label({seen(443, 1, 1), edge(Protocol::tcp, 444)}) == "\u2713 TCP 443 [mTLS], TCP 444");
}

TEST_CASE("a label's lock says no more than was seen", "[viz]") {
    const auto [tls, mutual, unknown, lock] =
        GENERATE(table<std::uint64_t, std::uint64_t, std::uint64_t, std::string>({
            {0, 0, 0, ""},
            {3, 3, 0, " [mTLS]"},
            {3, 2, 0, " [mTLS 2/3] [TLS 1/3]"},
            {3, 0, 3, " [TLS ?]"},
            {3, 0, 0, " [TLS]"},
            {3, 1, 1, " [mTLS 1/3] [TLS 1/3] [TLS ? 1/3]"},
            {2, 2, 0, " [mTLS 2/3] [plain 1/3]"},
            {1, 0, 0, " [TLS 1/3] [plain 2/3]"},
        }));
    GraphEdge made = edge(Protocol::tcp, 443);
    made.conversations = 5;
    made.outcomes[static_cast<std::size_t>(Outcome::established)] = 3;
    made.outcomes[static_cast<std::size_t>(Outcome::refused)] = 2;  // can be neither
    made.tls = tls;
    made.mutual_tls = mutual;
    made.unknown_tls = unknown;
    CHECK(label({made}) == "\u2713 TCP 443" + lock);
}

TEST_CASE("a label says what went missing, but not of what policy blocks", "[viz]") {
    GraphEdge made = edge(Protocol::tcp, 443);
    made.conversations = 6;
    made.outcomes[static_cast<std::size_t>(Outcome::established)] = 4;
    made.outcomes[static_cast<std::size_t>(Outcome::unanswered)] = 2;
    CHECK(label({made}) == "\u2713 TCP 443 \u2026 2 unanswered");
    made.state = EdgeState::denied_blocked;
    CHECK(label({made}) == "\u2717 TCP 443");
}

TEST_CASE("a label says how many were lost, after which place, and sent again", "[viz]") {
    GraphEdge made = edge(Protocol::tcp, 443);
    made.conversations = 6;
    made.outcomes[static_cast<std::size_t>(Outcome::established)] = 6;
    made.lost = 2;
    made.lost_between = {"veth1 (web)", "veth2 (db)"};
    made.retransmitting = 3;
    CHECK(
        label({made}) ==
        "\u2713 TCP 443 \u2297 2 lost \u21BB 3 resent (lost after veth1 (web), before veth2 (db))");
    GraphEdge other = made;
    other.point.port = Port{80};
    other.lost = 1;
    other.lost_between.second = "eth0 (db)";
    CHECK(label({made, other}) ==
          "\u2713 TCP 80, 443 \u2297 3 lost \u21BB 6 resent (lost after veth1 "
          "(web), before veth2 (db), and elsewhere)");
    const auto marks = [&](const GraphEdge& each) {
        viz::View view;
        view.graph = two_nodes({each});
        std::string text;
        for (const auto& entry : viz::legend(view, viz::drawn_edges(view.graph)))
            text += entry.mark;
        return text;
    };
    CHECK(marks(made) == "\u2713\u21BB\u2297\u25A1");
    // It is known already that these were sent again.
    made.outcomes = {};
    made.outcomes[static_cast<std::size_t>(Outcome::unanswered)] = 6;
    CHECK(marks(made) == "\u2713\u2026\u2297\u25A1");
    made.state = EdgeState::denied_blocked;
    CHECK(label({made}) == "\u2717 TCP 443");
}

TEST_CASE("a legend explains the marks that are there and no others", "[viz]") {
    viz::View view;
    GraphEdge plain = edge(Protocol::tcp, 80);
    plain.outcomes[static_cast<std::size_t>(Outcome::established)] = 1;
    GraphEdge mutual = plain;
    mutual.point.port = Port{443};
    mutual.tls = mutual.mutual_tls = 1;
    view.graph = two_nodes({plain, mutual});
    view.graph.nodes[0].isolated_ingress = view.graph.nodes[1].isolated_ingress = true;
    const auto marks = [&] {
        std::string text;
        for (const auto& each : viz::legend(view, viz::drawn_edges(view.graph)))
            text += (text.empty() ? "" : " ") + each.mark;
        return text;
    };
    CHECK(marks() == "\u2713 mTLS plain");
    view.graph.edges[1].mutual_tls = 0;
    view.graph.edges[1].outcomes[static_cast<std::size_t>(Outcome::unanswered)] = 1;
    CHECK(marks() == "\u2713 TLS plain \u2026");
    view.graph.edges.pop_back();
    CHECK(marks() == "\u2713");
    view.graph.nodes[1].isolated_ingress = false;
    CHECK(marks() == "\u2713 \u25A1");
    GraphEdge busy = plain;
    busy.state = EdgeState::denied_flowed;
    view.graph.edges.push_back(busy);
    CHECK(marks() == "\u2713 \u26A0 \u2501 \u25A1");
}

TEST_CASE("edges of one pair in different states are different lines", "[viz]") {
    GraphEdge denied = edge(Protocol::tcp, 22);
    denied.state = EdgeState::denied_blocked;
    const auto lines = viz::drawn_edges(two_nodes({edge(Protocol::tcp, 80), denied}));
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].edges == std::vector<std::size_t>{0});
    CHECK(lines[1].edges == std::vector<std::size_t>{1});
}

TEST_CASE("an overview has a node for each group, and every edge between groups", "[viz]") {
    const auto view = test::ring_view(40, 4, 3);
    const auto small = viz::overview(view.graph);
    CHECK(small.graph.nodes.size() == 4);
    REQUIRE(small.node_of.size() == 40);
    std::size_t between = 0;
    for (const auto& each : view.graph.edges) {
        between += view.graph.nodes[each.from].group != view.graph.nodes[each.to].group ? 1 : 0;
    }
    REQUIRE(small.graph.edges.size() == between);
    for (std::size_t i = 0; i < small.edges.size(); ++i) {
        const auto& original = view.graph.edges[small.edges[i]];
        CHECK(small.graph.edges[i].from == small.node_of[original.from]);
        CHECK(small.graph.edges[i].to == small.node_of[original.to]);
    }
}

TEST_CASE("an overview keeps a few outsiders apart and gathers many", "[viz]") {
    for (const std::size_t outsiders : {std::size_t{3}, std::size_t{50}}) {
        auto graph = test::ring_view(8, 2, 1).graph;
        for (std::size_t i = 0; i < outsiders; ++i) {
            const std::string id = "198.51.100." + std::to_string(i);
            graph.nodes.push_back({id, id, "", GraphNode::Kind::external, {}});
        }
        CHECK(viz::overview(graph).graph.nodes.size() == (outsiders == 3 ? 5 : 3));
    }
}

TEST_CASE("a namespace that holds nearly everything is shown by who talks to whom", "[viz]") {
    Graph graph;
    for (std::size_t i = 0; i < 60; ++i) {
        const std::string name = "w" + std::to_string(i);
        graph.nodes.push_back({"all/" + name + "[Pod]", name, "all", GraphNode::Kind::workload, i});
    }
    graph.nodes.push_back({"dns/dns[Pod]", "dns", "dns", GraphNode::Kind::workload, 60});
    const auto join = [&](std::size_t from, std::size_t to) {
        GraphEdge made = edge(Protocol::tcp, 80);
        made.from = from;
        made.to = to;
        graph.edges.push_back(made);
    };
    for (std::size_t i = 0; i < 60; ++i) {  // three stars of twenty, one line between each
        join(i, i / 20 * 20);
        if (i % 20 != 0) join(i, i % 20 == 19 ? i - 18 : i + 1);
        join(i, 60);
    }
    join(0, 20);
    join(20, 40);
    const auto small = viz::useful_overview(graph);
    REQUIRE(small);
    std::set<std::string> labels;
    for (const auto& each : small->graph.nodes) labels.insert(each.label);
    CHECK(labels ==
          std::set<std::string>{"all: around w0", "all: around w20", "all: around w40", "dns"});
    CHECK(small->graph.nodes[0].id.find("20 inside, ") != std::string::npos);
    viz::View view;
    view.title = "all";
    view.graph = graph;
    const auto fewer = viz::collapsed(view);
    REQUIRE(fewer);
    CHECK(fewer->title == "all: 61 nodes as 4");
}

TEST_CASE("a small picture collapses where that is asked for, and keeps its warnings", "[viz]") {
    auto view = test::ring_view(5, 3, 1);
    view.warnings = {"7 packets were lost"};
    CHECK_FALSE(viz::collapsed(view));
    const auto fewer = viz::collapsed(view, true);
    REQUIRE(fewer);
    CHECK(fewer->graph.nodes.size() == 3);
    CHECK(fewer->warnings == view.warnings);
}

TEST_CASE("an overview loses no edge: each is between groups or counted inside one", "[viz]") {
    for (const std::size_t groups : {std::size_t{1}, std::size_t{7}}) {
        const auto graph = test::ring_view(300, groups, 4).graph;
        const auto small = viz::overview(graph);
        std::size_t inside = 0;
        for (const auto& node : small.graph.nodes) {
            const auto at = node.id.find("inside, ");
            if (at != std::string::npos) inside += std::stoul(node.id.substr(at + 8));
        }
        CHECK(small.graph.edges.size() + inside == graph.edges.size());
        CHECK(small.graph.nodes.size() > 1);
    }
}

TEST_CASE("the kind of a workload is told from its id", "[viz]") {
    CHECK(viz::kind_in("shop/web[Deployment]") == "Deployment");
    CHECK(viz::without_kind("shop/web[Deployment]") == "shop/web");
    CHECK(viz::kind_in("203.0.113.0/24").empty());
    CHECK(viz::without_kind("203.0.113.0/24") == "203.0.113.0/24");
    CHECK(viz::without_kind("odd[") == "odd[");
}

TEST_CASE("a line is as wide as its conversations or its bytes are many", "[viz]") {
    viz::DrawnEdge few;
    few.conversations = 1;
    few.bytes = 1'000'000'000;
    viz::DrawnEdge many;
    many.conversations = 1000;
    many.bytes = 100;
    CHECK(viz::line_width(few) < viz::line_width(many));
    CHECK(viz::line_width(few, true) > viz::line_width(many, true));
    CHECK(viz::line_width(few, true) <= 4.5);
}
