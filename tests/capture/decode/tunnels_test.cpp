// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "capture/decode/decode.h"
#include "tests/capture/packet_builder.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;

namespace {

DecodedPacket decoded(const PacketBuilder& packet) {
    static std::vector<std::byte> bytes;  // the payload views it
    bytes = packet.bytes();
    return decode(bytes, packet.wire_length(), packet.link());
}

PacketBuilder outer() {
    return packet().eth().ip4("192.0.2.1", "192.0.2.2");
}
PacketBuilder outer6() {
    return packet().eth().ip6("2001:db8::1", "2001:db8::2");
}
PacketBuilder& inner(PacketBuilder& built) {
    return built.ip4("10.0.0.1", "10.0.0.2").tcp(40000, 5432).syn().seq(77);
}

struct Case {
    std::string name;
    PacketBuilder outside;  ///< up to where the inner packet starts
    bool ethernet;          ///< the inner packet is a frame
    TunnelKind kind;
    std::uint32_t id;
    std::uint8_t depth = 1;
    std::string src = "192.0.2.1";
};

std::vector<Case> cases() {
    using enum TunnelKind;
    return {
        {"VXLAN", outer().udp(50000, 4789).payload({8, 0, 0, 0, 0, 0, 42, 0}), true, vxlan, 42},
        {"VXLAN on Linux's older port", outer().udp(50000, 8472).payload({8, 0, 0, 0, 0, 0, 1, 0}),
         true, vxlan, 1},
        {"VXLAN with a group policy", outer().udp(50000, 4789).payload({0x88, 0, 1, 2, 0, 1, 0, 0}),
         true, vxlan, 256},
        {"VXLAN-GPE with IPv4", outer().udp(50000, 4790).payload({0x0c, 0, 0, 1, 0, 0, 7, 0}),
         false, vxlan, 7},
        {"VXLAN-GPE with a service header and a frame",
         outer()
             .udp(50000, 4790)
             .payload({0x0c, 0, 0, 4, 0, 0, 7, 0})
             .payload({0x0f, 0xc2, 2, 3, 0, 0, 1, 255}),
         true, vxlan, 7},
        {"VXLAN over IPv6", outer6().udp(50000, 4789).payload({8, 0, 0, 0, 0, 0, 42, 0}), true,
         vxlan, 42, 1, "2001:db8::1"},
        {"Geneve", outer().udp(50000, 6081).payload({0, 0, 0x65, 0x58, 0, 0, 9, 0}), true, geneve,
         9},
        {"Geneve with options and IPv4",
         outer().udp(50000, 6081).payload({2, 0x40, 8, 0, 0, 0, 9, 0, 1, 2, 0x80, 1, 0, 0, 0, 1}),
         false, geneve, 9},
        {"GRE", outer().ip_protocol(47).payload({0, 0, 8, 0}), false, gre, 0},
        {"GRE with checksum, key and sequence",
         outer().ip_protocol(47).payload({0xb0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 1}),
         false, gre, 258},
        {"GRE with a frame", outer().ip_protocol(47).payload({0, 0, 0x65, 0x58}), true, gre, 0},
        {"NVGRE", outer().ip_protocol(47).payload({0x20, 0, 0x65, 0x58, 0, 0, 5, 1}), true, gre, 5},
        {"GRE in IPv6", outer6().ip_protocol(47).payload({0, 0, 8, 0}), false, gre, 0, 1,
         "2001:db8::1"},
        {"PPTP",
         outer().ip_protocol(47).payload(
             {0x30, 0x81, 0x88, 0x0b, 0, 50, 0, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 3, 0x21}),
         false, gre, 3},
        {"ERSPAN type I", outer().ip_protocol(47).payload({0, 0, 0x88, 0xbe}), true, erspan, 0},
        {"ERSPAN type II",
         outer().ip_protocol(47).payload(
             {0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, 0, 5, 0, 0, 0, 0}),
         true, erspan, 5},
        {"ERSPAN type III with a subheader",
         outer().ip_protocol(47).payload({0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 0, 0, 5, 0, 0,
                                          0,    0, 0,    0,    0, 1, 0, 0, 0,    0, 0, 0, 0, 0}),
         true, erspan, 5},
        {"WCCP with its own header",
         outer().ip_protocol(47).payload({0, 0, 0x88, 0x3e, 0, 1, 2, 3}), false, gre, 0},
        {"GRE with a Cisco security group",
         outer().ip_protocol(47).payload({0x20, 0, 0x89, 9, 0, 0, 0, 40, 8, 0, 1, 1, 0, 1, 0, 0}),
         false, gre, 40},
        {"IPv4 in IPv4", outer(), false, ipip, 0},
        {"IPv4 in IPv6", outer6(), false, ip6tnl, 0, 1, "2001:db8::1"},
        {"MPLS, two labels", packet().eth(0x8847).payload({0, 1, 0, 64, 0, 2, 0x11, 64}), false,
         mpls, 0x21, 1, "0.0.0.0"},
        {"MPLS with an Ethernet pseudowire",
         packet().eth(0x8847).payload({0, 1, 0x01, 64, 0, 0, 0, 0}), true, mpls, 16, 1, "0.0.0.0"},
        {"MPLS in UDP", outer().udp(50000, 6635).payload({0, 1, 0x01, 64}), false, mpls, 16},
        {"MPLS in IP", outer().ip_protocol(137).payload({0, 1, 0x01, 64}), false, mpls, 16},
        {"PPPoE", packet().eth(0x8864).payload({0x11, 0, 0, 12, 0, 47, 0, 0x21}), false, pppoe, 12,
         1, "0.0.0.0"},
        {"GTP-U", outer().udp(2152, 2152).payload({0x30, 255, 0, 0, 0, 0, 1, 0}), false, gtp, 256},
        {"GTP-U with sequence and an extension",
         outer()
             .udp(2152, 2152)
             .payload({0x36, 255, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0x85, 1, 0x10, 9, 0}),
         false, gtp, 256},
        {"GRE in IPv4 in IPv4",
         outer().ip4("192.0.2.7", "192.0.2.8").ip_protocol(47).payload({0, 0, 8, 0}), false, gre, 0,
         2, "192.0.2.7"},
        {"VXLAN in PPPoE",
         packet()
             .eth(0x8864)
             .payload({0x11, 0, 0, 12, 0, 98, 0, 0x21})
             .ip4("192.0.2.1", "192.0.2.2")
             .udp(50000, 4789)
             .payload({8, 0, 0, 0, 0, 0, 42, 0}),
         true, vxlan, 42, 2},
        {"a stack of tags around VXLAN",
         packet()
             .eth()
             .vlan(8, 0x88a8)
             .vlan(10)
             .vlan(20)
             .ip4("192.0.2.1", "192.0.2.2")
             .udp(50000, 4789)
             .payload({8, 0, 0, 0, 0, 0, 42, 0}),
         true, vxlan, 42},
        {"a Cisco security group tag",
         packet().eth(0x8909).payload({1, 1, 0, 1, 0, 9, 0x88, 0x47}).payload({0, 1, 0x01, 64}),
         false, mpls, 16, 1, "0.0.0.0"},
    };
}

}  // namespace

