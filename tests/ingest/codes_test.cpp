// SPDX-License-Identifier: Apache-2.0
// docs/diagnostics.md and the code name the same diagnostics.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include <catch2/catch.hpp>

namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::set<std::string> matches(const std::string& text, const std::string& pattern) {
    const std::regex regex(pattern);
    std::set<std::string> found;
    for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it) {
        found.insert((*it)[1]);
    }
    return found;
}

std::set<std::string> used() {
    std::string text;
    for (const auto& entry : fs::recursive_directory_iterator("ingest")) {
        if (entry.is_regular_file()) text += read(entry.path());
    }
    return matches(text, "\"((NP|DOC|INV|CA|CI|IS|LD|CN|MX|DK|BL)[0-9]{3})\"");
}

std::set<std::string> documented() {
    const std::string text = read("docs/diagnostics.md");
    const std::size_t from = text.find("## Documents and manifests");
    REQUIRE(from != std::string::npos);
    return matches(text.substr(from, text.find("\n## ", from + 1) - from),
                   "\\| ((NP|DOC|INV|CA|CI|IS|LD|CN|MX|DK|BL)[0-9]{3}) \\|");
}

}  // namespace

TEST_CASE("every code that is used is documented, and every documented one is used") {
    CHECK(used().size() > 50);
    CHECK(used() == documented());
}

TEST_CASE("every code for policies has a sample") {
    std::set<std::string> sampled;
    for (const auto& entry : fs::directory_iterator("samples/broken")) {
        sampled.insert(read(entry.path()).substr(2, 5));
    }
    for (const std::string& code : used()) {
        const bool policy = code.starts_with("NP") || code.starts_with("LD") ||
                            code.starts_with("CN") || code.starts_with("MX");
        if (policy) CHECK(sampled.count(code) == 1);
    }
}
