// SPDX-License-Identifier: Apache-2.0
// The code, docs/diagnostics.md and what machine formats say of each finding agree.
#include "analyzer/finding_kinds.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include <catch2/catch.hpp>

using namespace nspect;
using analyzer::FindingKind;

namespace {

std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string section(const std::string& title) {
    const std::string text = read("docs/diagnostics.md");
    const std::size_t from = text.find("\n## " + title + "\n");
    REQUIRE(from != std::string::npos);
    return text.substr(from, text.find("\n## ", from + 1) - from);
}

/// "| `code` | severity": the first word is that of the gravest case.
std::set<std::pair<std::string, std::string>> documented(const std::string& title) {
    static const std::regex row("\\| `([a-z-]+)` \\| ([a-z]+)");
    const std::string text = section(title);
    std::set<std::pair<std::string, std::string>> found;
    for (std::sregex_iterator it(text.begin(), text.end(), row), end; it != end; ++it) {
        found.emplace((*it)[1], (*it)[2]);
    }
    return found;
}

std::set<std::pair<std::string, std::string>> listed(const std::vector<FindingKind>& kinds) {
    std::set<std::pair<std::string, std::string>> found;
    for (const auto& each : kinds) {
        if (each.code == "lint-incomplete") continue;  // below the table
        found.emplace(each.code, to_string(each.severity));
    }
    return found;
}

}  // namespace

TEST_CASE("every kind of finding is documented with its severity, and no other") {
    CHECK(listed(analyzer::audit_kinds()) == documented("Findings"));
    CHECK(listed(analyzer::lint_kinds()) == documented("Lint"));
}

TEST_CASE("every kind says what it is and what to do") {
    for (const auto* kinds : {&analyzer::audit_kinds(), &analyzer::lint_kinds()}) {
        for (const FindingKind& each : *kinds) {
            CAPTURE(each.code);
            CHECK(each.says.size() > 10);
            CHECK(each.help.size() > 10);
            CHECK(each.help.ends_with('.'));
        }
    }
}
