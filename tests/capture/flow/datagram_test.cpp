// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "capture/flow/first_packet.h"
#include "capture/flow/icmp.h"
#include "tests/capture/flow/flow_script.h"

using namespace nspect;
using namespace nspect::test;

namespace {

PacketBuilder raw_udp(bool forth, std::uint16_t port) {
    auto built = packet();
    forth ? built.ip4("10.0.0.1", "10.0.0.2").udp(40000, port)
          : built.ip4("10.0.0.2", "10.0.0.1").udp(port, 40000);
    return built;
}

PacketBuilder query(std::uint16_t port, bool answer) {
    return raw_udp(!answer, port)
        .payload(
            {0, 1, answer ? 0x81 : 1, 0, 0, 1, 0, answer ? 1 : 0, 0, 0, 0, 0, 2, 'd', 'b', 0, 0, 1,
             0, 1})
        .payload(answer ? std::string_view("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\1\2\3", 16)
                        : std::string_view());
}

PacketBuilder raw_syn6() {
    return packet().ip6("fd00::1", "fd00::2").tcp(40000, 80).syn().seq(1);
}

PacketBuilder raw_syn() {
    return packet().ip4("10.0.0.1", "10.0.0.2").tcp(40000, 80).syn().seq(1);
}

PacketBuilder sctp(bool forth) {
    auto built = packet();
    forth ? built.ip4("10.0.0.1", "10.0.0.2").sctp(40000, 7000, 0)
          : built.ip4("10.0.0.2", "10.0.0.1").sctp(7000, 40000, 1);
    return built;
}

PacketBuilder ping(bool forth, std::uint32_t rest = 0x00070001) {
    auto built = packet();
    forth ? built.ip4("10.0.0.1", "10.0.0.2").icmp(8, 0, rest)
          : built.ip4("10.0.0.2", "10.0.0.1").icmp(0, 0, rest);
    return built.payload("0123456789");
}

struct Case {
    std::string name;
    std::vector<PacketBuilder> packets;
    Outcome outcome;
};

PacketBuilder error4(int type, int code, const PacketBuilder& cause) {
    return packet()
        .ip4("10.0.0.9", "10.0.0.1")
        .icmp(static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(code))
        .quote(cause);
}

PacketBuilder error6(int type, int code, const PacketBuilder& cause) {
    return packet()
        .ip6("fd00::9", "fd00::1")
        .icmp6(static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(code))
        .quote(cause);
}

std::vector<Case> cases() {
    const auto ask = raw_udp(true, 514).payload("x");
    const auto init = sctp(true).sctp_init(77);
    return {
        {"UDP without reply", {ask, ask}, Outcome::one_way},
        {"UDP with a reply", {ask, raw_udp(false, 514).payload("y")}, Outcome::established},
        {"UDP port unreachable", {ask, error4(3, 3, ask)}, Outcome::refused},
        {"UDP answered before, then unreachable",
         {ask, raw_udp(false, 514), error4(3, 3, ask)},
         Outcome::established},
        {"UDP prohibited, network", {ask, error4(3, 9, ask)}, Outcome::rejected},
        {"UDP prohibited, host", {ask, error4(3, 10, ask)}, Outcome::rejected},
        {"UDP prohibited by filter", {ask, error4(3, 13, ask)}, Outcome::rejected},
        {"UDP host unreachable", {ask, error4(3, 1, ask)}, Outcome::rejected},
        {"UDP fragmentation needed", {ask, error4(3, 4, ask)}, Outcome::one_way},
        {"UDP time exceeded", {ask, error4(11, 0, ask)}, Outcome::one_way},
        {"TCP port unreachable", {raw_syn(), error4(3, 3, raw_syn())}, Outcome::refused},
        {"TCP prohibited", {raw_syn(), error4(3, 13, raw_syn())}, Outcome::rejected},
        {"TCP prohibited, SYN again",
         {raw_syn(), error4(3, 13, raw_syn()), raw_syn()},
         Outcome::rejected},
        {"IPv6 prohibited", {raw_syn6(), error6(1, 1, raw_syn6())}, Outcome::rejected},
        {"IPv6 by policy", {raw_syn6(), error6(1, 5, raw_syn6())}, Outcome::rejected},
        {"IPv6 reject route", {raw_syn6(), error6(1, 6, raw_syn6())}, Outcome::rejected},
        {"IPv6 port unreachable", {raw_syn6(), error6(1, 4, raw_syn6())}, Outcome::refused},
        {"IPv6 packet too big", {raw_syn6(), error6(2, 0, raw_syn6())}, Outcome::unanswered},
        {"DNS without answer", {query(53, false)}, Outcome::unanswered},
        {"DNS answered", {query(53, false), query(53, true)}, Outcome::established},
        {"the answer of a DNS query not seen", {query(53, true)}, Outcome::mid_stream},
        {"something else on port 53", {raw_udp(true, 53).payload("hello")}, Outcome::one_way},
        {"echo without reply", {ping(true), ping(true, 0x00070002)}, Outcome::unanswered},
        {"echo prohibited", {ping(true), error4(3, 13, ping(true))}, Outcome::rejected},
        {"echo answered", {ping(true), ping(false)}, Outcome::established},
        {"only the echo reply", {ping(false)}, Outcome::mid_stream},
        {"SCTP INIT alone", {init, init}, Outcome::unanswered},
        {"SCTP INIT answered", {init, sctp(false).sctp_init_ack(88)}, Outcome::established},
        {"SCTP ABORT to INIT", {init, sctp(false).chunk(6)}, Outcome::refused},
        {"SCTP ABORT later",
         {init, sctp(false).sctp_init_ack(88), sctp(false).chunk(6)},
         Outcome::established},
        {"SCTP already open", {sctp(true).chunk(0)}, Outcome::mid_stream},
        {"another protocol",
         {packet().ip4("10.0.0.1", "10.0.0.2").ip_protocol(47).zeros(8)},
         Outcome::one_way},
    };
}

std::uint64_t fingerprint_of(const PacketBuilder& built) {
    return FlowScript().add(built).only().fingerprint;
}

}  // namespace

