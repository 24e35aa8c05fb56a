// SPDX-License-Identifier: Apache-2.0
#include "analyzer/threads.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace nspect::analyzer;

namespace {

/// Each part is its number, doubled.
struct Doubling {
    std::vector<std::size_t> slots = std::vector<std::size_t>(Ahead::most_slots);
    std::vector<std::size_t> used;
    std::thread::id user = std::this_thread::get_id();

    Ahead work(std::size_t parts, unsigned threads) {
        return {parts, threads,
                [this](unsigned, std::size_t part, std::size_t slot) { slots[slot] = 2 * part; },
                [this](std::size_t part, std::size_t slot) {
                    CHECK(slots[slot] == 2 * part);
                    CHECK(std::this_thread::get_id() == user);
                    used.push_back(part);
                    return true;
                }};
    }
};

std::vector<std::size_t> numbers_to(std::size_t end) {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < end; ++i) all.push_back(i);
    return all;
}

}  // namespace

TEST_CASE("little work has no second thread", "[threads]") {
    CHECK(threads_for(0) == 1);
    CHECK(threads_for(100) == 1);
    CHECK(threads_for(10'000'000) >= 1);
    CHECK(threads_for(10'000'000) <= Ahead::most_slots);
}

TEST_CASE("work side by side is done once each", "[threads]") {
    const unsigned threads = GENERATE(1U, 2U, 3U, 8U);
    const std::size_t count = GENERATE(0U, 1U, 2U, 1000U);
    std::vector<std::atomic<int>> done(count);
    side_by_side(count, threads, [&](std::size_t i) { ++done[i]; });
    CHECK(std::all_of(done.begin(), done.end(), [](const auto& each) { return each == 1; }));
}

TEST_CASE("an exception of work side by side ends it and is passed on", "[threads]") {
    const unsigned threads = GENERATE(1U, 2U, 4U);
    std::atomic<std::size_t> done = 0;
    const auto work = [&](std::size_t i) {
        if (i == 10) throw std::runtime_error("ten");
        ++done;
    };
    CHECK_THROWS_WITH(side_by_side(1'000'000, threads, work), "ten");
    CHECK(done < 999'999);
}

TEST_CASE("both are done, mine by the caller, and an exception of either is passed on",
          "[threads]") {
    const unsigned threads = GENERATE(1U, 2U);
    std::thread::id mine;
    bool other = false;
    both(
        threads, [&] { mine = std::this_thread::get_id(); }, [&] { other = true; });
    CHECK(mine == std::this_thread::get_id());
    CHECK(other);
    const auto fails = [] { throw std::runtime_error("no"); };
    CHECK_THROWS_WITH(both(threads, fails, [] {}), "no");
    CHECK_THROWS_WITH(both(
                          threads, [] {}, fails),
                      "no");
}

TEST_CASE("what is made ahead is used in order, by the caller's thread", "[threads]") {
    const unsigned threads = GENERATE(1U, 2U, 3U, 8U);
    const std::size_t parts = GENERATE(0U, 1U, 5U, 5000U);
    Doubling doubling;
    make_ahead(doubling.work(parts, threads));
    CHECK(doubling.used == numbers_to(parts));
}

TEST_CASE("no more is made ahead than there are slots", "[threads]") {
    const unsigned threads = GENERATE(1U, 2U, 4U);
    std::atomic<std::size_t> made = 0;
    Doubling doubling;
    auto work = doubling.work(500, threads);
    const auto make = work.make;
    work.make = [&](unsigned thread, std::size_t part, std::size_t slot) {
        ++made;
        make(thread, part, slot);
    };
    work.use = [&](std::size_t part, std::size_t) {
        CHECK(made <= part + Ahead::slots(threads));
        return true;
    };
    make_ahead(work);
    CHECK(made == 500);
}

TEST_CASE("each thread makes one part at a time", "[threads]") {
    std::array<std::atomic<int>, 4> busy{};
    std::atomic<bool> twice = false;
    Doubling doubling;
    auto work = doubling.work(2000, 4);
    const auto make = work.make;
    work.make = [&](unsigned thread, std::size_t part, std::size_t slot) {
        if (++busy.at(thread) > 1) twice = true;
        make(thread, part, slot);
        --busy.at(thread);
    };
    make_ahead(work);
    CHECK_FALSE(twice);
}

TEST_CASE("nothing is used after the end was asked for", "[threads]") {
    const unsigned threads = GENERATE(1U, 2U, 4U);
    Doubling doubling;
    auto work = doubling.work(100'000, threads);
    work.use = [&](std::size_t part, std::size_t) {
        doubling.used.push_back(part);
        return part < 7;
    };
    make_ahead(work);
    CHECK(doubling.used == numbers_to(8));
}

TEST_CASE("an exception of a part is passed on when it is its turn", "[threads]") {
    const unsigned threads = GENERATE(1U, 2U, 4U);
    Doubling doubling;
    auto work = doubling.work(1000, threads);
    const auto make = work.make;
    work.make = [&](unsigned thread, std::size_t part, std::size_t slot) {
        if (part >= 20) throw std::runtime_error("part " + std::to_string(part));
        make(thread, part, slot);
    };
    CHECK_THROWS_WITH(make_ahead(work), "part 20");
    CHECK(doubling.used == numbers_to(20));
}

TEST_CASE("an exception of the user is passed on", "[threads]") {
    const unsigned threads = GENERATE(1U, 2U, 4U);
    Doubling doubling;
    auto work = doubling.work(100'000, threads);
    work.use = [](std::size_t part, std::size_t) -> bool {
        if (part == 3) throw std::runtime_error("enough");
        return true;
    };
    CHECK_THROWS_WITH(make_ahead(work), "enough");
}
