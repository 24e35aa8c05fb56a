// SPDX-License-Identifier: Apache-2.0
#include "capture/vantage_book.h"

#include <catch2/catch.hpp>

using namespace nspect;
using namespace nspect::capture;
using Kind = TargetEvent::Kind;

namespace {

Timestamp at(std::int64_t seconds) {
    return Timestamp{std::chrono::seconds(1'800'000'000 + seconds)};
}

InterfaceInfo interface(std::uint32_t index, std::string kind, std::uint64_t peer_netns,
                        std::vector<IpAddress> addresses = {}) {
    InterfaceInfo made;
    made.index = index;
    made.name = kind + std::to_string(index);
    made.kind = std::move(kind);
    made.up = true;
    made.peer_netns = peer_netns;
    made.addresses = std::move(addresses);
    return made;
}

TargetInfo target(std::uint32_t id, std::uint64_t netns, std::vector<InterfaceInfo> interfaces) {
    TargetInfo made;
    made.id = id;
    made.netns = netns;
    made.is_host = netns == 1;
    made.interfaces = std::move(interfaces);
    return made;
}

const IpAddress address_a = IpAddress::v4(0x0a000001);
const IpAddress address_b = IpAddress::v4(0x0a000002);

VantageBook book(CaptureSide side = CaptureSide::host_end) {
    return VantageBook({.host_netns = 1, .side = side, .host_interfaces = false, .wants = {}});
}

}  // namespace

TEST_CASE("an interface index given to another interface is another vantage", "[vantage]") {
    auto vantages = book();
    const auto veth = interface(5, "veth", 2);
    vantages.begin({target(1, 1, {veth}), target(2, 2, {})}, at(0));
    const auto first = vantages.find(1, 5, "any@host");
    vantages.apply({Kind::interface_gone, target(1, 1, {}), veth}, at(1));
    CHECK(vantages.find(1, 5, "any@host") == first);  // what was still in the ring
    const auto next = interface(5, "veth", 3);
    vantages.apply({Kind::target_appeared, target(3, 3, {}), {}}, at(2));
    vantages.apply({Kind::interface_appeared, target(1, 1, {next}), next}, at(2));
    const auto second = vantages.find(1, 5, "any@host");
    CHECK(second != first);
    Batch batch;
    vantages.take_changes(batch);
    REQUIRE(batch.vantages.size() == 2);
    CHECK(batch.vantages[0].target == 2U);
    CHECK(batch.vantages[1].target == 3U);
}

TEST_CASE("addresses are kept with the time they came and went", "[vantage]") {
    auto vantages = book();
    vantages.begin({target(2, 2, {interface(2, "veth", 1, {address_a})})}, at(0));
    const auto moved = interface(2, "veth", 1, {address_b});
    vantages.apply({Kind::interface_changed, target(2, 2, {moved}), moved}, at(5));
    vantages.apply({Kind::target_gone, target(2, 2, {moved}), {}}, at(9));
    Batch batch;
    vantages.take_changes(batch);
    const std::vector<AddressSeen> expected{{address_a, 2, at(0), forever},
                                            {address_a, 2, at(0), at(5)},
                                            {address_b, 2, at(5), forever},
                                            {address_b, 2, at(5), at(9)}};
    CHECK(batch.addresses == expected);
    REQUIRE(batch.targets.size() == 1);
    CHECK(batch.targets[0].from == at(0));
    CHECK(batch.targets[0].to == at(9));
}

TEST_CASE("nothing changed is nothing to write", "[vantage]") {
    auto vantages = book();
    const auto same = target(2, 2, {interface(2, "veth", 1, {address_a})});
    vantages.begin({same}, at(0));
    Batch batch;
    vantages.take_changes(batch);
    CHECK_FALSE(batch.empty());
    batch = {};
    vantages.apply({Kind::target_changed, same, {}}, at(3));
    vantages.take_changes(batch);
    CHECK(batch.empty());
}

TEST_CASE("a source inside is wanted where the host sees no end, or where it is asked for",
          "[vantage]") {
    struct Row {
        std::string kind;
        std::uint64_t peer_netns;
        CaptureSide side;
        bool inside;
    };
    const auto row = GENERATE(values<Row>({
        {"veth", 1, CaptureSide::host_end, false},
        {"veth", 1, CaptureSide::inside, true},
        {"veth", 1, CaptureSide::both, true},
        {"veth", 0, CaptureSide::host_end, true},  // at the start all peers are known that ever are
        {"veth", 7, CaptureSide::host_end, true},  // leads into another container
        {"macvlan", 0, CaptureSide::host_end, true},
        {"macvtap", 0, CaptureSide::host_end, true},
        {"ipvlan", 0, CaptureSide::host_end, true},
        {"netkit", 1, CaptureSide::host_end, true},  // its program acts before the host's end
        {"netkit", 1, CaptureSide::both, true},
        {"vlan", 0, CaptureSide::host_end, true},
        {"vxlan", 0, CaptureSide::host_end, true},
        {"geneve", 0, CaptureSide::host_end, true},
        {"ipip", 0, CaptureSide::host_end, true},
        {"wireguard", 0, CaptureSide::host_end, true},
        {"tun", 0, CaptureSide::host_end, true},
        {"physical", 0, CaptureSide::host_end, true},  // a card of its own: SR-IOV
        {"loopback", 0, CaptureSide::host_end, false},
    }));
    INFO(row.kind << " " << row.peer_netns);
    auto vantages = book(row.side);
    vantages.begin({target(1, 1, {}), target(2, 2, {interface(2, row.kind, row.peer_netns)})},
                   at(0));
    CHECK(vantages.inside_wanted().size() == (row.inside ? 1 : 0));
}

TEST_CASE("a veth whose other end nobody can see is listened to inside", "[vantage]") {
    auto vantages = book();
    vantages.begin({target(1, 1, {})}, at(0));
    vantages.apply({Kind::target_appeared, target(2, 2, {interface(2, "veth", 0)}), {}}, at(0));
    CHECK(vantages.inside_wanted().empty());
    CHECK_FALSE(vantages.give_up_waiting());
    CHECK(vantages.inside_wanted().empty());
    SECTION("once it has been waited for") {
        CHECK(vantages.give_up_waiting());
        CHECK(vantages.inside_wanted() == std::vector<std::uint64_t>{2});
        CHECK_FALSE(vantages.give_up_waiting());
        CHECK(vantages.inside_wanted() == std::vector<std::uint64_t>{2});
    }
    SECTION("unless it turns out to be the host's") {
        vantages.apply({Kind::interface_changed, target(2, 2, {interface(2, "veth", 1)}),
                        interface(2, "veth", 1)},
                       at(1));
        CHECK_FALSE(vantages.give_up_waiting());
        CHECK(vantages.inside_wanted().empty());
    }
    SECTION("as long as it is up") {
        auto down = interface(2, "veth", 0);
        down.up = false;
        vantages.apply({Kind::interface_changed, target(2, 2, {down}), down}, at(1));
        CHECK_FALSE(vantages.give_up_waiting());
        CHECK(vantages.inside_wanted().empty());
    }
}

TEST_CASE("the host's own interfaces are left out unless they are asked for", "[vantage]") {
    const auto kind = GENERATE(as<std::string>{}, "bridge", "loopback", "physical", "vxlan",
                               "geneve", "ipip", "wireguard", "bond", "vlan", "macvlan");
    const auto wanted = GENERATE(false, true);
    VantageBook vantages(
        {.host_netns = 1, .side = CaptureSide::host_end, .host_interfaces = wanted, .wants = {}});
    vantages.begin({target(1, 1, {interface(3, kind, 0)})}, at(0));
    CHECK(vantages.find(1, 3, "any@host").has_value() == wanted);
}

TEST_CASE("which ends of a pair are listened to follows from its kind and what is asked for",
          "[vantage]") {
    struct Row {
        std::string kind;
        CaptureSide side;
        bool host_end;
        bool inside;
    };
    const auto row = GENERATE(values<Row>({
        {"veth", CaptureSide::host_end, true, false},
        {"veth", CaptureSide::inside, false, true},
        {"veth", CaptureSide::both, true, true},
        {"netkit", CaptureSide::host_end, false, true},
        {"netkit", CaptureSide::inside, false, true},
        {"netkit", CaptureSide::both, true, true},
    }));
    INFO(row.kind << " " << static_cast<int>(row.side));
    const auto host_too = GENERATE(false, true);  // --host adds nothing to a container's pair
    VantageBook vantages(
        {.host_netns = 1, .side = row.side, .host_interfaces = host_too, .wants = {}});
    vantages.begin(
        {target(1, 1, {interface(5, row.kind, 2)}), target(2, 2, {interface(2, row.kind, 1)})},
        at(0));
    CHECK(vantages.find(1, 5, "any@host").has_value() == row.host_end);
    CHECK(vantages.inside_wanted().empty() != row.inside);
}

TEST_CASE("a host's end that packets go past is given up for a source inside", "[vantage]") {
    auto vantages = book();
    vantages.begin(
        {target(1, 1, {interface(5, "veth", 2)}), target(2, 2, {interface(2, "veth", 1)})}, at(0));
    const auto end = vantages.find(1, 5, "any@host");
    REQUIRE(end);
    CHECK(vantages.passed_by(*end) == "veth5");
    CHECK_FALSE(vantages.passed_by(*end));  // told once
    CHECK(vantages.inside_wanted() == std::vector<std::uint64_t>{2});
    CHECK(vantages.find(1, 5, "any@host") == end);  // half is better than nothing
    vantages.covered_inside(2);
    CHECK_FALSE(vantages.find(1, 5, "any@host"));
    CHECK(vantages.find(2, 2, "any@2"));
    vantages.apply({Kind::target_gone, target(2, 2, {}), {}}, at(1));
    CHECK(vantages.inside_wanted().empty());
}
