// SPDX-License-Identifier: Apache-2.0
// The data sets beside the project: every manifest loads, every invalid case is refused.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include <catch2/catch.hpp>

#include "tests/ingest/helpers.h"

namespace fs = std::filesystem;
using namespace nspect;
using namespace nspect::ingest;

namespace {

fs::path shared_folder() {
    const char* named = std::getenv("NSPECT_SHARED");
    return fs::path(named != nullptr ? named : "../shared") / "conformance";
}

bool present(const fs::path& folder) {
    if (fs::is_directory(folder)) return true;
    std::cout << "left out: " << folder.string() << " is not there\n";
    return false;
}

std::string words(const Diagnostics& diagnostics) {
    std::string text;
    for (const auto& item : diagnostics.items()) text += to_string(item) + "\n";
    return text;
}

// The codes that say what the data set's error class says.
const std::map<std::string, std::string> expected_code{
    {"admin-rule-without-peers", "NP021"},
    {"admin-port-needs-exactly-one-field", "NP023"},
    {"admin-peer-needs-exactly-one-field", "NP022"},
    {"invalid-cidr", "NP009"},
    {"subject-needs-exactly-one-of-namespaces-pods", "NP020"},
    {"unknown-action", "NP024"},
    {"invalid-label-selector", "NP015"},
    {"peer-empty", "NP007"},
    {"duplicate-namespace", "INV001"},
    {"duplicate-networkpolicy", "NP019"},
    {"illegal-port-range", "NP003"},
};

std::string error_class(const fs::path& expected) {
    std::ifstream file(expected);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::string key = "\"error_class\": \"";
    const std::size_t from = text.find(key) + key.size();
    return text.substr(from, text.find('"', from) - from);
}

}  // namespace

TEST_CASE("every manifest of the data sets loads without an error", "[shared]") {
    const fs::path root = shared_folder();
    if (!present(root)) return;
    std::size_t loaded = 0;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        const std::string path = entry.path().string();
        const bool is_yaml = entry.path().extension() == ".yaml";
        if (!is_yaml || path.find("/invalid/") != std::string::npos) continue;
        Diagnostics diagnostics;
        auto bundle = load({path}, diagnostics);
        REQUIRE(bundle);
        INFO(words(diagnostics));
        CHECK_FALSE(diagnostics.has_errors());
        ++loaded;
    }
    CHECK(loaded > 300);
}

TEST_CASE("every invalid case of the data sets is refused for the right reason", "[shared]") {
    const fs::path root = shared_folder() / "netpol-connectivity" / "invalid";
    if (!present(root)) return;
    for (const auto& entry : fs::directory_iterator(root)) {
        Diagnostics diagnostics;
        auto bundle = load({(entry.path() / "manifests").string()}, diagnostics);
        REQUIRE(bundle);
        const std::string wrong = error_class(entry.path() / "expected.json");
        INFO(entry.path().string() << " " << wrong << "\n" << words(diagnostics));
        CHECK(diagnostics.has_errors());
        const auto code = expected_code.find(wrong);
        REQUIRE(code != expected_code.end());
        const auto& items = diagnostics.items();
        CHECK(std::any_of(items.begin(), items.end(),
                          [&](const Diagnostic& item) { return item.code == code->second; }));
    }
}