TEST_CASE("what a tunnel carries in clear is decoded, both layers are kept", "[decode]") {
    auto all = cases();
    for (Case& c : all) {
        INFO(c.name);
        if (c.ethernet) c.outside.eth();
        const auto seen = decoded(inner(c.outside).payload("hello"));
        CHECK(to_string(seen.outcome) == "ok");
        CHECK(to_string(seen.src) == "10.0.0.1");
        CHECK(seen.dst_port == Port{5432});
        CHECK(seen.tcp_seq == 77);
        CHECK(seen.payload_bytes == 5);
        CHECK(seen.payload.size() == 5);
        CHECK(seen.ip_payload_bytes == 25);
        CHECK(to_string(seen.tunnel.kind) == to_string(c.kind));
        CHECK(seen.tunnel.id == c.id);
        CHECK(seen.tunnel.depth == c.depth);
        CHECK(to_string(seen.tunnel.src) == c.src);
        CHECK(seen.carries == TunnelKind::none);
    }
}

TEST_CASE("6in4 and IPv6 in IPv6 are told apart", "[decode]") {
    const auto sit = decoded(outer().ip6("fd00::1", "fd00::2").udp(1, 2).payload("x"));
    CHECK(to_string(sit.tunnel.kind) == "sit");
    CHECK(to_string(sit.src) == "fd00::1");
    const auto six = decoded(outer6().ip6("fd00::1", "fd00::2").udp(1, 2).payload("x"));
    CHECK(to_string(six.tunnel.kind) == "ip6tnl");
    CHECK(to_string(six.tunnel.dst) == "2001:db8::2");
}

