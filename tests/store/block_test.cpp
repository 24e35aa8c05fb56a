// SPDX-License-Identifier: Apache-2.0
// Blocks of sightings as docs/recording-format.md has them.
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "store/block_decoder.h"
#include "tests/store/recording_world.h"

using namespace nspect;
using namespace nspect::test;
using store::AppNames;
using store::BlockDecoder;
using store::BlockText;

namespace {

const AppNames apps{{0, ""}, {1, "postgres"}};

std::string text_of(const std::vector<Sighting>& sightings, Timestamp from) {
    BlockText text(from);
    for (const auto& each : sightings) text.add(each, 1, std::nullopt);
    return std::string(text.finish());
}

}  // namespace

TEST_CASE("a block's text is as it is documented", "[store]") {
    auto wide = plain_sighting(2);
    wide.fingerprint = std::numeric_limits<std::uint64_t>::max();
    wide.client.ip = *IpAddress::parse("fd00::1");
    wide.client_isn.reset();
    wide.vlan = 30;
    wide.outer_vlan = 20;
    wide.tunnel = TunnelSeen{.kind = TunnelKind::vxlan,
                             .depth = 1,
                             .id = 42,
                             .client = *IpAddress::parse("10.0.0.1"),
                             .server = *IpAddress::parse("10.0.0.2")};
    CHECK(
        text_of({plain_sighting(1), wide}, plain_sighting(1).first) ==
        R"([[1,0,5000000,1,0,6,"10.1.0.5",1025,"10.1.0.9",5432,0,0,1,3,300,2,200,0,2654435761,)"
        R"(null,0,0,1],[2,1000000,6000000,1,0,6,"fd00::1",1026,"10.1.0.9",5432,0,0,1,3,300,2,200,)"
        R"(0,null,null,-1,0,1,null,0,0,0,0,0,0,0,0,0,0,30,20,1,1,42,"10.0.0.1","10.0.0.2"]])");
    CHECK(text_of({}, {}) == "[]");
}

TEST_CASE("what many blocks hold comes in the order in which they were added", "[store]") {
    constexpr std::uint64_t blocks = 3000;
    std::vector<std::uint64_t> ids;
    BlockDecoder decoder(apps, {}, [&](BlockDecoder::Decoded& decoded) -> Status {
        CHECK(decoded.invalid == 0);
        for (const auto& each : decoded.sightings) {
            CHECK((each == plain_sighting(each.id)));
            ids.push_back(each.id);
        }
        return done;
    });
    for (std::uint64_t n = 0; n < blocks; ++n) {
        const auto first = plain_sighting(2 * n);
        REQUIRE(decoder.add(text_of({first, plain_sighting(2 * n + 1)}, first.first), first.first));
    }
    REQUIRE(decoder.finish());
    REQUIRE(ids.size() == 2 * blocks);
    for (std::uint64_t n = 0; n < ids.size(); ++n) REQUIRE(ids[n] == n);
}

TEST_CASE("who takes what was decoded may end it", "[store]") {
    const auto text = text_of(std::vector<Sighting>(100, plain_sighting(1)), {});
    const auto add_until_it_ends = [&](const BlockDecoder::Use& use) {
        BlockDecoder decoder(apps, {}, use);
        Status added = done;
        for (int n = 0; n < 1000 && added; ++n) added = decoder.add(text, {});
        return added;
    };
    const auto refused = add_until_it_ends([](BlockDecoder::Decoded&) -> Status {
        return Error{Error::Kind::io, "no more", {}, {}};
    });
    REQUIRE(!refused);
    CHECK(refused.error().message == "no more");
    CHECK_THROWS_AS(add_until_it_ends(
                        [](BlockDecoder::Decoded&) -> Status { throw std::runtime_error("full"); }),
                    std::runtime_error);
}