TEST_CASE("datagrams, associations and ICMP errors give the outcome", "[flow]") {
    const auto c = GENERATE(from_range(cases()));
    INFO(c.name);
    FlowScript script;
    for (const auto& built : c.packets) script.add(built);
    const Sighting seen = script.only();
    CHECK(to_string(seen.outcome) == to_string(c.outcome));
    CHECK(to_string(seen.client.ip) == (seen.client.ip.is_v4() ? "10.0.0.1" : "fd00::1"));
    CHECK(script.table.stats().unmatched_errors == 0);
}

TEST_CASE("an ICMP error about an unknown flow makes none", "[flow]") {
    FlowScript script;
    script.add(error4(3, 3, raw_syn()));
    CHECK(script.changed().empty());
    CHECK(script.table.stats().unmatched_errors == 1);
}

TEST_CASE("an ICMP error about an answer does not refuse the request", "[flow]") {
    FlowScript script;
    script.add(raw_udp(true, 9)).add(error4(3, 3, raw_udp(false, 9)));
    CHECK(script.only().outcome == Outcome::one_way);
}

TEST_CASE("an echo is a flow from identifier to type, each way its own", "[flow]") {
    FlowScript script;
    script.add(ping(true)).add(ping(false));
    script.add(packet().ip4("10.0.0.2", "10.0.0.1").icmp(8, 0, 0x00070001).zeros(8));
    const auto sightings = script.changed();
    REQUIRE(sightings.size() == 2);
    CHECK(to_string(sightings[0].client) == "10.0.0.1:7");
    CHECK(to_string(sightings[0].server) == "10.0.0.2:8");
    CHECK(sightings[0].outcome == Outcome::established);
    CHECK(to_string(sightings[1].client) == "10.0.0.2:7");
    CHECK(sightings[1].outcome == Outcome::unanswered);
}

TEST_CASE("pinging oneself is answered by oneself", "[flow]") {
    FlowScript script;
    script.add(packet().ip4("10.0.0.1", "10.0.0.1").icmp(8, 0, 1).zeros(8))
        .add(packet().ip4("10.0.0.1", "10.0.0.1").icmp(0, 0, 1).zeros(8));
    CHECK(script.only().outcome == Outcome::established);
}

TEST_CASE("neighbour discovery and group membership are counted apart", "[flow]") {
    FlowScript script;
    script.add(packet().ip6("fe80::1", "ff02::1").icmp6(135).zeros(16))
        .add(packet().ip6("fe80::1", "ff02::16").icmp6(143).zeros(8))
        .add(packet().ip4("10.0.0.1", "224.0.0.22").ip_protocol(2).zeros(8));
    CHECK(script.changed().empty());
    CHECK(script.table.stats().neighbor_discovery == 1);
    CHECK(script.table.stats().group_membership == 2);
}

