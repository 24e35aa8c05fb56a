// SPDX-License-Identifier: Apache-2.0
#include "capture/source/scripted.h"

#include <catch2/catch.hpp>

using namespace nspect;
using namespace nspect::capture;

TEST_CASE("a script is played in order and in pieces", "[source]") {
    ScriptedSource source({{.data = {std::byte{1}}, .time = Timestamp(std::chrono::seconds(5))},
                           {.data = {std::byte{2}, std::byte{3}}, .wire_length = 70},
                           {.data = {}}});
    std::vector<std::uint32_t> lengths;
    const auto note = [&](const RawPacket& packet) { lengths.push_back(packet.wire_length); };
    CHECK(*source.read(2, note) == 2);
    CHECK_FALSE(source.finished());
    CHECK(*source.read(2, note) == 1);
    CHECK(source.finished());
    CHECK(lengths == std::vector<std::uint32_t>{1, 70, 0});
    CHECK(source.stats().received == 3);
}

TEST_CASE("a script can end in an error, once", "[source]") {
    ScriptedSource source({{.data = {std::byte{1}}}});
    source.fail_at_end({Error::Kind::io, "gone", "", ""});
    const auto ignore = [](const RawPacket&) {};
    CHECK(*source.read(9, ignore) == 1);
    CHECK_FALSE(source.finished());
    CHECK_FALSE(source.read(9, ignore));
    CHECK(source.finished());
}

TEST_CASE("draining a source that is always ready reads all of it", "[source]") {
    ScriptedSource source(std::vector<ScriptedPacket>(5000));
    std::size_t seen = 0;
    CHECK(*drain(source, [&](const RawPacket&) { ++seen; }) == 5000);
    CHECK(seen == 5000);
}
