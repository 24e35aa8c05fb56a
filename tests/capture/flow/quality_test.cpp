// SPDX-License-Identifier: Apache-2.0
// What is measured of a conversation, and what may not disturb it.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/capture/flow/flow_script.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;

namespace {

using Segments = std::vector<std::string>;

Segments after_handshake(const Segments& more) {
    Segments all{"> S 100", "< SA 500 101", "> A 101 501"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

struct Case {
    std::string name;
    Segments segments;
    std::uint32_t retransmits = 0;
    std::uint32_t reordered = 0;
    std::uint32_t zero_windows = 0;
};

std::vector<Case> cases() {
    return {
        {"in order", after_handshake({"> A 101 501 10", "> A 111 501 10"})},
        {"two segments changed places",
         after_handshake({"> A 101 501 10", "> A 121 501 10", "> A 111 501 10"}), 0, 1},
        {"three segments came backwards",
         after_handshake({"> A 121 501 10", "> A 111 501 10", "> A 101 501 10"}), 0, 2},
        {"overtaken, and then once more",
         after_handshake({"> A 111 501 10", "> A 101 501 10", "> A 101 501 10"}), 1, 1},
        {"each direction has its own gap",
         after_handshake({"> A 111 501 10", "< A 511 101 10", "< A 501 101 10", "> A 101 501 10"}),
         0, 2},
        {"over the wrap",
         {"> S 4294967290", "< SA 500 4294967291", "> A 4294967291 501", "> A 5 501 10",
          "> A 4294967291 501 10"},
         0,
         1},
        {"the window closes twice",
         after_handshake({"> A 101 501 10", "< A 501 111 0 0", "< A 501 111 0 0", "< A 501 111",
                          "< A 501 111 0 0"}),
         0, 0, 2},
        {"a FIN with window 0 says nothing", after_handshake({"> FA 101 501 0 0"})},
        {"a reset with window 0 says nothing", after_handshake({"> R 101 0 0 0"})},
        {"a FIN again", after_handshake({"> FA 101 501", "> FA 101 501"}), 1},
        {"keep-alives", after_handshake({"> A 101 501 10", "< A 501 111", "> A 110 501 1",
                                         "> A 110 501", "> A 110 501 1"})},
    };
}

}  // namespace

TEST_CASE("retransmits, reordering and closed windows are told apart", "[flow]") {
    for (const Case& c : cases()) {
        INFO(c.name);
        const Sighting seen = FlowScript().tcp(c.segments).only();
        CHECK(seen.retransmits == c.retransmits);
        CHECK(seen.reordered == c.reordered);
        CHECK(seen.zero_windows == c.zero_windows);
    }
}

TEST_CASE("what fills a gap a round trip later was lost and sent again", "[flow]") {
    FlowScript script;
    script.tcp(after_handshake({"> A 111 501 10"})).wait(200).tcp({"> A 101 501 10"});
    const Sighting seen = script.only();
    CHECK(seen.retransmits == 1);
    CHECK(seen.reordered == 0);
}

TEST_CASE("think time is from the request's first byte to the answer's", "[flow]") {
    struct Row {
        std::string name;
        Segments before, after;
        int think_ms;
    };
    const std::vector<Row> rows{
        {"a request and its answer", {"> A 101 501 10"}, {"< A 501 111 5"}, 41},
        {"a request in three segments",
         {"> A 101 501 10", "> A 111 501 10", "> A 121 501 10"},
         {"< A 501 131 5"},
         43},
        {"an acknowledgment in between is no answer",
         {"> A 101 501 10", "< A 501 111"},
         {"< A 501 111 5"},
         42},
        {"the server greets first", {"< A 501 101 20", "> A 101 521 10"}, {"< A 521 111 5"}, 41},
        {"only the first counts",
         {"> A 101 501 10"},
         {"< A 501 111 5", "> A 111 506 10", "< A 506 121 5"},
         41},
        {"no answer", {"> A 101 501 10"}, {"< A 501 111"}, 0},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        FlowScript script;
        script.tcp(after_handshake(row.before)).wait(40).tcp(row.after);
        CHECK(script.only().think_time == std::chrono::milliseconds(row.think_ms));
    }
}

TEST_CASE("each side's segment size is kept", "[flow]") {
    FlowScript script;
    const auto syn = [](const char* from, const char* to, std::uint16_t src, std::uint16_t dst) {
        return packet().ip4(from, to).tcp(src, dst).syn();
    };
    script.add(syn("10.0.0.1", "10.0.0.2", 40000, 80).seq(1).tcp_options({2, 4, 5, 0xb4}));
    script.add(
        syn("10.0.0.2", "10.0.0.1", 80, 40000).seq(9).ack(2).tcp_options({2, 4, 0x21, 0x98}));
    const Sighting seen = script.only();
    CHECK(seen.client_mss == 1460);
    CHECK(seen.server_mss == 8600);
}

TEST_CASE("ICMP errors stay with the conversation that caused them", "[flow]") {
    const auto cause = packet().ip4("10.0.0.1", "10.0.0.2").tcp(40000, 80).seq(101);
    FlowScript script;
    script.tcp(after_handshake({"> A 101 501 1400"}));
    const auto too_big = [&](std::uint32_t mtu) {
        return packet().ip4("10.0.0.254", "10.0.0.1").icmp(3, 4, mtu).quote(cause);
    };
    script.add(too_big(1400)).add(too_big(1280)).add(too_big(1500));
    const Sighting seen = script.only();
    CHECK(seen.icmp_errors == 3);
    CHECK(seen.path_mtu == 1280);
    CHECK(seen.outcome == Outcome::established);
    CHECK(script.table.live() == 1);
}

TEST_CASE("an error inside a tunnel finds the flow inside it", "[flow]") {
    const auto vxlan = [] {
        return packet()
            .ip4("192.0.2.1", "192.0.2.2")
            .udp(50000, 4789)
            .payload({8, 0, 0, 0, 0, 0, 42, 0});
    };
    FlowScript script;
    script.add(vxlan().eth().ip4("10.0.0.1", "10.0.0.2").udp(40000, 9).payload("x"));
    script.add(vxlan()
                   .eth()
                   .ip4("10.0.0.2", "10.0.0.1")
                   .icmp(3, 3)
                   .quote(packet().ip4("10.0.0.1", "10.0.0.2").udp(40000, 9)));
    CHECK(script.only().outcome == Outcome::refused);
}

TEST_CASE("inside and outside of a tunnel at one vantage are two flows", "[flow]") {
    FlowScript script;
    const auto syn = [](PacketBuilder built) {
        return built.ip4("10.0.0.1", "10.0.0.2").tcp(40000, 80).syn().seq(7);
    };
    script.add(syn(packet()));
    script.add(syn(packet().ip4("192.0.2.1", "192.0.2.2")));
    const auto sightings = script.changed();
    REQUIRE(sightings.size() == 2);
    CHECK(sightings[0].client_isn == sightings[1].client_isn);
    CHECK(sightings[0].retransmits == 0);
    CHECK_FALSE(sightings[0].tunnel);
    CHECK(sightings[1].tunnel->kind == TunnelKind::ipip);
}

TEST_CASE("networks that use the same addresses inside one overlay stay apart", "[flow]") {
    struct Network {
        std::uint8_t forth = 0;
        std::uint8_t back = 0;
        std::uint32_t isn = 0;
    };
    const auto vxlan = [](std::uint8_t id) {
        return packet()
            .ip4("192.0.2.1", "192.0.2.2")
            .udp(50000, 4789)
            .payload({8, 0, 0, 0, 0, 0, id, 0});
    };
    FlowScript script;
    const auto forth = [&](const Network& n, std::uint32_t seq) {
        return vxlan(n.forth).eth().ip4("10.0.0.1", "10.0.0.2").tcp(40000, 80).seq(n.isn + seq);
    };
    const auto back = [&](const Network& n, std::uint32_t seq) {
        return vxlan(n.back)
            .eth()
            .ip4("10.0.0.2", "10.0.0.1")
            .tcp(80, 40000)
            .seq(n.isn + 500 + seq);
    };
    const auto syn = [&](const Network& n) { script.add(forth(n, 0).syn()); };
    const auto syn_ack = [&](const Network& n) { script.add(back(n, 0).syn().ack(n.isn + 1)); };
    const auto talk = [&](const Network& n) {
        script.add(forth(n, 1).ack(n.isn + 501).payload("ask"));
        script.add(back(n, 1).ack(n.isn + 4).payload("answer"));
    };
    const Network a{1, 1, 1000};
    const Network b{2, 2, 700'000};
    const Network cilium{10, 20, 3'000'000};  // the sender's identity: another one each way
    const Network other{11, 21, 90'000'000};
    std::vector<Network> all;
    SECTION("one after the other") {
        all = {a, b};
        for (const auto& n : all) {
            syn(n);
            syn_ack(n);
            talk(n);
        }
    }
    SECTION("at once, the answers in another order") {
        all = {a, b, cilium, other};
        for (const auto& n : all) syn(n);
        for (const auto& n : {other, b, cilium, a}) syn_ack(n);
        for (const auto& n : {b, other, a, cilium}) talk(n);
    }
    SECTION("one id forth and another back are one network") {
        all = {cilium};
        syn(cilium);
        syn_ack(cilium);
        talk(cilium);
    }
    const auto seen = script.changed();
    REQUIRE(seen.size() == all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(seen[i].client_isn == all[i].isn);
        CHECK(seen[i].server_isn == all[i].isn + 500);
        CHECK(seen[i].outcome == Outcome::established);
        CHECK(seen[i].sent.packets == 2);
        CHECK(seen[i].received.packets == 2);
        CHECK(seen[i].retransmits == 0);
    }
}

TEST_CASE("networks beyond the bound share the last flow", "[flow]") {
    FlowScript script;
    for (int id = 0; id < 100; ++id) {
        script.add(packet()
                       .ip4("192.0.2.1", "192.0.2.2")
                       .udp(50000, 4789)
                       .payload({8, 0, 0, 0, 0, 0, id, 0})
                       .eth()
                       .ip4("10.0.0.1", "10.0.0.2")
                       .udp(40000, 9)
                       .payload("x"));
    }
    CHECK(script.table.live() == 16);
}

TEST_CASE("a reset that was not meant does not end a connection that goes on", "[flow]") {
    FlowScript script;
    script.tcp(after_handshake({"> A 101 501 10", "< R 99999"}));
    script.tcp({"> A 111 501 10", "< A 501 121 10"}).wait(20'000).tcp({"> A 121 511 10"});
    const Sighting seen = script.only();
    CHECK(seen.sent.packets == 5);
    CHECK_FALSE(seen.finished);
}
