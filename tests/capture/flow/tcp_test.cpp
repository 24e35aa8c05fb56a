// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/tcp.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/capture/flow/flow_script.h"

using namespace nspect;
using namespace nspect::test;

namespace {

using Segments = std::vector<std::string>;

const Segments handshake{"> S 100", "< SA 500 101", "> A 101 501"};

Segments after_handshake(const Segments& more) {
    Segments all = handshake;
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

struct Case {
    std::string name;
    Segments segments;
    Outcome outcome;
    bool finished;
    std::uint32_t retransmits = 0;
};

std::vector<Case> outcome_cases() {
    return {
        {"a whole handshake", handshake, Outcome::established, false},
        {"a SYN alone", {"> S 100"}, Outcome::unanswered, false},
        {"a SYN sent four times",
         {"> S 100", "> S 100", "> S 100", "> S 100"},
         Outcome::unanswered,
         false,
         3},
        {"RST to the SYN", {"> S 100", "< RA 0 101"}, Outcome::refused, true},
        {"RST that acknowledges something else",
         {"> S 100", "< RA 0 7777"},
         Outcome::unanswered,
         false},
        {"RST without ACK to a SYN", {"> S 100", "< R 0"}, Outcome::unanswered, false},
        {"refused, and the same SYN again is accepted",
         {"> S 100", "< RA 0 101", "> S 100", "< SA 500 101", "> A 101 501"},
         Outcome::established,
         false,
         1},
        {"the client gives up before an answer", {"> S 100", "> R 101"}, Outcome::unanswered, true},
        {"a SYN-ACK nobody acknowledges",
         {"> S 100", "< SA 500 101", "< SA 500 101"},
         Outcome::unanswered,
         false,
         1},
        {"a SYN-ACK for an older SYN", {"> S 100", "< SA 500 9"}, Outcome::unanswered, false},
        {"the server resets after its SYN-ACK",
         {"> S 100", "< SA 500 101", "< R 501"},
         Outcome::refused,
         true},
        {"a port scan: the client resets the SYN-ACK",
         {"> S 100", "< SA 500 101", "> R 101"},
         Outcome::established,
         true},
        {"the SYN was not captured", {"< SA 500 101", "> A 101 501"}, Outcome::established, false},
        {"the SYN-ACK was captured before its SYN",
         {"< SA 500 101", "> S 100", "> A 101 501"},
         Outcome::established,
         false},
        {"the SYN-ACK was not captured", {"> S 100", "> A 101 501"}, Outcome::established, false},
        {"only the server's direction is seen",
         {"< SA 500 101", "< A 501 101 20"},
         Outcome::established,
         false},
        {"only the client's direction is seen",
         {"> S 100", "> A 101 501 20"},
         Outcome::established,
         false},
        {"data with the SYN, accepted",
         {"> S 100 0 10", "< SA 500 111", "> A 111 501"},
         Outcome::established,
         false},
        {"simultaneous open",
         {"> S 100", "< S 500", "> SA 100 501", "< SA 500 101"},
         Outcome::established,
         false,
         2},
        {"both sides close", after_handshake({"> FA 101 501", "< FA 501 102", "> A 102 502"}),
         Outcome::established, true},
        {"one side closes", after_handshake({"> FA 101 501", "< A 501 102"}), Outcome::established,
         false},
        {"reset by the client", after_handshake({"> R 101"}), Outcome::established, true},
        {"reset by the server", after_handshake({"< R 501"}), Outcome::established, true},
        {"reset while closing", after_handshake({"> FA 101 501", "< R 501"}), Outcome::established,
         true},
        {"already open when recording began",
         {"> A 101 501 10", "< A 501 111 10"},
         Outcome::mid_stream,
         false},
        {"already open, then reset", {"> A 101 501 10", "< R 501"}, Outcome::mid_stream, true},
        {"already open, then closed", {"> FA 101 501", "< FA 501 102"}, Outcome::mid_stream, true},
    };
}

std::vector<Case> retransmit_cases() {
    const auto established = Outcome::established;
    return {
        {"data once", after_handshake({"> A 101 501 10", "> A 111 501 10"}), established, false, 0},
        {"data twice", after_handshake({"> A 101 501 10", "> A 101 501 10"}), established, false,
         1},
        {"each direction counts",
         after_handshake({"> A 101 501 10", "< A 501 111 10", "> A 101 501 10", "< A 501 111 10"}),
         established, false, 2},
        {"part old, part new", after_handshake({"> A 101 501 10", "> A 106 501 10"}), established,
         false, 1},
        {"a pure ACK repeated", after_handshake({"> A 101 501", "> A 101 501"}), established, false,
         0},
        {"a keep-alive without a byte",
         after_handshake({"> A 101 501 10", "< A 501 111", "> A 110 501"}), established, false, 0},
        {"a keep-alive with a byte that was acknowledged",
         after_handshake({"> A 101 501 10", "< A 501 111", "> A 110 501 1"}), established, false,
         0},
        {"a byte sent again that was not acknowledged",
         after_handshake({"> A 101 501 1", "> A 101 501 1"}), established, false, 1},
        {"probes of a closed window",
         after_handshake({"> A 101 501 10", "< A 501 111 0 0", "> A 111 501 1", "> A 111 501 1"}),
         established, false, 0},
        {"FIN sent again", after_handshake({"> FA 101 501", "> FA 101 501"}), established, false,
         1},
        {"sequence numbers wrap",
         {"> S 4294967290", "< SA 500 4294967291", "> A 4294967291 501 10", "> A 5 501 10",
          "> A 4294967291 501 10"},
         established,
         false,
         1},
        {"a stream that goes on without loss over the wrap",
         {"> S 4294967290", "< SA 500 4294967291", "> A 4294967291 501 10", "> A 5 501 10"},
         established,
         false,
         0},
    };
}

}  // namespace

TEST_CASE("TCP outcomes follow the segments", "[flow]") {
    const auto c = GENERATE(from_range(outcome_cases()));
    INFO(c.name);
    const Sighting seen = FlowScript().tcp(c.segments).only();
    CHECK(to_string(seen.outcome) == to_string(c.outcome));
    CHECK(seen.finished == c.finished);
    CHECK(seen.retransmits == c.retransmits);
    CHECK(seen.client.port == Port{40000});
    CHECK(seen.server.port == Port{80});
}

TEST_CASE("TCP retransmits are counted, probes are not", "[flow]") {
    const auto c = GENERATE(from_range(retransmit_cases()));
    INFO(c.name);
    const Sighting seen = FlowScript().tcp(c.segments).only();
    CHECK(seen.outcome == c.outcome);
    CHECK(seen.retransmits == c.retransmits);
}

TEST_CASE("a handshake gives both initial sequence numbers and its time", "[flow]") {
    FlowScript script;
    script.tcp({"> S 4294967295"}).wait(20).tcp({"< SA 7 0", "> A 0 8"});
    const Sighting seen = script.only();
    CHECK(seen.client_isn == 4294967295U);
    CHECK(seen.server_isn == 7U);
    CHECK(seen.handshake_time == std::chrono::milliseconds(22));
    CHECK(seen.direction == DirectionEvidence::handshake);
}

TEST_CASE("a SYN-ACK alone names the initial sequence number of its SYN", "[flow]") {
    const Sighting seen = FlowScript().tcp({"< SA 500 101", "> A 101 501"}).only();
    CHECK(seen.client_isn == 100U);
    CHECK(seen.server_isn == 500U);
    CHECK(seen.handshake_time == Duration{});
}

TEST_CASE("a SYN with another initial sequence number is another connection", "[flow]") {
    const auto before = GENERATE(values<Segments>({
        {"> S 100"},
        {"> S 100", "< RA 0 101"},
        handshake,
        after_handshake({"> FA 101 501", "< FA 501 102", "> A 102 502"}),
        after_handshake({"< R 501"}),
        {"> A 101 501 10"},
    }));
    FlowScript script;
    script.tcp(before).tcp({"> S 900", "< SA 950 901", "> A 901 951"});
    const auto sightings = script.changed();
    REQUIRE(sightings.size() == 2);
    CHECK(sightings[0].finished);
    CHECK(sightings[1].client_isn == 900U);
    CHECK(sightings[1].outcome == Outcome::established);
    CHECK(sightings[0].id != sightings[1].id);
}

TEST_CASE("the server may open the next connection with the same ports", "[flow]") {
    FlowScript script;
    script.tcp(after_handshake({"> FA 101 501", "< FA 501 102"})).tcp({"< S 900", "> SA 20 901"});
    const auto sightings = script.changed();
    REQUIRE(sightings.size() == 2);
    CHECK(sightings[1].client.port == Port{80});
    CHECK(sightings[1].client_isn == 900U);
}

TEST_CASE("segments after the end still belong to the connection for a while", "[flow]") {
    FlowScript script;
    script.tcp(after_handshake({"> FA 101 501", "< FA 501 102", "> A 102 502"}));
    const Sighting ended = script.only();
    CHECK(ended.finished);
    script.wait(5000).tcp({"< FA 501 102"});
    const Sighting later = script.only();
    CHECK(later.id == ended.id);
    CHECK(later.retransmits == 1);
    CHECK(script.wait(60'000).changed().empty());
    CHECK(script.table.live() == 0);
}

TEST_CASE("of a connection already open the ports tell the client, or else the first packet",
          "[flow]") {
    struct Row {
        std::uint16_t client, server;
        std::string first;
        DirectionEvidence evidence;
    };
    const auto row = GENERATE(values<Row>({
        {40000, 80, "> A 1 1 5", DirectionEvidence::port_numbers},
        {40000, 80, "< A 1 1 5", DirectionEvidence::port_numbers},
        {40000, 5432, "< A 1 1 5", DirectionEvidence::port_numbers},
        {50000, 40000, "> A 1 1 5", DirectionEvidence::first_packet},
        {9000, 8080, "> A 1 1 5", DirectionEvidence::first_packet},
        {9000, 8080, "< RA 0 1", DirectionEvidence::first_packet},
    }));
    INFO(row.client << " " << row.server << " " << row.first);
    FlowScript script;
    script.client_port = row.client;
    script.server_port = row.server;
    const Sighting seen = script.tcp({row.first}).only();
    CHECK(seen.client.port == Port{row.client});
    CHECK(seen.direction == row.evidence);
    CHECK(seen.outcome == Outcome::mid_stream);
}

TEST_CASE("bytes are IP payload bytes, per direction", "[flow]") {
    const Sighting seen =
        FlowScript().tcp(after_handshake({"> A 101 501 10", "< A 501 111 7"})).only();
    CHECK(seen.sent == Counters{3, 3 * 20 + 10});
    CHECK(seen.received == Counters{2, 2 * 20 + 7});
}

TEST_CASE("a reset in every state of RFC 9293, from either side", "[flow]") {
    struct Row {
        std::string state;  ///< of the client
        Segments before;
        Outcome by_client;
        Outcome by_server;
    };
    const auto whole = Outcome::established;
    const auto row = GENERATE_COPY(values<Row>({
        {"CLOSED", {}, Outcome::mid_stream, Outcome::mid_stream},
        {"SYN-SENT", {"> S 100"}, Outcome::unanswered, Outcome::refused},
        {"SYN-RECEIVED", {"> S 100", "< SA 500 101"}, whole, Outcome::refused},
        {"SYN-RECEIVED, at once", {"> S 100", "< S 500"}, whole, Outcome::refused},
        {"ESTABLISHED", handshake, whole, whole},
        {"ESTABLISHED, idle since data", after_handshake({"> A 101 501 10", "< A 501 111"}), whole,
         whole},
        {"FIN-WAIT-1", after_handshake({"> FA 101 501"}), whole, whole},
        {"FIN-WAIT-2", after_handshake({"> FA 101 501", "< A 501 102"}), whole, whole},
        {"CLOSE-WAIT", after_handshake({"< FA 501 101", "> A 101 502"}), whole, whole},
        {"CLOSING", after_handshake({"> FA 101 501", "< FA 501 101"}), whole, whole},
        {"LAST-ACK", after_handshake({"< FA 501 101", "> A 101 502", "> FA 101 502"}), whole,
         whole},
        {"TIME-WAIT", after_handshake({"> FA 101 501", "< FA 501 102", "> A 102 502"}), whole,
         whole},
    }));
    const bool by_client = GENERATE(true, false);
    INFO(row.state << (by_client ? ", by the client" : ", by the server"));
    auto segments = row.before;
    segments.push_back(by_client ? "> RA 101 501" : "< RA 501 101");
    const Sighting seen = FlowScript().tcp(segments).only();
    CHECK(to_string(seen.outcome) == to_string(by_client ? row.by_client : row.by_server));
    CHECK(seen.finished);
    CHECK(seen.client.port == Port{40000});
}

TEST_CASE("a keep-alive keeps a connection from its idle time-out", "[flow]") {
    capture::FlowLimits limits;
    limits.open = std::chrono::hours(3);
    FlowScript script(limits);
    script.tcp(after_handshake({"> A 101 501 10", "< A 501 111"}));
    for (int hour = 0; hour < 10; hour += 2) {
        script.wait(7'200'000).tcp({"> A 110 501 1", "< A 501 111"});
    }
    const Sighting kept = script.only();
    CHECK_FALSE(kept.finished);
    CHECK(kept.retransmits == 0);
    CHECK(kept.last - kept.first >= std::chrono::hours(10));
    CHECK(script.wait(10'800'001).only().finished);
}

TEST_CASE("half-open: one end has forgotten the connection, the other goes on", "[flow]") {
    SECTION("what is sent gets a reset") {
        const auto seen = FlowScript().tcp(after_handshake({"> A 101 501 10", "< R 501"})).only();
        CHECK(seen.outcome == Outcome::established);
        CHECK(seen.finished);
    }
    SECTION("the forgetful one opens it anew with another number") {
        FlowScript script;
        script.tcp(handshake)
            .tcp({"> S 9000", "< A 501 101", "> R 101"})
            .tcp({"> S 9000", "< SA 7000 9001", "> A 9001 7001"});
        const auto seen = script.changed();
        REQUIRE(seen.size() == 2);
        CHECK(seen[0].client_isn == 100U);
        CHECK(seen[1].client_isn == 9000U);
        CHECK(seen[1].outcome == Outcome::established);
    }
}
