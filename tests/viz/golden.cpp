// SPDX-License-Identifier: Apache-2.0
#include "tests/viz/golden.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

namespace nspect::test {

namespace {

std::string first_difference(const std::string& expected, const std::string& actual) {
    std::istringstream left(expected);
    std::istringstream right(actual);
    for (int line = 1;; ++line) {
        std::string a;
        std::string b;
        const bool more_a = static_cast<bool>(std::getline(left, a));
        const bool more_b = static_cast<bool>(std::getline(right, b));
        if (!more_a && !more_b) return "only the line ends differ";
        if (a != b || more_a != more_b) {
            return "line " + std::to_string(line) + "\n  expected: " + a + "\n  actual:   " + b;
        }
    }
}

}  // namespace

void check_golden(const std::string& name, const std::string& text) {
    const std::string path = "tests/golden/viz/" + name;
    if (const char* update = std::getenv("NSPECT_UPDATE"); update != nullptr && *update == '1') {
        std::ofstream(path, std::ios::binary) << text;
    }
    std::ifstream file(path, std::ios::binary);
    REQUIRE(file);
    std::ostringstream content;
    content << file.rdbuf();
    INFO(path << ": " << first_difference(content.str(), text));
    CHECK((content.str() == text));
}

}  // namespace nspect::test
