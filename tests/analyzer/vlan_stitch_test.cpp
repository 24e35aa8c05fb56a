// SPDX-License-Identifier: Apache-2.0
// Two VLANs of one interface: a router's two copies of a flow, or two networks with the same
// addresses.
#include <catch2/catch.hpp>

#include "analyzer/identity.h"
#include "analyzer/stitch.h"
#include "tests/analyzer/recording_builder.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;

namespace {

constexpr const char* client = "10.0.0.1:40000";
constexpr const char* server = "10.0.0.2:80";

std::vector<Conversation> stitched(RecordingBuilder& r) {
    return stitch(r.recording(), with_recording(Inventory{}, r.recording()));
}

std::vector<int> vlans(const Conversation& conversation) {
    std::vector<int> all;
    for (const auto& point : conversation.vantages) all.push_back(point.vlan);
    return all;
}

void check_counted_once(RecordingBuilder& r) {
    const auto all = stitched(r);
    REQUIRE(all.size() == 1);
    CHECK(all[0].sent.packets == 4);
    CHECK(all[0].received.packets == 3);
    CHECK(vlans(all[0]) == std::vector<int>{10, 20});
}

}  // namespace

TEST_CASE("a connection routed from one VLAN of a trunk to another is counted once") {
    RecordingBuilder r;
    r.tcp(client, server).isn(7, 8).vlan(10).bridge().vlan(20).bridge();
    check_counted_once(r);
}

TEST_CASE("the same, nobody answered") {
    RecordingBuilder r;
    r.tcp(client, server)
        .isn(7, {})
        .outcome(Outcome::unanswered)
        .vlan(10)
        .bridge()
        .vlan(20)
        .bridge();
    const auto all = stitched(r);
    REQUIRE(all.size() == 1);
    CHECK(all[0].sent.packets == 4);
}

TEST_CASE("the same, its start was not seen: by its times and how much was said") {
    RecordingBuilder r;
    r.tcp(client, server).isn({}, {}).vlan(10).bridge().vlan(20).bridge();
    check_counted_once(r);
}

TEST_CASE("a datagram routed from one VLAN to another is counted once") {
    RecordingBuilder r;
    r.udp(client, server).payload(77).vlan(10).bridge().vlan(20).bridge();
    check_counted_once(r);
}

TEST_CASE("the VLANs of a provider differ by the outer tag too") {
    RecordingBuilder r;
    r.tcp(client, server).isn(7, 8).vlan(10, 100).bridge().vlan(10, 200).bridge();
    const auto all = stitched(r);
    REQUIRE(all.size() == 1);
    CHECK(all[0].vantages.at(1).outer_vlan == 200);
    CHECK(all[0].sent.packets == 4);
}

TEST_CASE("two networks with the same addresses and ports on two VLANs stay two conversations") {
    RecordingBuilder r;
    SECTION("other initial sequence numbers") {
        r.tcp(client, server).isn(7, 8).vlan(10).bridge();
        r.tcp(client, server).isn(70, 80).vlan(20).bridge();
    }
    SECTION("the same number of the client, another one of the server") {
        r.tcp(client, server).isn(7, 8).vlan(10).bridge();
        r.tcp(client, server).isn(7, 80).vlan(20).bridge();
    }
    SECTION("starts not seen, times differ") {
        r.tcp(client, server).isn({}, {}).at(1s, 10s).vlan(10).bridge();
        r.tcp(client, server).isn({}, {}).at(2s, 9s).vlan(20).bridge();
    }
    SECTION("starts not seen, one said more") {
        r.tcp(client, server).isn({}, {}).vlan(10).bridge();
        r.tcp(client, server).isn({}, {}).answered({40, 4000}).vlan(20).bridge();
    }
    SECTION("one start seen") {
        r.tcp(client, server).isn(7, 8).at(1s, 10s).vlan(10).bridge();
        r.tcp(client, server).isn({}, {}).at(2s, 5s).vlan(20).bridge();
    }
    SECTION("datagrams with other payload") {
        r.udp(client, server).payload(77).vlan(10).bridge();
        r.udp(client, server).payload(78).vlan(20).bridge();
    }
    SECTION("datagrams without a word of payload") {
        r.udp(client, server).payload(0).vlan(10).bridge().vlan(20).bridge();
    }
    SECTION("the same payload at another time") {
        r.udp(client, server).payload(77).at(1s).vlan(10).bridge();
        r.udp(client, server).payload(77).at(1500ms).vlan(20).bridge();
    }
    SECTION("tagged and untagged") {
        r.udp(client, server).payload(77).bridge();
        r.udp(client, server).payload(78).vlan(20).bridge();
    }
    CHECK(stitched(r).size() == 2);
}

TEST_CASE("a trunk and an untagged port are two vantages like any") {
    RecordingBuilder r;
    r.container("web", "10.0.0.1");
    r.tcp(client, server).isn({}, {}).veth("web").vlan(10).bridge();
    const auto all = stitched(r);
    REQUIRE(all.size() == 1);
    CHECK(vlans(all[0]) == std::vector<int>{0, 10});
}
