// SPDX-License-Identifier: Apache-2.0
#include "analyzer/numbering.h"

#include <cstdint>
#include <map>
#include <random>
#include <string>

#include <catch2/catch.hpp>

using namespace nspect::analyzer;

namespace {

/// As poor as a hash may be.
struct SameForAll {
    std::size_t operator()(int) const noexcept { return 7; }
};

}  // namespace

TEST_CASE("a key gets the next number once, and the same one again") {
    Numbering<std::string> numbers;
    CHECK(numbers.find("a") == Numbering<std::string>::none);
    CHECK(numbers.number("a") == std::pair(0U, true));
    CHECK(numbers.number("b") == std::pair(1U, true));
    CHECK(numbers.number("a") == std::pair(0U, false));
    CHECK(numbers.find("b") == 1);
    CHECK(numbers.find("c") == Numbering<std::string>::none);
    CHECK(numbers.size() == 2);
    CHECK(numbers.keys() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("numbers are those of a map, over many keys and every growth") {
    Numbering<std::uint64_t> numbers;
    std::map<std::uint64_t, std::uint32_t> expected;
    std::mt19937_64 random(1);
    for (int i = 0; i < 100'000; ++i) {
        const std::uint64_t key = random() % 30'000 << 40U;  // equal in their lower bits
        const auto next = static_cast<std::uint32_t>(expected.size());
        const auto [entry, added] = expected.try_emplace(key, next);
        REQUIRE(numbers.number(key) == std::pair(entry->second, added));
    }
    for (const auto& [key, number] : expected) REQUIRE(numbers.find(key) == number);
}

TEST_CASE("keys with one hash are told apart") {
    Numbering<int, SameForAll> numbers;
    for (int i = 0; i < 500; ++i) REQUIRE(numbers.number(i).first == static_cast<unsigned>(i));
    for (int i = 0; i < 500; ++i) REQUIRE(numbers.find(i) == static_cast<unsigned>(i));
}
