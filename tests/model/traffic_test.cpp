// SPDX-License-Identifier: Apache-2.0
#include "model/traffic.h"

#include <catch2/catch.hpp>

#include "tests/model/random_seed.h"

using namespace nspect;

namespace {

PortSet ports(std::string_view text) {
    const auto parsed = parse_port_set(text);
    REQUIRE(parsed.has_value());
    return *parsed;
}

TrafficSet conn(std::string_view text) {
    const auto parsed = parse_conn(text);
    REQUIRE(parsed.has_value());
    return *parsed;
}

constexpr std::array every_protocol{Protocol::tcp,  Protocol::udp,   Protocol::sctp,
                                    Protocol::icmp, Protocol::icmp6, Protocol::other};
constexpr std::array<std::uint16_t, 8> tried_ports{1, 2, 3, 254, 255, 256, 65534, 65535};

/// Each set starts and ends at one of the tried ports, so they tell all such sets apart.
TrafficSet random_traffic(std::mt19937& random) {
    TrafficSet traffic;
    for (const auto protocol : every_protocol) {
        if (random() % 3 == 0) continue;
        if (random() % 4 == 0) {
            traffic = traffic | TrafficSet::of(protocol);
            continue;
        }
        const bool has_types = !has_ports(protocol);
        const std::size_t count = has_types ? 5 : tried_ports.size();
        const Port first{tried_ports.at(random() % count)};
        const Port last{tried_ports.at(random() % count)};
        traffic =
            traffic | TrafficSet::of(protocol, {std::min(first, last), std::max(first, last)});
    }
    return traffic;
}

void check_points(const TrafficSet& a, const TrafficSet& b) {
    for (const auto protocol : every_protocol) {
        for (const auto number : tried_ports) {
            const TrafficPoint point{protocol, Port{number}};
            const bool in_a = a.contains(point);
            const bool in_b = b.contains(point);
            CHECK((a | b).contains(point) == (in_a || in_b));
            CHECK((a & b).contains(point) == (in_a && in_b));
            CHECK((a - b).contains(point) == (in_a && !in_b));
        }
    }
}

}  // namespace

TEST_CASE("random traffic sets agree with their points, and obey the laws", "[traffic]") {
    const auto seed = random_seed();
    INFO("NSPECT_SEED=" << seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 500; ++round) {
        const auto a = random_traffic(random);
        const auto b = random_traffic(random);
        check_points(a, b);
        CHECK((a | b) == (b | a));
        CHECK(((a - b) | (a & b)) == a);
        CHECK(((a - b) & b).empty());
        CHECK((TrafficSet::all() - (TrafficSet::all() - a)) == a);
        CHECK((a | b).contains(a));
        CHECK(a.contains(b) == ((a | b) == a));
        CHECK(to_conn(conn(to_conn(a))) == to_conn(a));
        CHECK((to_string(a) == to_string(b)) == (a == b));
    }
}

TEST_CASE("port sets print shortest, and read back as themselves", "[traffic]") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"", ""},
        {"80", "80"},
        {"8000-8999", "8000-8999"},
        {"443,80", "80,443"},
        {"80,81", "80-81"},
        {"1-100,50-200", "1-200"},
        {"5-5", "5"},
        {"0-65535", "0-65535"},
        {"65535", "65535"},
    }));
    CHECK(to_string(ports(text)) == expected);
    CHECK(ports(expected) == ports(text));
}

TEST_CASE("text that is not a list of ports is refused", "[traffic]") {
    const auto text = GENERATE(
        values<std::string>({",", "80,", ",80", "80,,81", "65536", "-1", "-", "1-", "-5", "9-8",
                             "http", "80 ", " 80", "+80", "8_0", "1-2-3", "99999999999999999999"}));
    CAPTURE(text);
    CHECK_FALSE(parse_port_set(text).has_value());
}

TEST_CASE("ports have neighbours up to both ends", "[traffic]") {
    CHECK(successor(Port{80}) == Port{81});
    CHECK(predecessor(Port{80}) == Port{79});
    CHECK(successor(Port{65534}) == Port{65535});
    CHECK_FALSE(successor(Port{65535}).has_value());
    CHECK(predecessor(Port{1}) == Port{0});
    CHECK_FALSE(predecessor(Port{0}).has_value());
}

