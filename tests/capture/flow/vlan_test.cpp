// SPDX-License-Identifier: Apache-2.0
// VLANs are networks of their own, and one conversation may be tagged in two ways.
#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/capture/flow/flow_script.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;

namespace {

using Tags = std::vector<std::uint16_t>;

FlowScript& in(FlowScript& script, const Tags& forth, const Tags& back) {
    script.tags_forth = forth;
    script.tags_back = back;
    return script;
}

FlowScript& in(FlowScript& script, const Tags& both) {
    return in(script, both, both);
}

const std::vector<std::string> whole{
    "> S 100",          "< SA 500 101",  "> A 101 501",   "> A 101 501 10",
    "< A 501 111 2000", "> FA 111 2501", "< FA 2501 112", "> A 112 2502",
};

PacketBuilder datagram(const Tags& tags, bool forth, const std::string& payload) {
    auto built = packet().eth();
    for (const auto id : tags) built.vlan(id);
    forth ? built.ip4("10.0.0.1", "10.0.0.2").udp(5000, 6000)
          : built.ip4("10.0.0.2", "10.0.0.1").udp(6000, 5000);
    return built.payload(payload);
}

std::vector<std::pair<int, int>> vlans(const std::vector<Sighting>& sightings) {
    std::vector<std::pair<int, int>> all;
    for (const auto& each : sightings) all.emplace_back(each.outer_vlan, each.vlan);
    return all;
}

using Vlans = std::vector<std::pair<int, int>>;

}  // namespace

TEST_CASE("the same addresses and ports on two VLANs are two flows", "[flow][vlan]") {
    FlowScript script;
    for (std::size_t i = 0; i < whole.size(); ++i) {
        in(script, {10}).tcp({whole[i]});
        if (i < 4) in(script, {20}).tcp({whole[i]});
        if (i < 2) in(script, {5, 10}).tcp({whole[i]});
        if (i < 1) in(script, {}).tcp({whole[i]});
    }
    const auto seen = script.changed();
    CHECK(vlans(seen) == Vlans{{0, 10}, {0, 20}, {5, 10}, {0, 0}});
    CHECK(seen.at(0).sent.packets == 5);
    CHECK(seen.at(0).received.packets == 3);
    CHECK(seen.at(1).sent.packets == 3);
    CHECK(seen.at(1).received.packets == 1);
    CHECK(seen.at(2).received.packets == 1);
    CHECK(seen.at(3).outcome == Outcome::unanswered);
    for (const auto& each : seen) CHECK(each.retransmits == 0);
}

TEST_CASE("a priority tag is no VLAN", "[flow][vlan]") {
    FlowScript script;
    SECTION("alone") {
        in(script, {0}, {}).tcp(whole);
        CHECK(script.only().vlan == 0);
    }
    SECTION("around one or inside of one") {
        in(script, {0, 7}, {7, 0}).tcp(whole);
        const auto seen = script.only();
        CHECK(seen.vlan == 7);
        CHECK(seen.outer_vlan == 0);
    }
}

TEST_CASE("of more than two tags the outermost and the innermost count", "[flow][vlan]") {
    FlowScript script;
    in(script, {3, 4, 5}).tcp(whole);
    CHECK(vlans(script.changed()) == Vlans{{3, 5}});
}

TEST_CASE("two directions that are tagged in different ways are one flow", "[flow][vlan]") {
    const auto way = GENERATE(table<Tags, Tags>({
        {{}, {10}},          // the kernel took the tag of what it received
        {{10}, {}},          // and of what it sent
        {{10}, {20}},        // a mirror of what the switch received, private VLANs
        {{5, 10}, {5, 20}},  // the same at a provider's
        {{5, 10}, {10}},     // the provider's tag is gone one way
    }));
    const auto& [forth, back] = way;
    FlowScript script;
    SECTION("TCP from its start") {
        in(script, forth, back).tcp(whole);
        const auto seen = script.only();
        CHECK(seen.outcome == Outcome::established);
        CHECK(seen.sent.packets == 5);
        CHECK(seen.received.packets == 3);
        CHECK(seen.handshake_time == std::chrono::milliseconds(2));
        CHECK(seen.server_isn == 500);
        CHECK(seen.vlan == (forth.empty() ? 0 : forth.back()));
    }
    SECTION("TCP in its middle, from either end") {
        const bool client_first = GENERATE(true, false);
        auto rest = std::vector<std::string>(whole.begin() + 3, whole.end());
        if (!client_first) rest.erase(rest.begin());
        in(script, forth, back).tcp(rest);
        const auto seen = script.only();
        CHECK(seen.sent.packets + seen.received.packets == rest.size());
    }
    SECTION("a refused connection") {
        in(script, forth, back).tcp({"> S 100", "< RA 0 101"});
        CHECK(script.only().outcome == Outcome::refused);
    }
    SECTION("UDP") {
        for (int i = 0; i < 3; ++i) {
            script.add(datagram(forth, true, "ask")).add(datagram(back, false, "answer"));
        }
        const auto seen = script.only();
        CHECK(seen.sent.packets == 3);
        CHECK(seen.received.packets == 3);
        CHECK(seen.outcome == Outcome::established);
    }
    SECTION("several at once") {
        for (const auto& text : whole) {
            for (std::uint16_t port = 40000; port < 41000; ++port) {
                script.client_port = port;
                in(script, forth, back).tcp({text});
            }
        }
        const auto seen = script.changed();
        CHECK(seen.size() == 1000);
        CHECK(std::all_of(seen.begin(), seen.end(), [](const Sighting& each) {
            return each.sent.packets == 5 && each.received.packets == 3;
        }));
    }
    SECTION("its socket pair is used again") {
        in(script, forth, back).tcp(whole);
        in(script, forth, back).tcp({"> S 9000", "< SA 700 9001", "> A 9001 701"});
        const auto seen = script.changed();
        REQUIRE(seen.size() == 2);
        CHECK(seen[0].received.packets == 3);
        CHECK(seen[1].received.packets == 1);
        CHECK(seen[1].outcome == Outcome::established);
    }
    SECTION("an ICMP error comes back") {
        const auto ask = packet().ip4("10.0.0.1", "10.0.0.2").udp(5000, 6000).payload("ask");
        auto error = packet().eth();
        for (const auto id : back) error.vlan(id);
        error.ip4("10.0.0.2", "10.0.0.1").icmp(3, 3);
        script.add(datagram(forth, true, "ask")).add(error.quote(ask));
        CHECK(script.only().outcome == Outcome::refused);
    }
}

