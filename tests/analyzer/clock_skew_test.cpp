// SPDX-License-Identifier: Apache-2.0
#include "analyzer/clock_skew.h"

#include <catch2/catch.hpp>

#include "tests/analyzer/recording_builder.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;

namespace {

/// What a host saw of connections `first`.. of a chain of them, by a clock that is `behind`.
RecordingBuilder host(const char* boot, Duration behind, Duration delay, int connections = 5) {
    RecordingBuilder r;
    r.recording().info.boot_id = boot;
    r.container("web", "10.0.0.1").container("db", "10.0.0.2");
    for (int i = 0; i < connections; ++i) {
        const auto isn = static_cast<std::uint32_t>(1000 + i);
        r.tcp("10.0.0.1:40000", "10.0.0.2:5432")
            .isn(isn, isn + 7)
            .at(std::chrono::seconds(60 + i) + delay - behind)
            .bridge();
    }
    return r;
}

}  // namespace

TEST_CASE("connections that two hosts saw tell how far one's clock is behind") {
    auto a = host("boot-a", 0s, 0s);
    auto b = host("boot-b", 42s, 1ms);
    const auto skew = clock_skew(a.recording(), b.recording());
    REQUIRE(skew);
    CHECK(skew->witnesses == 5);
    CHECK(skew->behind == 42s - 1ms);
    shift(b.recording(), skew->behind);
    CHECK(b.recording().sightings.front().first == a.recording().sightings.front().first);
    CHECK(b.recording().targets.front().to == forever);
    CHECK(b.recording().info.started == test::at(42s - 1ms));
    CHECK(clock_skew(a.recording(), b.recording())->behind == 0s);
}

TEST_CASE("a SYN that was sent again does not move the clock") {
    auto a = host("boot-a", 0s, 0s);
    auto b = host("boot-b", -3s, 0s);
    b.recording().sightings[2].first += 7s;
    CHECK(clock_skew(a.recording(), b.recording())->behind == -3s);
}

TEST_CASE("without enough that agrees nothing is said of clocks") {
    auto a = host("boot-a", 0s, 0s);
    SECTION("one host") {
        CHECK_FALSE(clock_skew(a.recording(), host("boot-a", 5s, 0s).recording()));
    }
    SECTION("too few") {
        CHECK_FALSE(clock_skew(a.recording(), host("boot-b", 5s, 0s, 2).recording()));
    }
    SECTION("other connections") {
        auto b = host("boot-b", 5s, 0s);
        for (auto& each : b.recording().sightings) *each.client_isn += 100;
        CHECK_FALSE(clock_skew(a.recording(), b.recording()));
    }
    SECTION("a clock that was set meanwhile") {
        auto b = host("boot-b", 5s, 0s);
        for (std::size_t i = 0; i < 5; ++i) {
            b.recording().sightings[i].first += std::chrono::seconds(10 * i);
        }
        CHECK_FALSE(clock_skew(a.recording(), b.recording()));
    }
}