TEST_CASE("CONN text lists SCTP, TCP and UDP in this order", "[traffic]") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"All Connections", "All Connections"},
        {"No Connections", "No Connections"},
        {"TCP 80", "TCP 80"},
        {"SCTP 1-65535,TCP 1-79,81-65535,UDP 53", "SCTP 1-65535,TCP 1-79,81-65535,UDP 53"},
        {"UDP 53,TCP 443,80", "TCP 80,443,UDP 53"},
        {"TCP 1-65535,UDP 1-65535", "TCP 1-65535,UDP 1-65535"},
        {"SCTP 1-65535,TCP 1-65535,UDP 1-65535", "All Connections"},
        {"tcp 1,2,udp 3", "TCP 1-2,UDP 3"},
        {"TCP 1,UDP 2,TCP 3", "TCP 1,3,UDP 2"},
    }));
    CHECK(to_conn(conn(text)) == expected);
}

TEST_CASE("text that is not CONN is refused", "[traffic]") {
    const auto text = GENERATE(values<std::string>(
        {"", ",", "TCP", "TCP ", "80", "TCP 80,", "TCP http", "* http", "ICMP 8", "OTHER 1",
         "TCP  80", "TCP 80, UDP 53", "TCP 80 ", "all connections", "TCP 9-8", "TCP 65536"}));
    CAPTURE(text);
    CHECK_FALSE(parse_conn(text).has_value());
}

TEST_CASE("CONN text leaves out ICMP and the rest of IP", "[traffic]") {
    CHECK(to_conn(TrafficSet::of(Protocol::icmp)) == "No Connections");
    CHECK(to_conn(TrafficSet::of(Protocol::other) | conn("TCP 1")) == "TCP 1");
    CHECK(conn("All Connections") == TrafficSet::all());
    CHECK_FALSE(conn("SCTP 1-65535,TCP 1-65535,UDP 1-65535").contains({Protocol::icmp, Port{8}}));
}

TEST_CASE("the full text of a traffic set tells everything it holds", "[traffic]") {
    using enum Protocol;
    CHECK(to_string(TrafficSet::all()) == "All Connections");
    CHECK(to_string(TrafficSet{}) == "No Connections");
    const auto ports_only = TrafficSet::of(tcp) | TrafficSet::of(udp) | TrafficSet::of(sctp);
    CHECK(to_string(ports_only) == "SCTP 1-65535,TCP 1-65535,UDP 1-65535");
    const auto ping = TrafficSet::of(icmp, {Port{8}, Port{8}}) | TrafficSet::of(icmp6);
    CHECK(to_string(ping | conn("TCP 22")) == "TCP 22,ICMP 8,ICMPv6 0-255");
    CHECK(to_string(TrafficSet::of(other)) == "OTHER");
    CHECK(to_string(TrafficSet::all() - TrafficSet::of(other) - ports_only) ==
          "ICMP 0-255,ICMPv6 0-255");
}

TEST_CASE("the set of one protocol is reached by its name", "[traffic]") {
    TrafficSet traffic;
    for (const auto protocol : every_protocol) {
        if (protocol == Protocol::other) continue;
        traffic.ports(protocol).insert({Port{7}, Port{9}});
        CHECK(traffic.contains({protocol, Port{8}}));
        CHECK(std::as_const(traffic).ports(protocol) == ports("7-9"));
    }
    CHECK_FALSE(traffic.contains({Protocol::other, Port{8}}));
}

TEST_CASE("protocols are read in any case", "[traffic]") {
    for (const auto protocol : every_protocol) {
        CHECK(parse_protocol(to_string(protocol)) == protocol);
    }
    CHECK(parse_protocol("tcp") == Protocol::tcp);
    CHECK(parse_protocol("Udp") == Protocol::udp);
    CHECK(parse_protocol("icmpV6") == Protocol::icmp6);
    CHECK(parse_protocol("icmp6") == Protocol::icmp6);
    CHECK_FALSE(parse_protocol("").has_value());
    CHECK_FALSE(parse_protocol("TCP ").has_value());
    CHECK_FALSE(parse_protocol("TCPX").has_value());
    CHECK(has_ports(Protocol::sctp));
    CHECK_FALSE(has_ports(Protocol::icmp));
    CHECK_FALSE(has_ports(Protocol::other));
}

TEST_CASE("a point names its port, an ICMP type or nothing", "[traffic]") {
    CHECK(to_string(TrafficPoint{Protocol::tcp, Port{5432}}) == "TCP 5432");
    CHECK(to_string(TrafficPoint{Protocol::icmp, Port{8}}) == "ICMP 8");
    CHECK(to_string(TrafficPoint{Protocol::other, Port{0}}) == "OTHER");
}
