// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/viz/shop.h"
#include "viz/excerpt.h"
#include "viz/views.h"

using namespace nspect;

namespace {

std::size_t index_of(const Graph& graph, std::string_view from, std::uint16_t port) {
    const auto at = std::find_if(graph.edges.begin(), graph.edges.end(), [&](const auto& edge) {
        return edge.point.port.number == port && graph.nodes[edge.from].id.starts_with(from);
    });
    REQUIRE(at != graph.edges.end());
    return static_cast<std::size_t>(at - graph.edges.begin());
}

std::vector<viz::EdgeTalk> talks_of(const viz::View& view, std::size_t edge) {
    std::vector<viz::EdgeTalk> found;
    for (const auto& each : view.details.talks) {
        if (each.edge == edge) found.push_back(each);
    }
    return found;
}

}  // namespace

TEST_CASE("a page knows when the conversations of an edge began", "[viz][page]") {
    const auto view = test::shop_view();
    const auto& activity = view.details.activity;
    CHECK(activity.steps <= 61);
    const auto edge = index_of(view.graph, "shop/api", 6379);
    std::uint64_t sum = 0;
    for (const auto& [step, count] : activity.edges[edge]) {
        CHECK(step < activity.steps);
        sum += count;
    }
    CHECK(sum == 22);
    CHECK(activity.edges[edge].size() > 20);
    CHECK(activity.edges[index_of(view.graph, "ops/monitor", 6379)].empty());
}

TEST_CASE("a page has the ten latest conversations of an edge, the latest first", "[viz][page]") {
    const auto view = test::shop_view();
    const auto talks = talks_of(view, index_of(view.graph, "shop/api", 6379));
    REQUIRE(talks.size() == 10);
    CHECK(talks.front().first - talks.back().first == std::chrono::seconds(9));
    CHECK(std::is_sorted(talks.begin(), talks.end(),
                         [](const auto& a, const auto& b) { return a.first > b.first; }));
}

TEST_CASE("a page says between which places packets were lost", "[viz][page]") {
    const auto view = test::shop_view();
    const auto lost = talks_of(view, index_of(view.graph, "shop/web", 6379));
    REQUIRE(lost.size() == 3);
    CHECK(lost.front().became.find("was lost between") != std::string::npos);
    const auto arrived = talks_of(view, index_of(view.graph, "shop/api", 8443));
    REQUIRE_FALSE(arrived.empty());
    CHECK(arrived.front().became.empty());
    CHECK(arrived.front().tls == "1.3 mutual");
}

TEST_CASE("a page has what its rules say, and the policies as they are written", "[viz][page]") {
    const auto details = test::shop_view().details;
    REQUIRE(details.sources.size() == 1);
    CHECK(details.sources[0].first == "policies.yaml:88:7");
    CHECK(details.sources[0].second ==
          "- from:\n    - podSelector:\n        matchLabels: {app: api}");
    REQUIRE(details.in_force.size() == 1);
    CHECK(details.in_force[0].title == "NetworkPolicy shop/pay");
    CHECK(details.in_force[0].text.starts_with("apiVersion: networking.k8s.io/v1\n"));
    CHECK(details.in_force[0].text.find("Secret") == std::string::npos);
    REQUIRE(details.generated.size() == 1);
    CHECK(details.generated[0].text.find("kind: NetworkPolicy") != std::string::npos);
}

TEST_CASE("a page lists what is open and what nobody used", "[viz][page]") {
    const auto view = test::shop_view();
    REQUIRE(view.page_tables.size() == 2);
    CHECK(view.page_tables[0].id == "unprotected");
    for (const auto& row : view.page_tables[0].rows) CHECK(row[2] != "both directions");
    CHECK(view.page_tables[0].rows.size() >= 3);
    REQUIRE(view.page_tables[1].rows.size() == 1);
    CHECK(view.page_tables[1].rows[0][0].starts_with("ops/monitor"));
}

TEST_CASE("an excerpt is the node that stands at a place", "[viz][page]") {
    const std::string text =
        "a: 1\r\nrules:\n  - from: x\n\n    to: y\n  - from: z\n\n\nb: 2\n---\nc: 3\n";
    const auto [line, column, expected] =
        GENERATE(table<std::size_t, std::size_t, std::string>({{1, 1,
                                                                "a: 1\nrules:\n  - from: x\n\n    "
                                                                "to: y\n  - from: z\n\n\nb: 2"},
                                                               {3, 5, "- from: x\n\n  to: y"},
                                                               {6, 5, "- from: z"},
                                                               {11, 1, "c: 3"},
                                                               {12, 1, ""},
                                                               {0, 0, ""},
                                                               {99, 7, ""}}));
    CHECK(viz::excerpt(text, {"f", line, column, ""}) == expected);
}

TEST_CASE("an excerpt has an end", "[viz][page]") {
    std::string text = "a:\n";
    for (int i = 0; i < 500; ++i) text += "  - x\n";
    const auto found = viz::excerpt(text, {"f", 1, 1, ""});
    CHECK(std::count(found.begin(), found.end(), '\n') == 60);
    CHECK(found.ends_with("\n..."));
}
