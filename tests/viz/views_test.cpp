// SPDX-License-Identifier: Apache-2.0
#include "viz/views.h"

#include <sstream>
#include <string>

#include <catch2/catch.hpp>

#include "tests/viz/shop.h"
#include "viz/escape.h"
#include "viz/text.h"
#include "viz/words.h"

using namespace nspect;

namespace {

std::string joined(const std::vector<std::string>& sentences) {
    std::string text;
    for (const auto& each : sentences) text += each + "\n";
    return text;
}

bool says(const std::vector<std::string>& sentences, const std::string& part) {
    return joined(sentences).find(part) != std::string::npos;
}

std::size_t longest_line(const std::string& text) {
    std::istringstream lines(text);
    std::size_t longest = 0;
    for (std::string line; std::getline(lines, line);) {
        longest = std::max(longest, viz::display_width(line));
    }
    return longest;
}

}  // namespace

TEST_CASE("counts and bytes are put into words", "[viz]") {
    CHECK(viz::counted(0, "edge") == "no edges");
    CHECK(viz::counted(1, "policy", "policies") == "1 policy");
    CHECK(viz::counted(2, "policy", "policies") == "2 policies");
    const auto [bytes, words] = GENERATE(table<std::uint64_t, std::string>({
        {0, "0 B"},
        {999, "999 B"},
        {1000, "1.0 kB"},
        {999'949, "999.9 kB"},
        {999'950, "1.0 MB"},
        {5'300'000'000, "5.3 GB"},
        {~std::uint64_t{0}, "18.4 EB"},
    }));
    CHECK(viz::byte_words(bytes) == words);
}

TEST_CASE("a loss is said first, and what it means", "[viz]") {
    const auto view =
        viz::audit_view(test::shop_audit(), test::shop_recording(), test::shop_inventory());
    CHECK(says(view.warnings, "17 (kernel)"));
    CHECK(says(view.warnings, "not safe to act on"));
    CHECK(viz::to_text(view, {}).starts_with("warning: "));
}

TEST_CASE("a whole recording has no warnings, a cut one has", "[viz]") {
    auto recording = test::shop_recording();
    recording.losses.clear();
    CHECK(viz::audit_view(test::shop_audit(), recording, test::shop_inventory()).warnings.empty());
    recording.info.ended.reset();
    CHECK(says(viz::audit_view(test::shop_audit(), recording, test::shop_inventory()).warnings,
               "not closed"));
}

TEST_CASE("an audit says how much was seen, and whom no policy isolates", "[viz]") {
    const auto view =
        viz::audit_view(test::shop_audit(), test::shop_recording(), test::shop_inventory());
    CHECK(says(view.summary, "From 7 workloads, 96 conversations were recorded in 57 s"));
    CHECK(
        says(view.summary, "No policy isolates 3 workloads: batch, kube-system/dns, ops/monitor."));
    CHECK(says(view.summary, "4 findings: 1 high"));
}

TEST_CASE("an audit of nothing says so", "[viz]") {
    const auto view = viz::audit_view({}, {}, {});
    CHECK(says(view.summary, "No conversation was recorded."));
    CHECK(says(view.summary, "No findings."));
}

TEST_CASE("a window over midnight names both days", "[viz]") {
    auto audit = test::shop_audit();
    audit.last = audit.first + std::chrono::hours(30);
    const auto view = viz::audit_view(audit, {}, {});
    CHECK(says(view.summary, "from 2026-01-01 00:00:01 to 2026-01-02 06:00:01 UTC"));
}

TEST_CASE("every row of every view has a cell for each column", "[viz]") {
    const auto inventory = test::shop_inventory();
    const auto recording = test::shop_recording();
    for (const auto& view :
         {test::shop_view(), viz::flows_view(test::shop_conversations(), inventory, recording),
          viz::targets_view(recording.targets), viz::connectivity_view(test::shop_connectivity()),
          viz::diff_view(test::shop_diff()), viz::generated_view(test::shop_generated())}) {
        for (const auto& table : view.tables) {
            for (const auto& row : table.rows) CHECK(row.size() == table.columns.size());
            for (const auto column : table.numeric) CHECK(column < table.columns.size());
        }
    }
}

TEST_CASE("a table never leaves its width, as long as columns can be told apart", "[viz]") {
    viz::Table table{"t", "", {"Name", "Count", "Why"}, {}, {1}};
    table.rows = {{std::string(80, 'n'), "12", "short"}, {"b", "7", "-"}};
    for (const std::size_t width : {30U, 50U, 79U}) {
        CHECK(longest_line(viz::to_text(table, {width, false, true})) <= width);
    }
    CHECK(longest_line(viz::to_text(table, {})) > 80);
}

TEST_CASE("a reason too long for its row stands whole below it", "[viz]") {
    const std::string reason(90, 'r');
    viz::Table table{"t", "", {"A", "B", "Why"}, {{"one", "two", reason}, {"x", "y", "-"}}, {}};
    const std::string text = viz::to_text(table, {40, false, true});
    const auto r = [](std::size_t count) { return "    " + std::string(count, 'r') + "\n"; };
    CHECK(text == "A    B\none  two\n" + r(36) + r(36) + r(18) + "x    y\n");
}

TEST_CASE("an address range is drawn as the block it is", "[viz]") {
    const auto [range, label] = GENERATE(table<std::string, std::string>({
        {"0.0.0.0-255.255.255.255", "any IPv4 address"},
        {"::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "any IPv6 address"},
        {"203.0.113.0-203.0.113.255", "203.0.113.0/24"},
        {"203.0.113.7-203.0.113.7", "203.0.113.7"},
        {"203.0.113.1-203.0.113.6", "203.0.113.1-203.0.113.6"},
        {"{ingress-controller}", "{ingress-controller}"},
    }));
    const auto view = viz::connectivity_view({{}, {{range, "a/b[Pod]", TrafficSet::all()}}});
    REQUIRE(view.graph.nodes.size() == 2);
    const auto& nodes = view.graph.nodes;
    CHECK((nodes[0].id == range ? nodes[0] : nodes[1]).label == label);
}

TEST_CASE("a change of policy that only closes opens nothing", "[viz]") {
    auto diff = test::shop_diff();
    for (auto& row : diff.rows) row.after = {};
    CHECK(says(viz::diff_view(diff).summary, "0 of them open something"));
    CHECK(says(viz::diff_view(analyzer::ConnectivityDiff{}).summary,
               "The same traffic is allowed before and after."));
}

TEST_CASE("policies that would break something are not called sound", "[viz]") {
    auto generated = test::shop_generated();
    generated.proof.sound = false;
    generated.proof.broken = {{"shop/api -> shop/db TCP 6379", "no rule", 2}};
    const auto view = viz::generated_view(generated);
    CHECK(says(view.summary, "NOT sound"));
    CHECK(view.tables.at(0).id == "broken");
    CHECK(view.documents.size() == 1);
}

TEST_CASE("a matrix is for small worlds", "[viz]") {
    const auto connectivity = test::shop_connectivity();
    CHECK(viz::to_matrix(connectivity, {}));
    CHECK_FALSE(viz::to_matrix(connectivity, {}, 2));
}
