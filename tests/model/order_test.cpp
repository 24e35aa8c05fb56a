// SPDX-License-Identifier: Apache-2.0
#include "model/order.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace nspect;

TEST_CASE("putting in order does what sorting does, and keeps equal ones", "[model]") {
    std::mt19937 random(1);
    for (std::size_t size = 0; size < 200; ++size) {
        std::vector<std::pair<int, std::string>> items;
        for (std::size_t i = 0; i < size; ++i)
            items.emplace_back(static_cast<int>(random() % (size / 2 + 1)), std::to_string(i));
        const auto less = [](const auto& a, const auto& b) { return a.first < b.first; };
        auto expected = items;
        std::stable_sort(expected.begin(), expected.end(), less);
        put_in_order(items, sorted_order(items, less));
        CHECK(items == expected);
    }
}

TEST_CASE("small keys are put in the same order", "[model]") {
    std::mt19937 random(2);
    for (std::size_t size = 0; size < 200; ++size) {
        std::vector<std::uint64_t> keys;
        for (std::size_t i = 0; i < size; ++i) keys.push_back(random() % (size / 2 + 1));
        CHECK(sorted_order(keys) == sorted_order(keys, std::less<>()));
    }
}

TEST_CASE("what can only be moved is put in order", "[model]") {
    std::vector<std::unique_ptr<int>> items;
    for (const int each : {3, 1, 2, 0}) items.push_back(std::make_unique<int>(each));
    put_in_order(items, sorted_order(items, [](const auto& a, const auto& b) { return *a < *b; }));
    for (int i = 0; i < 4; ++i) CHECK(*items[static_cast<std::size_t>(i)] == i);
}
