// SPDX-License-Identifier: Apache-2.0
// Declared connectivity against the shared conformance data.
#include <algorithm>
#include <filesystem>

#include <catch2/catch.hpp>

#include "analyzer/diff.h"
#include "tests/analyzer/conformance_data.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::conformance;
using nlohmann::json;

namespace {

Connectivity connectivity_of(const std::string& manifests) {
    const World world = load_world({manifests});
    return connectivity(PolicyEngine(world), Level::workload);
}

std::size_t check_connectivity(const std::string& parent) {
    const auto cases = cases_in(parent, "expected.json");
    for (const std::string& path : cases) {
        INFO(path);
        const json expected = read_json(path + "/expected.json");
        const Connectivity actual = connectivity_of(path + "/manifests");
        CHECK(difference(rows_of(expected), rows_of(actual)) == "");
        std::vector<std::string> workloads = expected.at("workloads");
        std::sort(workloads.begin(), workloads.end());
        CHECK(actual.peers == workloads);
    }
    return cases.size();
}

}  // namespace

TEST_CASE("connectivity lists are those of the conformance data", "[conformance]") {
    const auto data = folder("netpol-connectivity");
    if (!data) return;
    const std::string category = GENERATE("list", "anp", "exposure");
    CHECK(check_connectivity(*data + "/" + category) > 0);
}

TEST_CASE("connectivity of generated clusters is that of the conformance data", "[conformance]") {
    const auto data = folder("netpol-generated");
    if (!data) return;
    CHECK(check_connectivity(*data) > 0);
}

TEST_CASE("differences are those of the conformance data", "[conformance]") {
    const auto data = folder("netpol-connectivity");
    if (!data) return;
    for (const auto& file : std::filesystem::directory_iterator(*data + "/diff")) {
        INFO(file.path().string());
        const json expected = read_json(file.path().string());
        std::vector<std::vector<std::string>> wanted;
        for (const auto& row : expected.at("rows")) {
            wanted.push_back(
                {row.at("type"), row.at("src"), row.at("dst"), row.at("ref1"), row.at("ref2")});
        }
        const std::string one = expected.at("ref1");
        const std::string two = expected.at("ref2");
        const auto changes = diff(connectivity_of(*data + "/" + one + "/manifests"),
                                  connectivity_of(*data + "/" + two + "/manifests"));
        std::vector<std::vector<std::string>> got;
        for (const auto& row : changes.rows) {
            got.push_back({std::string(to_string(row.type)), row.src, row.dst, to_conn(row.before),
                           to_conn(row.after)});
        }
        std::sort(wanted.begin(), wanted.end());
        std::sort(got.begin(), got.end());
        CHECK(got == wanted);
        CHECK(json(changes.peers_added) == expected.at("workloads_added"));
        CHECK(json(changes.peers_removed) == expected.at("workloads_removed"));
    }
}