TEST_CASE("a fingerprint does not depend on what NAT changes, but on the payload", "[flow]") {
    const auto seen = fingerprint_of(packet().ip4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("abc"));
    CHECK(seen != 0);
    CHECK(seen ==
          fingerprint_of(packet().eth().ip4("192.0.2.1", "10.9.9.9").udp(9, 7).payload("abc")));
    CHECK(seen != fingerprint_of(packet().ip4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("abd")));
    CHECK(fingerprint_of(packet().ip4("10.0.0.1", "10.0.0.2").udp(1, 2)) == 0);
    CHECK(fingerprint_of(ping(true, 0x00070001)) == fingerprint_of(ping(true, 0x00090001)));
    CHECK(fingerprint_of(ping(true, 0x00070001)) != fingerprint_of(ping(true, 0x00070002)));
}

TEST_CASE("a fingerprint does not depend on where the snap length cut", "[flow]") {
    auto cut = packet().ip4("10.0.0.1", "10.0.0.2").udp(1, 2).zeros(900);
    const auto whole = fingerprint_of(cut);
    CHECK(whole == fingerprint_of(cut.snap(96)));
}

TEST_CASE("SCTP: an INIT with another tag is another association", "[flow]") {
    FlowScript script;
    script.add(sctp(true).sctp_init(77)).add(sctp(true).sctp_init(78));
    const auto sightings = script.changed();
    REQUIRE(sightings.size() == 2);
    CHECK(sightings[0].fingerprint != sightings[1].fingerprint);
}

TEST_CASE("DNS answers name addresses, each answer once a minute", "[flow]") {
    FlowScript script;
    script.add(query(53, false)).add(query(53, true)).add(query(53, true));
    const auto names = script.table.take_names();
    REQUIRE(names.size() == 1);
    CHECK(names[0].name == "db");
    CHECK(to_string(names[0].address) == "10.1.2.3");
    CHECK(to_string(names[0].asked_by) == "10.0.0.1");
    CHECK(names[0].ttl == 60);
    CHECK(script.only().app == "dns");
    CHECK(script.wait(61'000).add(query(53, true)).table.take_names().size() == 1);
}

TEST_CASE("what is sent to a group is nobody's conversation, and no answer is missed", "[flow]") {
    const auto group = GENERATE(as<std::string>{}, "224.0.0.251", "239.1.2.3", "255.255.255.255");
    const std::string question("\0\1\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1", 19);
    FlowScript script;
    script.add(packet().ip4("10.0.0.1", group).udp(5353, 5353).payload(question));
    script.add(packet().ip4("10.0.0.3", group).udp(5353, 5353).payload(question));
    script.add(packet().ip4("10.0.0.2", "10.0.0.1").udp(5353, 5353).payload(question));
    const auto seen = script.changed();
    REQUIRE(seen.size() == 3);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(to_string(seen[i].server.ip) == group);
        CHECK(seen[i].outcome == Outcome::one_way);
        CHECK(seen[i].received.packets == 0);
    }
    CHECK(to_string(seen[2].client.ip) == "10.0.0.2");
}

TEST_CASE("a frame to every station makes its datagrams a broadcast, until somebody answers",
          "[flow]") {
    const auto ask = [](PacketBuilder link) {
        return link.ip4("10.0.0.1", "10.0.0.255").udp(40000, 9999).payload("who?");
    };
    const auto all = packet().eth_to_all();
    const auto kernel = packet().sll2(3, 1);
    const auto tunnelled = packet()
                               .eth()
                               .ip4("9.0.0.1", "9.0.0.2")
                               .udp(1, 4789)
                               .payload({8, 0, 0, 0, 0, 0, 7, 0})
                               .eth_to_all();
    for (const auto& link : {all, packet().sll(1), kernel, tunnelled}) {
        FlowScript script;
        script.add(ask(link)).add(ask(link));
        CHECK(script.changed().back().broadcast);
    }
    const auto plain = [&](const PacketBuilder& first, const PacketBuilder& second) {
        FlowScript script;
        return !script.add(first).add(second).only().broadcast;
    };
    CHECK(plain(ask(packet().eth()), ask(packet().eth())));
    CHECK(plain(ask(packet().sll2(3, 4)), ask(packet().sll2(3, 4))));  // sent: to whom is not told
    CHECK(plain(ask(all), ask(packet().eth())));
    const auto answer = packet().eth().ip4("10.0.0.255", "10.0.0.1").udp(9999, 40000).payload("I");
    CHECK(plain(ask(all), answer));
    const auto syn = packet().eth_to_all().ip4("10.0.0.1", "10.0.0.2").tcp(1, 2).syn();
    CHECK(plain(syn, syn));
}
