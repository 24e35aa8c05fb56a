// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/link_table.h"

#include <catch2/catch.hpp>

using namespace nspect;
using namespace nspect::capture;

namespace {

constexpr std::uint64_t host = 1;
constexpr std::uint64_t web = 2;
constexpr std::uint64_t db = 3;

LinkMessage link(std::uint32_t index, std::string name, std::string kind, std::uint32_t other = 0,
                 std::optional<std::int32_t> nsid = {}) {
    LinkMessage message;
    message.index = index;
    message.name = std::move(name);
    message.kind = std::move(kind);
    message.link_index = other;
    message.link_nsid = nsid;
    return message;
}

/// Two containers behind veths whose other ends are both number 2.
LinkTable two_containers() {
    LinkTable table;
    table.replace(host, {link(7, "veth-web", "veth", 2, 0), link(8, "veth-db", "veth", 2, 1)}, {});
    table.replace(web, {link(2, "eth0", "veth", 7, 5)}, {});
    table.replace(db, {link(2, "eth0", "veth", 8, 0)}, {});
    return table;
}

}  // namespace

TEST_CASE("peers with the same ifindex are told apart by their namespaces", "[links]") {
    auto table = two_containers();
    CHECK(table.unknown_nsids(host) == std::set<std::int32_t>{0, 1});
    CHECK(table.unknown_nsids(web) == std::set<std::int32_t>{5});
    table.learn_nsid(host, 0, web);
    table.learn_nsid(host, 1, db);
    table.learn_nsid(web, 5, host);
    table.learn_nsid(db, 0, host);
    CHECK(table.unknown_nsids(host).empty());

    const auto ends = table.interfaces(host);
    REQUIRE(ends.size() == 2);
    CHECK(ends[0].peer_netns == web);
    CHECK(ends[1].peer_netns == db);
    CHECK(ends[0].peer_index == 2);
    CHECK(ends[0].peer_name == "eth0");
    CHECK(table.interface(web, 2)->peer_name == "veth-web");
    CHECK(table.interface(db, 2)->peer_name == "veth-db");
}

TEST_CASE("a peer whose namespace is not known has an index and no name", "[links]") {
    const auto end = two_containers().interface(host, 7);
    REQUIRE(end);
    CHECK(end->peer_index == 2);
    CHECK(end->peer_netns == 0);
    CHECK(end->peer_name.empty());
}

TEST_CASE("a number that is taken back means nothing any more", "[links]") {
    auto table = two_containers();
    table.learn_nsid(host, 0, web);
    table.forget_nsid(host, 0);
    CHECK(table.interface(host, 7)->peer_netns == 0);
    CHECK(table.unknown_nsids(host).contains(0));
}

TEST_CASE("a namespace that is forgotten is nobody's peer", "[links]") {
    auto table = two_containers();
    table.learn_nsid(host, 0, web);
    table.forget(web);
    CHECK(table.interfaces(web).empty());
    CHECK(table.interface(host, 7)->peer_netns == 0);
}

TEST_CASE("both ends of a pair in one namespace find each other", "[links]") {
    LinkTable table;
    table.replace(host, {link(3, "a", "veth", 4), link(4, "b", "veth", 3)}, {});
    CHECK(table.interface(host, 3)->peer_netns == host);
    CHECK(table.interface(host, 3)->peer_name == "b");
    CHECK(table.interface(host, 4)->peer_name == "a");
}

TEST_CASE("netkit has peers; a macvlan and a vlan have a device below", "[links]") {
    LinkTable table;
    table.replace(host,
                  {link(5, "nk", "netkit", 2, 0), link(6, "mv", "macvlan", 2, 0),
                   link(7, "iv", "ipvlan", 2, 0), link(8, "v", "vlan", 2)},
                  {});
    CHECK(table.unknown_nsids(host) == std::set<std::int32_t>{0});
    CHECK(table.interface(host, 5)->peer_index == 2);
    for (const std::uint32_t index : {6U, 7U, 8U})
        CHECK(table.interface(host, index)->peer_index == 0);
}

TEST_CASE("ports know their bridge, and devices the one below them, also in another namespace",
          "[links]") {
    LinkTable table;
    auto port = link(7, "veth-web", "veth", 2, 0);
    port.master_index = 3;
    auto overlay = link(4, "vxlan0", "vxlan", 2);
    overlay.master_index = 3;
    table.replace(host,
                  {link(2, "eth0", "physical", 2), link(3, "br0", "bridge"), overlay, port,
                   link(8, "tunl0", "ipip", 0), link(9, "eth0.5", "vlan", 2)},
                  {});
    table.replace(web,
                  {link(2, "mv0", "macvlan", 2, 0), link(3, "iv0", "ipvlan", 2, 6),
                   link(4, "gnv0", "geneve", 4, 0), link(5, "wg0", "wireguard", 5, 0)},
                  {});
    table.learn_nsid(web, 0, host);
    CHECK(table.attachments(host) == std::vector<Attachment>{{host, 4, 3, 2, host},
                                                             {host, 7, 3, 0, 0},
                                                             {host, 9, 0, 2, host}});
    CHECK(table.attachments(web) ==
          std::vector<Attachment>{{web, 2, 0, 2, host}, {web, 3, 0, 2, 0}});
    CHECK(table.unknown_nsids(web) == std::set<std::int32_t>{6});
    CHECK(table.attachments(db).empty());
    port.master_index = 0;  // taken off the bridge
    table.apply(host, port);
    CHECK(table.attachments(host).size() == 2);
}

TEST_CASE("an interface knows the broadcast addresses of its IPv4 networks", "[links]") {
    LinkTable table;
    table.apply(web, link(2, "eth0", "veth"));
    const auto add = [&](const char* address, unsigned prefix_length) {
        table.apply(web, AddressMessage{false, 2, *IpAddress::parse(address), prefix_length});
    };
    add("10.0.0.2", 24);
    add("10.0.0.3", 24);
    add("172.16.5.1", 22);
    add("192.168.7.0", 31);  // two addresses, both of them somebody's
    add("192.168.9.9", 32);
    add("10.9.9.9", 0);
    add("fd00::2", 64);
    CHECK(table.interface(web, 2)->broadcasts ==
          std::vector{*IpAddress::parse("10.0.0.255"), *IpAddress::parse("172.16.7.255")});
}

TEST_CASE("messages keep interfaces and their addresses current", "[links]") {
    LinkTable table;
    const auto v4 = *IpAddress::parse("10.0.0.2");
    const auto v6 = *IpAddress::parse("fd00::2");
    table.apply(web, link(2, "eth0", "veth"));
    table.apply(web, AddressMessage{false, 2, v6});
    table.apply(web, AddressMessage{false, 2, v4});
    table.apply(web, AddressMessage{false, 9, v4});  // of an interface nobody told of
    CHECK(table.interface(web, 2)->addresses == std::vector{v4, v6});

    table.apply(web, link(2, "eth1", "veth"));
    CHECK(table.interface(web, 2)->name == "eth1");
    CHECK(table.interface(web, 2)->addresses.size() == 2);

    table.apply(web, AddressMessage{true, 2, v6});
    CHECK(table.interface(web, 2)->addresses == std::vector{v4});

    auto gone = link(2, "eth1", "veth");
    gone.gone = true;
    table.apply(web, gone);
    CHECK(table.interfaces(web).empty());
}
