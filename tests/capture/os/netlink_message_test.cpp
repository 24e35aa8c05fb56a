// SPDX-License-Identifier: Apache-2.0
#include "capture/os/netlink_message.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include <catch2/catch.hpp>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

using namespace nspect;
using namespace nspect::capture;

namespace {

using Bytes = std::vector<std::byte>;

template <class T>
Bytes bytes_of(const T& value) {
    Bytes bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

Bytes text(std::string_view value) {
    Bytes bytes(value.size() + 1);
    std::memcpy(bytes.data(), value.data(), value.size());
    return bytes;
}

void append(Bytes& to, const Bytes& more) {
    to.insert(to.end(), more.begin(), more.end());
    to.resize((to.size() + 3) / 4 * 4);
}

Bytes attribute(int type, const Bytes& value) {
    Bytes bytes = bytes_of(nlattr{static_cast<std::uint16_t>(sizeof(nlattr) + value.size()),
                                  static_cast<std::uint16_t>(type)});
    append(bytes, value);
    return bytes;
}

template <class Header>
Bytes message(int type, const Header& header, const std::vector<Bytes>& attributes, int flags = 0) {
    Bytes body;
    append(body, bytes_of(header));
    for (const auto& each : attributes) append(body, each);
    nlmsghdr start{};
    start.nlmsg_len = static_cast<std::uint32_t>(sizeof start + body.size());
    start.nlmsg_type = static_cast<std::uint16_t>(type);
    start.nlmsg_flags = static_cast<std::uint16_t>(flags);
    Bytes bytes = bytes_of(start);
    append(bytes, body);
    return bytes;
}

ifinfomsg ether(int index, unsigned flags = 0) {
    ifinfomsg header{};
    header.ifi_type = ARPHRD_ETHER;
    header.ifi_index = index;
    header.ifi_flags = flags;
    return header;
}

Bytes kind(std::string_view name) {
    return attribute(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, text(name)));
}

}  // namespace

TEST_CASE("a link message is read whatever its kind, also those this kernel lacks", "[netlink]") {
    const std::string name = GENERATE(values<std::string>(
        {"veth",   "netkit", "ipvlan",    "ipvtap", "macvlan", "macvtap", "vlan",       "bridge",
         "bond",   "team",   "vrf",       "vxlan",  "geneve",  "ipip",    "sit",        "gre",
         "gretap", "ip6tnl", "wireguard", "xfrm",   "dummy",   "ifb",     "openvswitch"}));
    const auto parsed = parse_netlink(
        message(RTM_NEWLINK, ether(7, IFF_UP),
                {attribute(IFLA_IFNAME, text("eth0")), kind(name),
                 attribute(IFLA_ADDRESS, {std::byte{2}, std::byte{0x42}, std::byte{0xac},
                                          std::byte{0x11}, std::byte{0}, std::byte{0xff}}),
                 attribute(IFLA_LINK, bytes_of(std::uint32_t{2})),
                 attribute(IFLA_LINK_NETNSID, bytes_of(std::int32_t{4})),
                 attribute(IFLA_MASTER, bytes_of(std::uint32_t{9}))}));
    REQUIRE(parsed.size() == 1);
    const std::uint32_t below = name == "vxlan" ? 0 : 2;  // that one is told elsewhere
    const LinkMessage expected{false, 7, "eth0", name, "02:42:ac:11:00:ff", true, below, 4, 9};
    CHECK(std::get<LinkMessage>(parsed[0]) == expected);
}

TEST_CASE("an interface without a kind is physical or the loopback", "[netlink]") {
    auto parsed =
        parse_netlink(message(RTM_NEWLINK, ether(2), {attribute(IFLA_IFNAME, text("ens3"))}));
    CHECK(std::get<LinkMessage>(parsed.at(0)).kind == "physical");
    auto loopback = ether(1, IFF_LOOPBACK);
    loopback.ifi_type = ARPHRD_LOOPBACK;
    parsed = parse_netlink(message(RTM_DELLINK, loopback, {attribute(IFLA_IFNAME, text("lo"))}));
    const auto& link = std::get<LinkMessage>(parsed.at(0));
    CHECK(link.kind == "loopback");
    CHECK(link.gone);
    CHECK(link.mac.empty());
    CHECK_FALSE(link.link_nsid);
}

TEST_CASE("a port of a bridge is not an interface of its own", "[netlink]") {
    auto header = ether(2);
    header.ifi_family = AF_BRIDGE;
    CHECK(parse_netlink(message(RTM_NEWLINK, header, {attribute(IFLA_IFNAME, text("eth0"))}))
              .empty());
}

