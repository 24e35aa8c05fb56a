// SPDX-License-Identifier: Apache-2.0
#include "capture/decode/fragments.h"

#include <catch2/catch.hpp>

using namespace nspect;
using namespace nspect::capture;
using namespace std::chrono_literals;

namespace {

DecodedPacket first(std::uint32_t id) {
    DecodedPacket packet;
    packet.src = IpAddress::v4(1);
    packet.dst = IpAddress::v4(2);
    packet.ip_protocol = 17;
    packet.protocol = Protocol::udp;
    packet.fragment = true;
    packet.fragment_id = id;
    packet.src_port = Port{static_cast<std::uint16_t>(id)};
    packet.dst_port = Port{53};
    return packet;
}

DecodedPacket later(std::uint32_t id) {
    DecodedPacket packet = first(id);
    packet.later_fragment = true;
    packet.src_port = packet.dst_port = Port{};
    return packet;
}

constexpr Timestamp start{1000s};

}  // namespace

TEST_CASE("a later fragment gets the ports of its first", "[fragments]") {
    FragmentTable table;
    auto one = first(7);
    auto two = later(7);
    CHECK(table.resolve(one, start));
    CHECK(table.resolve(two, start + 1ms));
    CHECK(two.src_port == Port{7});
    CHECK(two.dst_port == Port{53});
}

TEST_CASE("a fragment without its first keeps no ports and is counted", "[fragments]") {
    FragmentTable table;
    auto one = first(7);
    REQUIRE(table.resolve(one, start));
    auto other_id = later(8);
    CHECK_FALSE(table.resolve(other_id, start));
    auto other_source = later(7);
    other_source.src = IpAddress::v4(9);
    CHECK_FALSE(table.resolve(other_source, start));
    auto other_protocol = later(7);
    other_protocol.ip_protocol = 6;
    CHECK_FALSE(table.resolve(other_protocol, start));
    CHECK(other_id.dst_port == Port{});
    CHECK(table.unresolved() == 3);
}

TEST_CASE("an identification is forgotten after its lifetime", "[fragments]") {
    FragmentTable table(16, 30s);
    auto one = first(7);
    REQUIRE(table.resolve(one, start));
    auto in_time = later(7);
    auto too_late = later(7);
    CHECK(table.resolve(in_time, start + 30s));
    CHECK_FALSE(table.resolve(too_late, start + 31s));
}

TEST_CASE("a reused identification means the newer datagram", "[fragments]") {
    FragmentTable table;
    auto old = first(7);
    auto fresh = first(7);
    fresh.src_port = Port{999};
    REQUIRE(table.resolve(old, start));
    REQUIRE(table.resolve(fresh, start + 1s));
    auto two = later(7);
    REQUIRE(table.resolve(two, start + 2s));
    CHECK(two.src_port == Port{999});
}

TEST_CASE("the table stays bounded and keeps the newest", "[fragments]") {
    FragmentTable table(4);
    for (std::uint32_t id = 0; id < 100; ++id) {
        auto packet = first(id);
        table.resolve(packet, start + std::chrono::milliseconds(id));
    }
    auto newest = later(99);
    auto oldest = later(0);
    CHECK(table.resolve(newest, start + 1s));
    CHECK_FALSE(table.resolve(oldest, start + 1s));
}

TEST_CASE("in IPv6 a later fragment takes the transport of its first", "[fragments]") {
    FragmentTable table;
    auto one = first(7);
    auto two = later(7);
    one.src = two.src = IpAddress::v6(1, 1);
    two.ip_protocol = 60;
    two.protocol = Protocol::other;
    REQUIRE(table.resolve(one, start));
    REQUIRE(table.resolve(two, start));
    CHECK(two.protocol == Protocol::udp);
    CHECK(two.ip_protocol == 17);
}
