// SPDX-License-Identifier: Apache-2.0
#include "analyzer/packet_fate.h"

#include <catch2/catch.hpp>

#include "analyzer/identity.h"
#include "analyzer/stitch.h"
#include "tests/analyzer/recording_builder.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;

namespace {

RecordingBuilder shop() {
    RecordingBuilder r;
    r.container("web", "10.0.0.1").container("db", "10.0.0.2");
    return r;
}

struct Told {
    Conversation conversation;
    PacketFate fate;
    std::string says;
};

Told told(RecordingBuilder& r) {
    const auto inventory = with_recording(Inventory(), r.recording());
    const auto all = stitch(r.recording(), inventory);
    REQUIRE(all.size() == 1);
    const Places places(r.recording());
    const auto fate = packet_fate(all.front(), places);
    return {all.front(), fate, fate_sentence(fate, all.front(), places)};
}

/// As it was seen at the last vantage.
Sighting& last(RecordingBuilder& r) {
    return r.recording().sightings.back();
}

constexpr const char* web = "10.0.0.1:40000";
constexpr const char* db = "10.0.0.2:5432";

}  // namespace

TEST_CASE("an answered conversation has arrived") {
    auto r = shop();
    r.tcp(web, db).isn(1, 2).veth("web").veth("db");
    CHECK(told(r).fate.fate == Fate::delivered);
}

TEST_CASE("seen inside of the client's namespace only, it never left it") {
    auto r = shop();
    r.tcp(web, db).isn(1, {}).outcome(Outcome::unanswered).inside("web");
    const auto it = told(r);
    CHECK(it.fate.fate == Fate::stayed_inside);
    CHECK(
        it.says ==
        "was seen at eth0 (web) and never at veth-web (web): it never left the network namespace");
}

TEST_CASE("seen at the client's veth only, it was dropped before the server's") {
    auto r = shop();
    r.tcp(web, db).isn(1, {}).outcome(Outcome::unanswered).inside("web").veth("web");
    const auto it = told(r);
    CHECK(it.fate.fate == Fate::lost_on_the_way);
    CHECK(it.says ==
          "left veth-web (web) and never reached veth-db (db): it was dropped in between");
}

TEST_CASE("refused without having reached the server, something in between rejects it") {
    auto r = shop();
    r.tcp(web, db).isn(1, {}).outcome(Outcome::refused).veth("web");
    CHECK(told(r).fate.fate == Fate::turned_away);
}

TEST_CASE("what reached the server was refused, or not answered, by it") {
    auto r = shop();
    SECTION("refused") {
        r.tcp(web, db).isn(1, {}).outcome(Outcome::refused).veth("web").veth("db");
        const auto it = told(r);
        CHECK(it.fate.fate == Fate::refused);
        CHECK(it.says ==
              "reached veth-db (db) and was refused: nothing listens on port 5432, or its "
              "own rules refuse it");
    }
    SECTION("not answered") {
        r.tcp(web, db).isn(1, {}).outcome(Outcome::unanswered).veth("web").veth("db");
        CHECK(told(r).fate.fate == Fate::not_answered);
    }
    SECTION("UDP that wants no answer has arrived") {
        r.udp(web, db).payload(7).outcome(Outcome::one_way).veth("web").veth("db");
        CHECK(told(r).fate.fate == Fate::delivered);
    }
}

TEST_CASE(
    "an answer that the server sent and the client's veth never saw was lost on the way back") {
    auto r = shop();
    auto flow = r.tcp(web, db);
    flow.isn(1, {}).outcome(Outcome::unanswered).veth("web");
    flow.isn(1, 2).answered({2, 100}).veth("db");
    const auto it = told(r);
    CHECK(it.fate.fate == Fate::answer_lost);
    CHECK(it.fate.towards_client);
    CHECK(it.says ==
          "reached veth-db (db) and was answered; the answer was lost between veth-db "
          "(db) and veth-web (web)");
}

TEST_CASE("a connection that the kernel accepted and whose request nobody answered") {
    auto r = shop();
    auto flow = r.tcp(web, db);
    flow.isn(1, 2).answered({3, 120});
    flow.veth("web").veth("db");
    for (auto& each : r.recording().sightings) {
        each.largest_sent = 132;
        each.largest_received = 40;
        each.handshake_time = 1ms;
    }
    SECTION("nothing came back") {
        CHECK(told(r).fate.fate == Fate::request_unanswered);
    }
    SECTION("the client said nothing") {
        for (auto& each : r.recording().sightings) each.largest_sent = 40;
        CHECK(told(r).fate.fate == Fate::delivered);
    }
    SECTION("an answer came back") {
        for (auto& each : r.recording().sightings) each.think_time = 1ms;
        CHECK(told(r).fate.fate == Fate::delivered);
    }
}

