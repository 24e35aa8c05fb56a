// SPDX-License-Identifier: Apache-2.0
#include "tests/viz/golden.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/viz/shop.h"
#include "viz/formats.h"
#include "viz/html_data.h"
#include "viz/json.h"
#include "viz/policy_yaml.h"
#include "viz/text.h"
#include "viz/views.h"

using namespace nspect;
using nspect::test::check_golden;

namespace {

using Json = nlohmann::ordered_json;

viz::View flows() {
    return viz::flows_view(test::shop_conversations(), test::shop_inventory(),
                           test::shop_recording());
}

/// Where things stand depends on Graphviz and its fonts: only that they stand somewhere is golden.
void forget_places(Json& picture) {
    picture["width"] = picture["width"] > 0;
    picture["height"] = picture["height"] > 0;
    for (Json& box : picture["boxes"]) box = box.size();
    for (Json& group : picture["groups"]) group["box"] = group["box"].size();
    for (Json& line : picture["lines"]) {
        line["at"] = line["at"].size();
        line["curve"] = line["curve"].size() >= 8;
    }
}

}  // namespace

TEST_CASE("every view reads well in a terminal of 100 columns", "[viz][golden]") {
    const viz::TextStyle style{100, false, true};
    check_golden("audit.txt", viz::to_text(test::shop_view(), style));
    check_golden("flows.txt", viz::to_text(flows(), style));
    check_golden("targets.txt",
                 viz::to_text(viz::targets_view(test::shop_recording().targets), style));
    check_golden("connectivity.txt",
                 viz::to_text(viz::connectivity_view(test::shop_connectivity()), style));
    check_golden("diff.txt", viz::to_text(viz::diff_view(test::shop_diff()), style));
    check_golden("generated.txt", viz::to_text(viz::generated_view(test::shop_generated()), style));
}

TEST_CASE("colour and ASCII are a matter of style", "[viz][golden]") {
    check_golden("audit-color.txt", viz::to_text(test::shop_view(), {100, true, true}));
    check_golden("audit-narrow.txt", viz::to_text(test::shop_view(), {60, false, true}));
    check_golden("matrix.txt", *viz::to_matrix(test::shop_connectivity(), {80, false, true}));
    check_golden("matrix-ascii.txt", *viz::to_matrix(test::shop_connectivity(), {0, false, false}));
    check_golden("flows-narrow.txt", viz::to_text(flows(), {60, false, false}));
}

TEST_CASE("the shop in each format", "[viz][golden]") {
    const viz::View view = test::shop_view();
    check_golden("edges.csv", viz::to_csv(view.tables.front()));
    check_golden("audit.md", viz::to_markdown(view));
    check_golden("audit.dot", viz::to_dot(view));
    check_golden("audit.mmd", viz::to_mermaid(view));
    check_golden("audit.sarif", viz::to_sarif(view, "0.0.0"));
    check_golden("audit.junit.xml", viz::to_junit(view, {"nspect audit", Severity::medium}));
    check_golden("audit.baseline.yaml", viz::to_baseline(view));
    check_golden("policies.yaml", viz::to_yaml(test::shop_generated().policies));
}

TEST_CASE("the machine formats of the shop", "[viz][golden]") {
    check_golden("audit.json", viz::to_json(test::shop_audit()));
    check_golden("graph.json", viz::to_json(test::shop_audit().graph));
    check_golden("connectivity.json", viz::to_json(test::shop_connectivity()));
    check_golden("diff.json", viz::to_json(test::shop_diff()));
    check_golden("generated.json",
                 viz::to_json(test::shop_generated(), {"Lost at any@host: 17 (kernel)."}));
    check_golden("targets.json", viz::to_json(test::shop_recording().targets));
    check_golden("edges.json", viz::to_json(test::shop_view().tables.front()));
    const auto inventory = test::shop_inventory();
    const auto recording = test::shop_recording();
    const analyzer::Places places(recording);
    std::string lines;
    for (const auto& each : test::shop_conversations()) {
        lines += viz::to_json_line(each, inventory, places) + "\n";
    }
    check_golden("flows.json", lines);
}

TEST_CASE("what the report page is given", "[viz][golden]") {
    Json data = Json::parse(viz::html_data(test::shop_view()));
    for (Json& picture : data["pictures"]) forget_places(picture);
    check_golden("report.json", data.dump(1) + "\n");
}
