// SPDX-License-Identifier: Apache-2.0
#include "capture/decode/decode.h"

#include <catch2/catch.hpp>

#include "tests/capture/packet_builder.h"

using namespace nspect;
using namespace nspect::capture;
using test::packet;
using test::PacketBuilder;

namespace {

// The bytes are only needed while decoding; tests of the payload keep them themselves.
DecodedPacket decoded(const PacketBuilder& builder) {
    const auto bytes = builder.bytes();
    DecodedPacket result = decode(bytes, builder.wire_length(), builder.link());
    result.payload = {};
    return result;
}

IpAddress v4(std::uint32_t last) {
    return IpAddress::v4(0x0a000000U + last);
}
IpAddress v6(std::uint64_t last) {
    return IpAddress::v6(0xfd00000000000000U, last);
}

PacketBuilder tcp4(PacketBuilder link) {
    return link.ip4("10.0.0.1", "10.0.0.2").tcp(40000, 443).syn().seq(7).payload("hello");
}
PacketBuilder tcp6(PacketBuilder link) {
    return link.ip6("fd00::1", "fd00::2").tcp(40000, 443).syn().seq(7).payload("hello");
}

}  // namespace

TEST_CASE("a TCP segment is understood on every link layer", "[decode]") {
    struct Link {
        const char* name;
        PacketBuilder builder;
    };
    const auto link = GENERATE(
        Link{"raw", packet()}, Link{"ethernet", packet().eth()},
        Link{"802.1Q", packet().eth().vlan(5)},
        Link{"802.1ad", packet().eth().vlan(5, 0x88a8).vlan(6).vlan(7, 0x9100)},
        Link{"cooked 1", packet().sll()}, Link{"cooked 2", packet().sll2(3)},
        Link{"cooked with tag", packet().sll2(3).vlan(9)},
        Link{"loopback little", packet().bsd_null()}, Link{"loopback big", packet().bsd_null(true)},
        Link{"loopback FreeBSD", packet().bsd_null(false, 28)}, Link{"nflog", packet().nflog()});
    CAPTURE(link.name);
    for (const bool six : {false, true}) {
        const auto seen = decoded(six ? tcp6(link.builder) : tcp4(link.builder));
        CHECK(seen.outcome == DecodeOutcome::ok);
        CHECK(seen.src == (six ? v6(1) : v4(1)));
        CHECK(seen.dst == (six ? v6(2) : v4(2)));
        CHECK(seen.protocol == Protocol::tcp);
        CHECK(seen.src_port == Port{40000});
        CHECK(seen.dst_port == Port{443});
        CHECK(seen.tcp_flags == tcp_flag::syn);
        CHECK(seen.tcp_seq == 7);
        CHECK(seen.ip_payload_bytes == 25);
        CHECK(seen.payload_bytes == 5);
    }
}

TEST_CASE("the innermost tag is the VLAN, the cooked header names interface and direction",
          "[decode]") {
    CHECK(decoded(tcp4(packet().eth().vlan(5, 0x88a8).vlan(0xf006))).vlans == VlanStack{6, 5});
    const auto two = decoded(tcp4(packet().sll2(77, 4)));
    CHECK(two.interface_index == 77);
    CHECK(two.sll_packet_type == 4);
    CHECK(decoded(tcp4(packet().sll(3))).sll_packet_type == 3);
}

TEST_CASE("the interface of a cooked packet is found without decoding it, and the same",
          "[decode]") {
    const auto whole = tcp4(packet().sll2(70000, 4)).bytes();
    for (const std::size_t cut :
         {std::size_t{0}, std::size_t{7}, std::size_t{19}, std::size_t{20}, whole.size()}) {
        const auto part = std::span(whole).first(cut);
        CHECK(sll2_interface_index(part) == (cut < 20 ? 0U : 70000U));
        CHECK(sll2_interface_index(part) ==
              decode(part, 1500, LinkType::linux_sll2).interface_index);
    }
}

TEST_CASE("the fields of TCP, UDP and SCTP are read", "[decode]") {
    const auto tcp = decoded(packet()
                                 .eth()
                                 .ip4("10.0.0.1", "10.0.0.2")
                                 .ip4_options(3)
                                 .tcp(1, 2)
                                 .tcp_options(4)
                                 .seq(0x01020304)
                                 .ack(0x05060708)
                                 .fin()
                                 .window(99)
                                 .payload("abc"));
    CHECK(tcp.tcp_seq == 0x01020304);
    CHECK(tcp.tcp_ack == 0x05060708);
    CHECK(tcp.tcp_flags == (tcp_flag::ack | tcp_flag::fin));
    CHECK(tcp.tcp_window == 99);
    CHECK(tcp.payload_bytes == 3);

    const auto udp = decoded(packet().ip6("fd00::1", "fd00::2").udp(5353, 53).payload("name"));
    CHECK(udp.protocol == Protocol::udp);
    CHECK(udp.src_port == Port{5353});
    CHECK(udp.payload_bytes == 4);

    const auto init =
        decoded(packet().ip4("10.0.0.1", "10.0.0.2").sctp(9, 8, 0).sctp_init(0xabcdef01));
    CHECK(init.protocol == Protocol::sctp);
    CHECK(init.sctp_chunk == 1);
    CHECK(init.sctp_init_tag == 0xabcdef01);
    const auto data = decoded(packet().ip4("10.0.0.1", "10.0.0.2").sctp(9, 8, 0x11).chunk(0));
    CHECK(data.outcome == DecodeOutcome::ok);
    CHECK(data.sctp_tag == 0x11);
    CHECK(data.sctp_init_tag == 0);
}

