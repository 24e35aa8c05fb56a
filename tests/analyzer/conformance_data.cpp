// SPDX-License-Identifier: Apache-2.0
#include "tests/analyzer/conformance_data.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "ingest/load.h"

namespace nspect::conformance {
namespace {

bool is_ipv6_range(const std::string& peer) {
    return peer.find(':') != std::string::npos;
}

}  // namespace

std::optional<std::string> folder(const std::string& name) {
    const char* shared = std::getenv("NSPECT_SHARED");
    const std::string path =
        std::string(shared != nullptr ? shared : "../shared") + "/conformance/" + name;
    if (std::filesystem::is_directory(path)) return path;
    std::cout << "left out: " << name << " (NSPECT_SHARED does not point to the data)\n";
    return std::nullopt;
}

std::vector<std::string> cases_in(const std::string& parent, const std::string& marker) {
    std::vector<std::string> cases;
    for (const auto& entry : std::filesystem::directory_iterator(parent)) {
        if (std::filesystem::exists(entry.path() / marker)) cases.push_back(entry.path().string());
    }
    std::sort(cases.begin(), cases.end());
    return cases;
}

nlohmann::json read_json(const std::string& path) {
    std::ifstream file(path);
    return nlohmann::json::parse(file);
}

analyzer::World load_world(const std::vector<std::string>& inputs, analyzer::IpBlockPods blocks) {
    Diagnostics diagnostics;
    auto bundle = ingest::load(inputs, diagnostics);
    analyzer::World world;
    if (!bundle) {
        std::cout << to_string(bundle.error()) << '\n';
        return world;
    }
    world.inventory = std::move(bundle->inventory);
    world.policies = std::move(bundle->policies);
    world.options.ip_block_pods = blocks;
    return world;
}

Rows rows_of(const analyzer::Connectivity& connectivity) {
    Rows rows;
    for (const auto& row : connectivity.rows) {
        if (is_ipv6_range(row.src) || is_ipv6_range(row.dst)) continue;
        const std::string conn = to_conn(row.traffic);
        if (conn != "No Connections") rows[{row.src, row.dst}] = conn;
    }
    return rows;
}

Rows rows_of(const nlohmann::json& expected) {
    Rows rows;
    for (const auto& row : expected.at("connectivity")) {
        rows[{row.at("src").get<std::string>(), row.at("dst").get<std::string>()}] =
            row.at("conn").get<std::string>();
    }
    return rows;
}

std::string difference(const Rows& expected, const Rows& actual) {
    for (const auto& [pair, conn] : expected) {
        const auto found = actual.find(pair);
        const std::string got = found == actual.end() ? "no row" : found->second;
        if (got != conn) return pair.first + " -> " + pair.second + ": " + conn + ", got " + got;
    }
    for (const auto& [pair, conn] : actual) {
        if (expected.contains(pair)) continue;
        return pair.first + " -> " + pair.second + ": no row, got " + conn;
    }
    return {};
}

}  // namespace nspect::conformance