TEST_CASE("what a VXLAN stands on is read from its own options", "[netlink]") {
    const auto parsed = parse_netlink(message(
        RTM_NEWLINK, ether(7),
        {attribute(IFLA_IFNAME, text("vxlan0")), attribute(IFLA_LINKINFO, [] {
             auto info = attribute(IFLA_INFO_KIND, text("vxlan"));
             append(info, attribute(IFLA_INFO_DATA,
                                    attribute(IFLA_VXLAN_LINK, bytes_of(std::uint32_t{3}))));
             return info;
         }())}));
    REQUIRE(parsed.size() == 1);
    CHECK(std::get<LinkMessage>(parsed[0]).kind == "vxlan");
    CHECK(std::get<LinkMessage>(parsed[0]).link_index == 3);
}

TEST_CASE("an address is the interface's own end of a point-to-point link", "[netlink]") {
    ifaddrmsg header{};
    header.ifa_family = AF_INET;
    header.ifa_index = 5;
    header.ifa_prefixlen = 24;
    const auto own = bytes_of(std::array<std::uint8_t, 4>{10, 0, 0, 1});
    const auto other = bytes_of(std::array<std::uint8_t, 4>{10, 0, 0, 2});
    auto parsed = parse_netlink(
        message(RTM_NEWADDR, header, {attribute(IFA_ADDRESS, other), attribute(IFA_LOCAL, own)}));
    CHECK(std::get<AddressMessage>(parsed.at(0)) ==
          AddressMessage{false, 5, *IpAddress::parse("10.0.0.1"), 24});
    parsed = parse_netlink(message(RTM_DELADDR, header, {attribute(IFA_ADDRESS, other)}));
    CHECK(std::get<AddressMessage>(parsed.at(0)) ==
          AddressMessage{true, 5, *IpAddress::parse("10.0.0.2"), 24});
    CHECK(parse_netlink(message(RTM_NEWADDR, header, {})).empty());
    CHECK(parse_netlink(message(RTM_NEWADDR, header, {attribute(IFA_LOCAL, Bytes(3))})).empty());
}

TEST_CASE("namespace numbers, ends and errors are read in the order of the datagram", "[netlink]") {
    Bytes datagram =
        message(RTM_NEWNSID, rtgenmsg{}, {attribute(NETNSA_NSID, bytes_of(std::int32_t{3}))});
    append(datagram,
           message(RTM_DELNSID, rtgenmsg{}, {attribute(NETNSA_NSID, bytes_of(std::int32_t{4}))}));
    append(datagram, message(RTM_NEWROUTE, rtmsg{}, {}));  // of no interest
    append(datagram, message(NLMSG_ERROR, -EPERM, {}));
    append(datagram, message(NLMSG_DONE, 0, {}, NLM_F_DUMP_INTR));
    const std::vector<NetlinkMessage> expected{NsidMessage{false, 3}, NsidMessage{true, 4},
                                               AnswerEnd{EPERM}, AnswerEnd{0}};
    CHECK(parse_netlink(datagram) == expected);
    CHECK(dump_was_interrupted(datagram));
    CHECK_FALSE(dump_was_interrupted(message(NLMSG_DONE, 0, {})));
}

TEST_CASE("lengths that do not fit are passed over", "[netlink]") {
    const auto whole =
        message(RTM_NEWLINK, ether(7), {attribute(IFLA_IFNAME, text("eth0")), kind("veth")});
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CHECK(parse_netlink(std::span(whole).first(length)).empty());
    }
    SECTION("of an attribute") {
        auto broken = attribute(IFLA_IFNAME, text("eth0"));
        broken[0] = std::byte{0xff};
        const auto parsed = parse_netlink(message(RTM_NEWLINK, ether(7), {broken}));
        for (const auto& each : parsed) CHECK(std::get<LinkMessage>(each).name.empty());
    }
    SECTION("of a number") {
        const auto parsed = parse_netlink(
            message(RTM_NEWLINK, ether(7),
                    {attribute(IFLA_LINK, Bytes(2)), attribute(IFLA_LINK_NETNSID, Bytes(1))}));
        CHECK(std::get<LinkMessage>(parsed.at(0)).link_index == 0);
        CHECK_FALSE(std::get<LinkMessage>(parsed.at(0)).link_nsid);
    }
    SECTION("of a name without an end") {
        const auto parsed = parse_netlink(
            message(RTM_NEWLINK, ether(7), {attribute(IFLA_IFNAME, Bytes(4, std::byte{'x'}))}));
        CHECK(std::get<LinkMessage>(parsed.at(0)).name == "xxxx");
    }
}