TEST_CASE("the payload ends where IP ends, not where the frame does", "[decode]") {
    const auto builder =
        packet().eth().ip4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload("xy").padding(20);
    const auto bytes = builder.bytes();
    const auto seen = decode(bytes, builder.wire_length(), LinkType::ethernet);
    REQUIRE(seen.payload.size() == 2);
    CHECK(seen.payload[1] == std::byte{'y'});

    const auto cut = packet().eth().ip4("10.0.0.1", "10.0.0.2").udp(1, 2).zeros(1000).snap(100);
    const auto cut_bytes = cut.bytes();
    const auto short_one = decode(cut_bytes, cut.wire_length(), LinkType::ethernet);
    CHECK(short_one.outcome == DecodeOutcome::ok);
    CHECK(short_one.payload.size() == 100 - 14 - 20 - 8);
    CHECK(short_one.payload_bytes == 1000);
}

TEST_CASE("lengths left empty by segmentation offload are taken from the wire", "[decode]") {
    const auto four =
        decoded(packet().eth().ip4("10.0.0.1", "10.0.0.2").tso().tcp(1, 2).zeros(1000).wire(70054));
    CHECK(four.ip_payload_bytes == 70020);
    CHECK(four.payload_bytes == 70000);
    const auto six =
        decoded(packet().eth().ip6("fd00::1", "fd00::2").tso().tcp(1, 2).zeros(1000).wire(70074));
    CHECK(six.payload_bytes == 70000);
    const auto jumbo = decoded(packet()
                                   .eth()
                                   .ip6("fd00::1", "fd00::2")
                                   .jumbo(8 + 20 + 69000)
                                   .tcp(1, 2)
                                   .zeros(1000)
                                   .wire(70074));
    CHECK(jumbo.outcome == DecodeOutcome::ok);
    CHECK(jumbo.payload_bytes == 69000);
}

TEST_CASE("a length that claims more than the frame had is not believed", "[decode]") {
    const auto seen = decoded(
        packet().eth().ip4("10.0.0.1", "10.0.0.2").ip_total_length(60000).tcp(1, 2).zeros(10));
    CHECK(seen.ip_payload_bytes == 30);
}

TEST_CASE("an IPv6 chain is walked to the transport, and no further than sixteen headers",
          "[decode]") {
    const auto all = decoded(packet()
                                 .ip6("fd00::1", "fd00::2")
                                 .hop_by_hop(2)
                                 .destination_options()
                                 .routing()
                                 .fragment(9, 0, false)
                                 .ah()
                                 .destination_options()
                                 .mobility()
                                 .hop_by_hop()
                                 .udp(7, 8)
                                 .payload("z"));
    CHECK(all.outcome == DecodeOutcome::ok);
    CHECK(all.src_port == Port{7});
    CHECK(all.ip_payload_bytes == 9);
    CHECK_FALSE(all.fragment);  // an atomic fragment is a whole datagram

    auto chain = packet().ip6("fd00::1", "fd00::2");
    for (int i = 0; i < 16; ++i) chain.destination_options();
    CHECK(decoded(PacketBuilder(chain).udp(7, 8)).outcome == DecodeOutcome::ok);
    CHECK(decoded(chain.destination_options().udp(7, 8)).outcome == DecodeOutcome::bad_extension);
}

TEST_CASE("fragments are told apart", "[decode]") {
    for (const bool six : {false, true}) {
        auto ip = six ? packet().ip6("fd00::1", "fd00::2") : packet().ip4("10.0.0.1", "10.0.0.2");
        const auto first = decoded(PacketBuilder(ip).fragment(77, 0, true).udp(7, 8).zeros(8));
        CHECK(first.fragment);
        CHECK_FALSE(first.later_fragment);
        CHECK(first.fragment_id == 77);
        CHECK(first.src_port == Port{7});
        const auto later = decoded(ip.fragment(77, 16, false).ip_protocol(17).zeros(40));
        CHECK(later.outcome == DecodeOutcome::ok);
        CHECK(later.later_fragment);
        CHECK(later.protocol == Protocol::udp);
        CHECK(later.src_port == Port{0});
        CHECK(later.ip_payload_bytes == 40);
    }
}

