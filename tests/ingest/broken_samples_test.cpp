// SPDX-License-Identifier: Apache-2.0
// samples/broken holds one file per policy mistake; tests/ingest/expected what is said about each.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "tests/ingest/helpers.h"

namespace fs = std::filesystem;
using namespace nspect;
using namespace nspect::ingest;

namespace {

std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> samples() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator("samples/broken")) {
        // Those of lint have a test of their own, tests/analyzer/lint_samples_test.cpp.
        if (!entry.path().filename().string().starts_with("lint-")) files.push_back(entry);
    }
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

TEST_CASE("each broken sample gives the code its first line names, and exactly this text",
          "[golden]") {
    const auto files = samples();
    REQUIRE(files.size() >= 30);
    for (const fs::path& file : files) {
        const std::string text = read(file);
        const auto loaded = test::load_named(file.string(), text);
        const std::string code = text.substr(2, 5);
        const auto codes = loaded.codes();
        INFO(file.string());
        CHECK(std::find(codes.begin(), codes.end(), code) != codes.end());
        const fs::path golden =
            fs::path("tests/ingest/expected") / file.filename().replace_extension(".txt");
        if (std::getenv("NSPECT_UPDATE") != nullptr) std::ofstream(golden) << loaded.words();
        CHECK(loaded.words() == read(golden));
    }
}

TEST_CASE("a policy with an error is left out, one with a warning is kept") {
    for (const fs::path& file : samples()) {
        const auto loaded = test::load_named(file.string(), read(file));
        INFO(file.string());
        CHECK(loaded.bundle.left_out == (loaded.errors() > 0 ? 1U : 0U));
        // Meshes: several documents make a policy, and one for what no document says.
        const std::string code = read(file).substr(2, 2);
        if (code == "LD" || code == "CN" || code == "MX") continue;
        const std::set<std::string> not_enforced{"CA015", "CA019", "CA021"};
        if (not_enforced.count(read(file).substr(2, 5)) != 0) {
            CHECK(loaded.bundle.policies.empty());
            continue;
        }
        CHECK(loaded.bundle.policies.size() == loaded.bundle.documents - loaded.bundle.left_out);
    }
}