TEST_CASE("what a router sends back on another VLAN of a trunk is a flow in each", "[flow][vlan]") {
    FlowScript script;
    // Each packet in the VLAN it comes by, then in the one it leaves by.
    const auto routed = [&](const std::vector<std::string>& segments) {
        for (const auto& text : segments) {
            const bool forth = text[0] == '>';
            in(script, {forth ? std::uint16_t{10} : std::uint16_t{20}}).tcp({text});
            in(script, {forth ? std::uint16_t{20} : std::uint16_t{10}}).tcp({text});
        }
    };
    SECTION("from its start") {
        routed(whole);
        const auto seen = script.changed();
        CHECK(vlans(seen) == Vlans{{0, 10}, {0, 20}});
        for (const auto& each : seen) {
            CHECK(each.sent.packets == 5);
            CHECK(each.received.packets == 3);
            CHECK(each.retransmits == 0);
        }
    }
    SECTION("recorded from between the two copies of an answer on") {
        in(script, {20}).tcp({"> A 101 501 10"});
        in(script, {10}).tcp({"< A 501 111 2000"});  // taken for the other direction of that flow
        routed({"> A 111 2501 10", "< A 2501 121 10", "> A 121 2511 10", "< A 2511 131 10"});
        const auto seen = script.changed();
        CHECK(vlans(seen) == Vlans{{0, 20}, {0, 10}});
        CHECK(seen.at(0).received.packets == 3);
        CHECK(seen.at(1).received.packets == 2);
    }
}

TEST_CASE("tenants on two VLANs that send each other's way stay apart", "[flow][vlan]") {
    FlowScript script;
    SECTION("TCP that was asked, and TCP that acknowledges something else") {
        in(script, {10}).tcp({"> S 100"});
        in(script, {20}).tcp({"< A 501 900000111 10"});
        CHECK(script.changed().size() == 2);
    }
    SECTION("two that connect to each other's socket") {
        in(script, {10}).tcp({"> S 100"});
        in(script, {20}).tcp({"< S 100"});
        CHECK(script.changed().size() == 2);
    }
    SECTION("an ICMP error about a segment that the other one sent") {
        in(script, {10}).tcp({"> S 100"});
        auto other = packet().ip4("10.0.0.1", "10.0.0.2").tcp(40000, 80);
        other.seq(900000000).syn();
        script.add(packet().eth().vlan(20).ip4("10.0.0.2", "10.0.0.1").icmp(3, 3).quote(other));
        const auto seen = script.only();
        CHECK(seen.outcome == Outcome::unanswered);
        CHECK(seen.icmp_errors == 0);
    }
}

TEST_CASE("fragments of one identification on two VLANs are of two datagrams", "[flow][vlan]") {
    FlowScript script;
    const auto part = [](std::uint16_t vlan, std::uint16_t port, bool later) {
        auto built = packet().eth().vlan(vlan).ip4("10.0.0.1", "10.0.0.2");
        later ? built.ip_protocol(17).fragment(77, 16, false)
              : built.fragment(77, 0, true).udp(port, 6000);
        return built.payload(std::string(later ? 16 : 8, 'x'));
    };
    script.add(part(10, 5000, false)).add(part(20, 5001, false));
    script.add(part(10, 0, true)).add(part(20, 0, true));
    const auto seen = script.changed();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].client.port == Port{5000});
    CHECK(seen[1].client.port == Port{5001});
    CHECK(seen[0].sent.packets == 2);
    CHECK(seen[1].sent.packets == 2);
}

TEST_CASE("what a tunnel carries has the VLANs around it and inside it", "[flow][vlan]") {
    FlowScript script;
    const auto inside = [](std::uint16_t underlay, const Tags& inner) {
        auto built = packet().eth().vlan(underlay).ip4("192.0.2.1", "192.0.2.2");
        built.udp(50000, 4789).payload({8, 0, 0, 0, 0, 0, 7, 0}).eth();
        for (const auto id : inner) built.vlan(id);
        return built.ip4("10.0.0.1", "10.0.0.2").udp(5000, 6000).payload("ask");
    };
    script.add(inside(10, {})).add(inside(20, {})).add(inside(10, {30}));
    CHECK(vlans(script.changed()) == Vlans{{0, 10}, {0, 20}, {10, 30}});
}
