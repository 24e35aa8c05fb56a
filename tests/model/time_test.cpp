// SPDX-License-Identifier: Apache-2.0
#include "model/time.h"

#include <catch2/catch.hpp>

#include "tests/model/random_seed.h"

using namespace nspect;
using namespace std::chrono_literals;

namespace {

std::string round_trip(std::string_view text) {
    const auto time = parse_timestamp(text);
    return time ? to_string(*time) : "refused";
}

}  // namespace

TEST_CASE("timestamps print in UTC with nine digits", "[time]") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"2026-01-01T10:00:00.000000001Z", "2026-01-01T10:00:00.000000001Z"},
        {"2026-01-01T10:00:00Z", "2026-01-01T10:00:00.000000000Z"},
        {"2026-01-01t10:00:00.5z", "2026-01-01T10:00:00.500000000Z"},
        {"2026-01-01T10:00:00.123456+02:00", "2026-01-01T08:00:00.123456000Z"},
        {"2026-01-01T01:00:00-23:59", "2026-01-02T00:59:00.000000000Z"},
        {"2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00.000000000Z"},
        {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000000Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000000Z"},
        {"1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999999Z"},
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000000Z"},
        {"1677-09-21T00:12:43.145224192Z", "1677-09-21T00:12:43.145224192Z"},
        {"2262-04-11T23:47:16.854775807Z", "2262-04-11T23:47:16.854775807Z"},
    }));
    CHECK(round_trip(text) == expected);
}

TEST_CASE("for people a timestamp ends with its second", "[time]") {
    CHECK(to_seconds(Timestamp(std::chrono::milliseconds(1999))) == "1970-01-01T00:00:01Z");
    CHECK(to_seconds(Timestamp(std::chrono::nanoseconds(-1))) == "1969-12-31T23:59:59Z");
}

TEST_CASE("text that is not one RFC 3339 moment is refused", "[time]") {
    const auto text = GENERATE(values<std::string>({
        "",
        "2026",
        "2026-01-01",
        "2026-01-01T10:00:00",
        "2026-01-01 10:00:00Z",
        "2026-1-01T10:00:00Z",
        "2026-13-01T10:00:00Z",
        "2026-00-01T10:00:00Z",
        "2026-02-29T10:00:00Z",
        "2026-01-32T10:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T10:60:00Z",
        "2026-01-01T10:00:61Z",
        "2026-01-01T10:00:00.Z",
        "2026-01-01T10:00:00.0000000001Z",
        "2026-01-01T10:00:00ZZ",
        "2026-01-01T10:00:00+0100",
        "2026-01-01T10:00:00+24:00",
        "2026-01-01T10:00:00+",
        "-026-01-01T10:00:00Z",
        " 2026-01-01T10:00:00Z",
        "1677-09-21T00:12:43.145224191Z",
        "2262-04-11T23:47:16.854775808Z",
        "9999-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
    }));
    CAPTURE(text);
    CHECK_FALSE(parse_timestamp(text).has_value());
}

TEST_CASE("every timestamp reads back as itself, from the first to the last", "[time]") {
    CHECK(parse_timestamp(to_string(Timestamp::min())) == Timestamp::min());
    CHECK(parse_timestamp(to_string(forever)) == forever);
    const auto seed = random_seed();
    INFO("NSPECT_SEED=" << seed);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 20'000; ++i) {
        const Timestamp time{Duration(static_cast<std::int64_t>(random()))};
        CHECK(parse_timestamp(to_string(time)) == time);
    }
}

TEST_CASE("durations are said in the unit people would choose", "[time]") {
    const auto [duration, expected] = GENERATE(table<Duration, std::string>({
        {0ns, "0 s"},
        {1ns, "1 ns"},
        {999ns, "999 ns"},
        {1us, "1 us"},
        {1234us, "1.2 ms"},
        {1250us, "1.3 ms"},
        {12ms, "12 ms"},
        {999'960us, "1 s"},
        {1500ms, "1.5 s"},
        {59s, "59 s"},
        {340s, "340 s"},
        {599s, "599 s"},
        {600s, "10 min"},
        {605s, "10 min 5 s"},
        {3599s, "59 min 59 s"},
        {1h, "1 h"},
        {2h + 5min + 40s, "2 h 5 min"},
        {47h + 59min, "47 h 59 min"},
        {48h, "2 d"},
        {75h, "3 d 3 h"},
        {-1500ms, "-1.5 s"},
    }));
    CHECK(to_words(duration) == expected);
    CHECK(to_words(Duration::max()) == "106751 d 23 h");
    CHECK(to_words(Duration::min()) == "-106751 d 23 h");
}