TEST_CASE("large packets that vanish where small ones pass say that a path is too narrow") {
    auto r = shop();
    r.tcp(web, db).isn(1, 2).direction(DirectionEvidence::handshake).veth("web").veth("db");
    for (auto& each : r.recording().sightings) {
        each.retransmits = 3;
        each.largest_sent = 1480;
        each.sent = {8, 6000};
    }
    last(r).largest_sent = 40;
    last(r).sent = {3, 120};
    SECTION("nobody told the sender") {
        const auto it = told(r);
        CHECK(it.fate.fate == Fate::too_large);
        CHECK(it.conversation.lost_between == std::pair{r.veth_of("web"), r.veth_of("db")});
        CHECK(it.says.find("of 8 packets of up to 1480 bytes") != std::string::npos);
        CHECK(it.says.find("no ICMP \"fragmentation needed\" was seen") != std::string::npos);
    }
    SECTION("ICMP told, and nobody heard") {
        r.recording().sightings.front().path_mtu = 1000;
        CHECK(told(r).says.find("ICMP said that the path takes 1000 bytes") != std::string::npos);
    }
    SECTION("ICMP told, the sender heard, and others were lost by chance") {
        r.recording().sightings.front().path_mtu = 1000;
        last(r).largest_sent = 979;
        CHECK(told(r).fate.fate == Fate::too_large);
        last(r).largest_sent = 980;  // the IPv4 header's 20 bytes make it 1000
        CHECK(told(r).fate.fate == Fate::partly_lost);
        last(r).largest_sent = 1400;
        CHECK(told(r).fate.fate == Fate::partly_lost);
    }
    SECTION("what ICMP told counts also where the ends announced more, and never more than that") {
        for (auto& each : r.recording().sightings) each.client_mss = each.server_mss = 1360;
        last(r).largest_sent = 1380;
        r.recording().sightings.front().path_mtu = 1450;
        CHECK(told(r).fate.fate == Fate::partly_lost);
        r.recording().sightings.front().path_mtu = 1000;
        last(r).largest_sent = 979;
        CHECK(told(r).fate.fate == Fate::too_large);
    }
    SECTION("small packets are lost too: that is no matter of size") {
        for (auto& each : r.recording().sightings) each.largest_sent = 300;
        CHECK(told(r).fate.fate == Fate::partly_lost);
    }
    SECTION("whole segments arrive: that is no matter of size either") {
        for (auto& each : r.recording().sightings) {
            each.client_mss = each.server_mss = 1460;
            each.largest_sent = 20304;
        }
        last(r).largest_sent = 1479;
        CHECK(told(r).fate.fate == Fate::too_large);
        last(r).largest_sent = 15960;
        CHECK(told(r).fate.fate == Fate::partly_lost);
    }
    SECTION("segments that are put together on the way are fewer, and not lost") {
        last(r).largest_sent = 5000;
        CHECK(told(r).fate.fate == Fate::delivered);
    }
}

TEST_CASE("what ICMPv6 told of a path has the longer header in it") {
    RecordingBuilder r;
    r.container("web", "fd00::1").container("db", "fd00::2");
    r.tcp("[fd00::1]:40000", "[fd00::2]:5432")
        .isn(1, 2)
        .direction(DirectionEvidence::handshake)
        .veth("web")
        .veth("db");
    for (auto& each : r.recording().sightings) {
        each.retransmits = 3;
        each.largest_sent = 1460;
        each.sent = {8, 6000};
        each.path_mtu = 1280;
    }
    last(r).sent = {3, 120};
    last(r).largest_sent = 1239;
    CHECK(told(r).fate.fate == Fate::too_large);
    last(r).largest_sent = 1240;
    CHECK(told(r).fate.fate == Fate::partly_lost);
}

TEST_CASE("answers that come back past another interface make it asymmetric") {
    auto r = shop();
    auto flow = r.tcp(web, db);
    flow.isn(1, 2).veth("web");
    flow.answered({}).isn(1, {}).veth("db");
    const auto it = told(r);
    CHECK(it.fate.fate == Fate::asymmetric);
    CHECK(it.says == "is asymmetric: answers do not pass veth-db (db), as they do veth-web (web)");
}

TEST_CASE("of a server that nobody watched it is not said where packets went") {
    RecordingBuilder r;
    r.container("web", "10.0.0.1");
    r.tcp(web, "192.0.2.7:443").isn(1, {}).outcome(Outcome::unanswered).veth("web");
    const auto it = told(r);
    CHECK(it.fate.fate == Fate::not_known);
    CHECK(it.says.find("nothing of 192.0.2.7 itself was recorded") != std::string::npos);
}
