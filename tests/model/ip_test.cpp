// SPDX-License-Identifier: Apache-2.0
#include "model/ip.h"

#include <unordered_set>

#include <catch2/catch.hpp>

#include "tests/model/random_seed.h"

using namespace nspect;

namespace {

std::string round_trip(std::string_view text) {
    const auto address = IpAddress::parse(text);
    return address ? to_string(*address) : "refused";
}

std::string prefix_round_trip(std::string_view text) {
    const auto prefix = IpPrefix::parse(text);
    return prefix ? to_string(*prefix) : "refused";
}

IpAddress ip(std::string_view text) {
    const auto address = IpAddress::parse(text);
    REQUIRE(address.has_value());
    return *address;
}

IpPrefix block(std::string_view text) {
    const auto prefix = IpPrefix::parse(text);
    REQUIRE(prefix.has_value());
    return *prefix;
}

}  // namespace

TEST_CASE("addresses print as RFC 5952 says", "[ip]") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"10.0.200.7", "10.0.200.7"},
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"2001:DB8::0001", "2001:db8::1"},
        {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"0:0:3::", "0:0:3::"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
        {"::ffff:10.1.2.3", "10.1.2.3"},
        {"::FFFF:0a01:0203", "10.1.2.3"},
    }));
    CHECK(round_trip(text) == expected);
    CHECK(round_trip(expected) == expected);
}

TEST_CASE("text that is not exactly one address is refused", "[ip]") {
    const auto text = GENERATE(values<std::string>({
        "",
        " ",
        ".",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.4.",
        ".1.2.3.4",
        "1..2.3",
        "256.1.1.1",
        "1.2.3.1000",
        "01.2.3.4",
        "1.2.3.00",
        "+1.2.3.4",
        "-1.2.3.4",
        "1.2.3.4 ",
        " 1.2.3.4",
        "0x1.2.3.4",
        "1.2.3.4/8",
        ":",
        ":::",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8",
        "1::2::3",
        ":1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8:",
        "1:::2",
        "12345::",
        "g::",
        "fe80::1%eth0",
        "::1.2.3",
        "1.2.3.4::",
        "::1.2.3.4:5",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::ffff:256.0.0.1",
        "[::1]",
        "::1/64",
    }));
    CAPTURE(text);
    CHECK_FALSE(IpAddress::parse(text).has_value());
}

TEST_CASE("hostile address text is refused, whatever its length", "[ip]") {
    CHECK_FALSE(IpAddress::parse(std::string(1'000'000, ':')).has_value());
    CHECK_FALSE(IpAddress::parse(std::string(1'000'000, '1')).has_value());
    CHECK_FALSE(IpAddress::parse("::" + std::string(1'000'000, '0')).has_value());
    CHECK_FALSE(IpAddress::parse(std::string("1.2.3.4\0", 8)).has_value());
    CHECK_FALSE(IpPrefix::parse("1.2.3.4/" + std::string(1'000'000, '8')).has_value());
}