TEST_CASE("ICMP gives its type, echo its identifier, an error the packet it is about", "[decode]") {
    const auto echo = decoded(packet().ip4("10.0.0.1", "10.0.0.2").icmp(8, 0, 0x12340005));
    CHECK(echo.protocol == Protocol::icmp);
    CHECK(echo.src_port == Port{0x1234});
    CHECK(echo.dst_port == Port{8});
    CHECK(echo.icmp_sequence == 5);
    CHECK(decoded(packet().ip6("fd00::1", "fd00::2").icmp6(129, 0, 0x00070001)).src_port ==
          Port{7});

    const auto inner = packet().ip4("10.0.0.2", "10.0.0.9").tcp(40000, 5432).seq(0xfeed);
    const auto error = decoded(
        packet().ip4("10.0.0.1", "10.0.0.2").icmp(3, 13).quote(PacketBuilder(inner).snap(28)));
    CHECK(error.icmp_code == 13);
    CHECK(error.quoted.present);
    CHECK(error.quoted.src == v4(2));
    CHECK(error.quoted.dst == v4(9));
    CHECK(error.quoted.ip_protocol == 6);
    CHECK(error.quoted.src_port == Port{40000});
    CHECK(error.quoted.dst_port == Port{5432});
    CHECK(error.quoted.tcp_seq == 0xfeed);

    const auto six =
        decoded(packet()
                    .ip6("fd00::1", "fd00::2")
                    .icmp6(1, 4)
                    .quote(packet().ip6("fd00::2", "fd00::1").destination_options().udp(99, 53)));
    CHECK(six.quoted.ip_protocol == 17);
    CHECK(six.quoted.src_port == Port{99});
    CHECK(six.quoted.dst_port == Port{53});

    const auto nothing = decoded(packet().ip4("10.0.0.1", "10.0.0.2").icmp(3, 1));
    CHECK_FALSE(nothing.quoted.present);
    CHECK(nothing.outcome == DecodeOutcome::ok);
}

TEST_CASE("what is no use is named", "[decode]") {
    const auto ip = packet().eth().ip4("10.0.0.1", "10.0.0.2");
    struct Case {
        PacketBuilder builder;
        DecodeOutcome outcome;
    };
    const auto one = GENERATE_COPY(
        Case{packet().eth().arp(), DecodeOutcome::arp},
        Case{packet().eth(0x88cc).zeros(40), DecodeOutcome::not_ip},
        Case{packet().eth(0x0026).zeros(40), DecodeOutcome::not_ip},
        Case{tcp4(packet().eth()).snap(13), DecodeOutcome::truncated_link},
        Case{tcp4(packet().eth().vlan(1)).snap(16), DecodeOutcome::truncated_link},
        Case{tcp4(packet().sll()).snap(15), DecodeOutcome::truncated_link},
        Case{tcp4(packet().sll2(1)).snap(19), DecodeOutcome::truncated_link},
        Case{tcp4(packet().nflog()).snap(14), DecodeOutcome::truncated_link},
        Case{tcp4(packet().eth()).snap(33), DecodeOutcome::truncated_ip},
        Case{tcp6(packet().eth()).snap(53), DecodeOutcome::truncated_ip},
        Case{packet().eth(0x0800).zeros(40), DecodeOutcome::bad_ip_version},
        Case{packet().eth(0x86dd).zeros(60), DecodeOutcome::bad_ip_version},
        Case{PacketBuilder(ip).ip_total_length(19).tcp(1, 2), DecodeOutcome::bad_ip_length},
        Case{PacketBuilder(ip).tcp(1, 2).snap(45), DecodeOutcome::truncated_transport},
        Case{PacketBuilder(ip).ip_protocol(6).zeros(20), DecodeOutcome::bad_transport},
        Case{PacketBuilder(ip).ip_protocol(6).zeros(8), DecodeOutcome::bad_transport},
        Case{PacketBuilder(ip).ip_protocol(17).payload({0, 1, 0, 2, 0, 5, 0, 0}),
             DecodeOutcome::bad_transport},
        Case{PacketBuilder(ip).sctp(1, 2, 3), DecodeOutcome::bad_transport},
        Case{PacketBuilder(ip).icmp(8).snap(37), DecodeOutcome::truncated_transport},
        Case{packet().ip6("fd00::1", "fd00::2").hop_by_hop(9).snap(60),
             DecodeOutcome::truncated_ip});
    CHECK(to_string(decoded(one.builder).outcome) == to_string(one.outcome));
}

TEST_CASE("a link type that is not known says so, and an empty packet is truncated", "[decode]") {
    CHECK(decode({}, 0, LinkType::other).outcome == DecodeOutcome::unknown_link);
    CHECK(decode({}, 0, LinkType::ethernet).outcome == DecodeOutcome::truncated_link);
    CHECK(decode({}, 0, LinkType::raw_ip).outcome == DecodeOutcome::truncated_ip);
}

TEST_CASE("a packet cut anywhere keeps what stood before the cut", "[decode]") {
    const auto whole = tcp4(packet().eth().vlan(3)).bytes();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto seen = decode(std::span(whole).first(length), 63, LinkType::ethernet);
        CAPTURE(length);
        CHECK((seen.dst == v4(2)) == (length >= 38));
        CHECK((seen.dst_port == Port{443}) == (length >= 42));
        CHECK((seen.outcome == DecodeOutcome::ok) == (length >= 58));
    }
}