TEST_CASE("a tunnel whose inside cannot be read is a flow of its own", "[decode]") {
    struct Row {
        std::string name;
        PacketBuilder packet;
        TunnelKind kind;
        std::uint16_t port;
    };
    const std::vector<Row> rows{
        {"ARP in VXLAN", outer().udp(50000, 4789).payload({8, 0, 0, 0, 0, 0, 42, 0}).eth().arp(),
         TunnelKind::vxlan, 4789},
        {"cut in the inner frame",
         outer().udp(50000, 4789).payload({8, 0, 0, 0, 0, 0, 42, 0, 1, 2}), TunnelKind::vxlan,
         4789},
        {"an inner header that lies",
         outer().udp(50000, 6081).payload({0, 0, 8, 0, 0, 0, 1, 0, 0x41, 0, 0, 0}),
         TunnelKind::geneve, 6081},
        {"source routed GRE", outer().ip_protocol(47).payload({0x40, 0, 8, 0, 0, 0, 0, 0}),
         TunnelKind::gre, 0},
        {"GRE keep-alive", outer().ip_protocol(47).payload({0, 0, 0, 0}), TunnelKind::gre, 0},
        {"ESP", outer().ip_protocol(50).payload({0, 0, 1, 0, 0, 0, 0, 1, 9, 9}), TunnelKind::esp,
         0},
        {"ESP in UDP", outer().udp(4500, 4500).payload({0, 0, 1, 0, 0, 0, 0, 1, 9, 9, 9, 9}),
         TunnelKind::esp, 4500},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        const auto seen = decoded(row.packet);
        CHECK(seen.outcome == DecodeOutcome::ok);
        CHECK(to_string(seen.src) == "192.0.2.1");
        CHECK(seen.dst_port == Port{row.port});
        CHECK(to_string(seen.carries) == to_string(row.kind));
        CHECK(seen.tunnel.kind == TunnelKind::none);
    }
}

TEST_CASE("what only looks like a tunnel is plain UDP", "[decode]") {
    const std::vector<PacketBuilder> packets{
        outer().udp(50000, 4789).payload({0, 0, 0, 0, 0, 0, 42, 0}).zeros(40),
        outer().udp(50000, 8472).payload("short"),
        outer().udp(50000, 6081).payload({0xc0, 0, 8, 0, 0, 0, 0, 0}).zeros(40),
        outer().udp(50000, 6081).payload({0x3f, 0, 8, 0, 0, 0, 0, 0}),
        outer().udp(2152, 2152).payload({0x32, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0}),
        outer().udp(4500, 4500).payload({0xff}),
        outer().udp(4500, 4500).payload({0, 0, 0, 0, 1, 2, 3, 4, 5}),
    };
    for (const auto& each : packets) {
        const auto seen = decoded(each);
        CHECK(seen.outcome == DecodeOutcome::ok);
        CHECK(seen.protocol == Protocol::udp);
        CHECK(seen.tunnel.kind == TunnelKind::none);
        CHECK(seen.carries == TunnelKind::none);
    }
}

TEST_CASE("PPPoE without IP and MPLS cut among its labels are counted", "[decode]") {
    CHECK(decoded(packet().eth(0x8864).payload({0x11, 0, 0, 1, 0, 2, 0xc0, 0x21})).outcome ==
          DecodeOutcome::not_ip);
    CHECK(decoded(packet().eth(0x8847).payload({0, 1, 0, 64, 0, 2})).outcome ==
          DecodeOutcome::truncated_link);
}

TEST_CASE("tunnels without end are made up", "[decode]") {
    auto built = packet().eth();
    for (int i = 0; i < 100; ++i) built.ip4("192.0.2.1", "192.0.2.2");
    const auto seen = decoded(built.udp(1, 2).payload("x"));
    CHECK(seen.outcome == DecodeOutcome::ok);  // as far as it was believed
    CHECK(seen.tunnel.depth < 40);
    CHECK(seen.carries == TunnelKind::ipip);
}

TEST_CASE("TCP options of a SYN are read", "[decode]") {
    const auto syn = decoded(outer().tcp(1, 2).syn().tcp_options(std::initializer_list<int>{
        2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0}));
    CHECK(syn.tcp_setup.mss == 1460);
    CHECK(syn.tcp_setup.window_scale == 7);
    CHECK(syn.tcp_setup.sack_permitted);
    CHECK(syn.tcp_setup.timestamps);
    const auto lies =
        decoded(outer().tcp(1, 2).syn().tcp_options(std::initializer_list<int>{2, 40, 5, 0xb4}));
    CHECK(lies.outcome == DecodeOutcome::ok);
    CHECK(lies.tcp_setup.mss == 0);
}

TEST_CASE("the path MTU an ICMP error tells is read", "[decode]") {
    const auto cause = packet().ip4("10.0.0.1", "10.0.0.2").tcp(1, 2);
    CHECK(decoded(outer().icmp(3, 4, 1400).quote(cause)).icmp_mtu == 1400);
    CHECK(decoded(outer().icmp(3, 3, 1400).quote(cause)).icmp_mtu == 0);
    CHECK(decoded(outer6().icmp6(2, 0, 1280).quote(cause)).icmp_mtu == 1280);
}