TEST_CASE("every printed address reads back as itself", "[ip]") {
    const auto seed = random_seed();
    INFO("NSPECT_SEED=" << seed);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 20'000; ++i) {
        // Masks leave runs of zero groups, where the short form has its choices.
        const auto high = random() & (random() % 3 == 0 ? 0xffff'0000'0000'ffffU : ~0ULL);
        const auto low = random() & (random() % 3 == 0 ? 0x0000'ffff'0000'0000U : ~0ULL);
        for (const auto& address : {IpAddress::v6(random() % 2 == 0 ? 0 : high, low),
                                    IpAddress::v4(static_cast<std::uint32_t>(random()))}) {
            CHECK(IpAddress::parse(to_string(address)) == address);
        }
    }
}

TEST_CASE("bytes in network order become an address, 4 or 16 of them", "[ip]") {
    std::vector<std::byte> bytes(16);
    bytes[0] = std::byte{0xfd};
    bytes[15] = std::byte{0x01};
    CHECK(IpAddress::from_bytes(bytes) == ip("fd00::1"));
    CHECK(IpAddress::from_bytes(std::span(bytes).first(4)) == ip("253.0.0.0"));
    bytes[0] = std::byte{0};
    bytes[10] = bytes[11] = std::byte{0xff};
    CHECK(IpAddress::from_bytes(bytes) == ip("0.0.0.1"));
    CHECK_FALSE(IpAddress::from_bytes({}).has_value());
    CHECK_FALSE(IpAddress::from_bytes(std::span(bytes).first(15)).has_value());
}

TEST_CASE("neighbours exist up to both ends of each family", "[ip]") {
    const auto [text, next] = GENERATE(table<std::string, std::string>({
        {"0.0.0.0", "0.0.0.1"},
        {"10.255.255.255", "11.0.0.0"},
        {"255.255.255.254", "255.255.255.255"},
        {"::", "::1"},
        {"::ffff:ffff:ffff:ffff", "0:0:0:1::"},
        {"::fffe:ffff:ffff", "::1:0:0:0"},  // over the IPv4-mapped block
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    }));
    CHECK(successor(ip(text)) == ip(next));
    CHECK(predecessor(ip(next)) == ip(text));
    CHECK_FALSE(successor(ip("255.255.255.255")).has_value());
    CHECK_FALSE(predecessor(ip("0.0.0.0")).has_value());
    CHECK_FALSE(predecessor(ip("::")).has_value());
    CHECK_FALSE(successor(ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")).has_value());
}

TEST_CASE("every IPv4 address sorts before every IPv6 address", "[ip]") {
    CHECK(ip("255.255.255.255") < ip("::"));
    CHECK(ip("9.0.0.0") < ip("10.0.0.0"));
    CHECK(ip("::2") < ip("1::"));
}

TEST_CASE("addresses say what they are for", "[ip]") {
    CHECK(ip("127.9.9.9").is_loopback());
    CHECK(ip("::1").is_loopback());
    CHECK_FALSE(ip("128.0.0.1").is_loopback());
    CHECK_FALSE(ip("::2").is_loopback());
    CHECK(ip("224.0.0.1").is_multicast());
    CHECK(ip("239.255.255.255").is_multicast());
    CHECK(ip("255.255.255.255").is_multicast());
    CHECK(ip("ff02::1").is_multicast());
    CHECK_FALSE(ip("240.0.0.1").is_multicast());
    CHECK_FALSE(ip("fe80::1").is_multicast());
    CHECK(ip("169.254.1.1").is_link_local());
    CHECK(ip("fe80::1").is_link_local());
    CHECK(ip("febf::1").is_link_local());
    CHECK_FALSE(ip("fec0::1").is_link_local());
    CHECK_FALSE(ip("169.253.1.1").is_link_local());
    CHECK(ip("0.0.0.0").is_unspecified());
    CHECK(ip("::").is_unspecified());
    CHECK_FALSE(ip("::1").is_unspecified());
}

TEST_CASE("blocks print with their host bits cleared", "[ip]") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"10.0.0.0/8", "10.0.0.0/8"},
        {"192.168.242.213/24", "192.168.242.0/24"},
        {"1.2.3.4", "1.2.3.4/32"},
        {"1.2.3.4/0", "0.0.0.0/0"},
        {"1.2.3.4/32", "1.2.3.4/32"},
        {"2001:db8::1", "2001:db8::1/128"},
        {"2001:db8:ffff::1/33", "2001:db8:8000::/33"},
        {"2001:db8:1:2:3:4:5:6/64", "2001:db8:1:2::/64"},
        {"2001:db8:1:2:ffff:4:5:6/65", "2001:db8:1:2:8000::/65"},
        {"::/0", "::/0"},
        {"::ffff:10.1.2.3/104", "10.0.0.0/8"},
        {"::ffff:0:0/96", "0.0.0.0/0"},
        {"::ffff:10.1.2.3/95", "::fffe:0:0/95"},
        {"10.0.0.0/33", "refused"},
        {"::/129", "refused"},
        {"::ffff:1.2.3.4/129", "refused"},
        {"10.0.0.0/", "refused"},
        {"10.0.0.0/08", "refused"},
        {"10.0.0.0/-1", "refused"},
        {"10.0.0.0/8/8", "refused"},
        {"/8", "refused"},
        {"10/8", "refused"},
    }));
    CHECK(prefix_round_trip(text) == expected);
}

TEST_CASE("a block spans its first to its last address", "[ip]") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"10.1.0.0/16", "10.1.0.0-10.1.255.255"},
        {"0.0.0.0/0", "0.0.0.0-255.255.255.255"},
        {"1.2.3.4/32", "1.2.3.4-1.2.3.4"},
        {"::/0", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"fd00::/8", "fd00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"2001:db8::/127", "2001:db8::-2001:db8::1"},
        {"::/80", "::-::fffe:ffff:ffff"},
    }));
    CHECK(to_string(block(text).range()) == expected);
}

TEST_CASE("a block contains what is inside it, in its own family", "[ip]") {
    CHECK(block("10.0.0.0/8").contains(ip("10.255.0.1")));
    CHECK_FALSE(block("10.0.0.0/8").contains(ip("11.0.0.0")));
    CHECK(block("0.0.0.0/0").contains(ip("255.255.255.255")));
    CHECK_FALSE(block("0.0.0.0/0").contains(ip("::1")));
    CHECK_FALSE(block("::/0").contains(ip("1.2.3.4")));
    CHECK(block("10.0.0.0/8").contains(block("10.9.0.0/16")));
    CHECK(block("10.0.0.0/8").contains(block("10.0.0.0/8")));
    CHECK_FALSE(block("10.9.0.0/16").contains(block("10.0.0.0/8")));
    CHECK_FALSE(block("::/0").contains(block("10.0.0.0/8")));
}

TEST_CASE("neighbouring addresses have different hashes", "[ip]") {
    std::unordered_set<std::size_t> hashes;
    const std::hash<IpAddress> hash;
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        hashes.insert(hash(IpAddress::v4(0x0a000000U + i)));
        hashes.insert(hash(IpAddress::v6(0xfd00'0000'0000'0000U, i)));
        hashes.insert(hash(IpAddress::v6(0xfd00'0000'0000'0000U + i, 1)));
    }
    CHECK(hashes.size() >= 29'990);
}
