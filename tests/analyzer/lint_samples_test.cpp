// SPDX-License-Identifier: Apache-2.0
// samples/broken/lint-CODE.yaml has one mistake of each kind; tests/analyzer/expected what is said
// about it.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "analyzer/lint.h"
#include "tests/ingest/helpers.h"

namespace fs = std::filesystem;
using namespace nspect;
using namespace nspect::analyzer;

namespace {

std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string words(const Finding& finding) {
    std::string text = std::string(to_string(finding.severity)) + ' ' + finding.code + ' ' +
                       finding.subject + "\n    " + finding.message + '\n';
    for (const auto& each : finding.evidence) text += "    - " + each + '\n';
    if (finding.location) text += "    at " + to_string(*finding.location) + '\n';
    return text;
}

/// Findings of one code in one file. With a recording of eight days in which nobody talks.
std::string linted(const fs::path& file, std::string_view code) {
    auto loaded = ingest::test::load_named(file.string(), read(file));
    CHECK(loaded.words().empty());
    World world;
    world.inventory = std::move(loaded.bundle.inventory);
    world.policies = std::move(loaded.bundle.policies);
    const PolicyEngine engine(world);
    const std::vector<Conversation> silence;
    Recording context;
    context.info.started = *parse_timestamp("2026-01-01T00:00:00Z");
    context.info.ended = *parse_timestamp("2026-01-09T00:00:00Z");
    LintInput input;
    input.documents = &loaded.diagnostics;
    input.conversations = &silence;
    input.context = &context;
    std::string text;
    for (const Finding& each : lint(engine, input).findings) {
        if (each.code == code) text += words(each);
    }
    return text;
}

}  // namespace

TEST_CASE("each lint has a sample, and of it exactly this is said", "[golden]") {
    for (const LintRow& row : lint_table()) {
        const std::string name = "lint-" + std::string(row.code);
        const fs::path sample = fs::path("samples/broken") / (name + ".yaml");
        INFO(sample.string());
        REQUIRE(fs::exists(sample));
        CHECK(read(sample).starts_with("# " + std::string(row.code) + ": "));
        const std::string found = linted(sample, row.code);
        CHECK_FALSE(found.empty());
        const fs::path golden = fs::path("tests/analyzer/expected") / (name + ".txt");
        if (std::getenv("NSPECT_UPDATE") != nullptr) std::ofstream(golden) << found;
        CHECK(found == read(golden));
    }
}

TEST_CASE("each lint has a line in docs/diagnostics.md, with its severity and what it says") {
    const std::string text = read("docs/diagnostics.md");
    for (const LintRow& row : lint_table()) {
        const std::string line = "| `" + std::string(row.code) + "` | " +
                                 std::string(to_string(row.severity)) + " | " +
                                 std::string(row.says) + " |";
        INFO(line);
        CHECK(text.find(line) != std::string::npos);
    }
}

TEST_CASE("no sample belongs to a lint that is not there") {
    for (const auto& entry : fs::directory_iterator("samples/broken")) {
        const std::string name = entry.path().stem().string();
        if (!name.starts_with("lint-")) continue;
        INFO(name);
        CHECK(std::any_of(lint_table().begin(), lint_table().end(),
                          [&](const LintRow& row) { return name.substr(5) == row.code; }));
    }
}
