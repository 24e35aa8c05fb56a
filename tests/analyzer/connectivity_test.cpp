// SPDX-License-Identifier: Apache-2.0
// Rows, differences and the laws that hold for any world.
#include "analyzer/connectivity.h"

#include <algorithm>
#include <iostream>
#include <random>

#include <catch2/catch.hpp>

#include "analyzer/diff.h"
#include "analyzer/exposure.h"
#include "analyzer/reachability.h"
#include "tests/analyzer/random_world.h"
#include "tests/analyzer/worlds.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::worlds;

namespace {

using Lines = std::vector<std::string>;

Lines lines(const Connectivity& connectivity) {
    Lines text;
    for (const auto& row : connectivity.rows) {
        text.push_back(row.src + " -> " + row.dst + ": " + to_conn(row.traffic));
    }
    return text;
}

/// client and server; the server admits the client on 80 and a block on 443.
World pair() {
    World world;
    add_pod(world.inventory, {.name = "client", .labels = {{"app", "client"}}});
    add_pod(world.inventory, {.name = "server",
                              .labels = {{"app", "server"}},
                              .ports = {{"http", Port{80}, Protocol::tcp}}});
    Policy policy = network_policy("default", "in", {{"app", "server"}}, true, true);
    policy.ingress = {
        rule(Action::allow, {pods_in("default", {{"app", "client"}})}, tcp(80)),
        rule(Action::allow, {AddressPeer{block("203.0.113.0/24"), PodsByAddress::undefined}},
             tcp(443))};
    world.policies = {policy};
    return world;
}

Connectivity connectivity_of(const World& world) {
    return connectivity(PolicyEngine(world), Level::workload);
}

unsigned seed() {
    static const unsigned value = std::random_device{}();
    return value;
}

}  // namespace

TEST_CASE("rows say who may reach whom, and outside ranges are as large as can be",
          "[connectivity]") {
    CHECK(lines(connectivity_of(pair())) ==
          Lines{"0.0.0.0-255.255.255.255 -> default/client[Pod]: All Connections",
                "203.0.113.0-203.0.113.255 -> default/server[Pod]: TCP 443",
                "default/client[Pod] -> 0.0.0.0-255.255.255.255: All Connections",
                "default/client[Pod] -> default/server[Pod]: TCP 80"});
}

TEST_CASE("a workload's row is the union over its pods", "[connectivity]") {
    World world = pair();
    Endpoint second;
    second.name = "client-2";
    second.workload = *world.inventory.find_workload({"default", "client", "Pod"});
    world.inventory.add_endpoint(second);
    CHECK(connectivity_of(world).rows == connectivity_of(pair()).rows);
    const auto by_pod = connectivity(PolicyEngine(world), Level::pod);
    CHECK(by_pod.peers ==
          Lines{"default/client-2[Pod]", "default/client[Pod]", "default/server[Pod]"});
    const auto text = lines(by_pod);
    CHECK(std::count(text.begin(), text.end(),
                     "default/client-2[Pod] -> default/client[Pod]: All Connections") == 1);
}

TEST_CASE("IPv6 ranges are told where IPv6 is in use", "[connectivity]") {
    World world = pair();
    world.policies.front().ingress.push_back(
        rule(Action::allow, {AddressPeer{block("2001:db8::/32"), PodsByAddress::undefined}}));
    const auto text = lines(connectivity_of(world));
    CHECK(std::find(text.begin(), text.end(),
                    "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff -> default/server[Pod]: "
                    "All Connections") != text.end());
}

TEST_CASE("an entrance reaches declared ports that policies open to it", "[connectivity]") {
    World world = pair();
    Service service;
    service.namespace_name = "default";
    service.name = "front";
    service.selector = Selector::matching({{"app", "server"}});
    service.has_selector = true;
    service.ports = {{"http", Port{8080}, Protocol::tcp, "http", {}, {}}};
    world.inventory.add_service(service);
    Entrance entrance{"Ingress", "default", "way", {}, {}};
    entrance.backends = {{"default", "front", "", Port{8080}}};
    world.inventory.add_entrance(entrance);
    const std::string row = "{ingress-controller} -> default/server[Pod]: TCP 80";

    const auto closed = lines(connectivity_of(world));
    CHECK(std::count(closed.begin(), closed.end(), row) == 0);
    world.policies.front().ingress.push_back(rule(Action::allow, {pods_anywhere()}));
    const auto open = lines(connectivity_of(world));
    CHECK(std::count(open.begin(), open.end(), row) == 1);
}

TEST_CASE("a difference lists what was added, removed and changed, range by range", "[diff]") {
    World after = pair();
    auto& rules = after.policies.front().ingress;
    rules[0].ports.front().traffic = tcp(81);
    rules[1].peers = {AddressPeer{block("203.0.113.0/25"), PodsByAddress::undefined}};
    const auto difference = diff(connectivity_of(pair()), connectivity_of(after));
    REQUIRE(difference.rows.size() == 2);
    CHECK(difference.rows[0].src == "203.0.113.128-203.0.113.255");
    CHECK(difference.rows[0].type == ConnectivityChange::Type::removed);
    CHECK(difference.rows[1].type == ConnectivityChange::Type::changed);
    CHECK(difference.rows[1].after == tcp(81));
    CHECK(difference.peers_added.empty());
}

TEST_CASE("a description without pods is a potential peer", "[exposure]") {
    World world = pair();
    world.policies.front().ingress.push_back(
        rule(Action::allow, {pods_anywhere({{"app", "monitor"}})}, tcp(9090)));
    const Exposure found = exposure(PolicyEngine(world));
    const auto is_monitor = [](const ExposureRow& row) {
        return row.workload == "default/server[Pod]" &&
               row.peer.kind == ExposurePeer::Kind::potential;
    };
    const auto row = std::find_if(found.ingress.begin(), found.ingress.end(), is_monitor);
    REQUIRE(row != found.ingress.end());
    CHECK(to_conn(*row) == "TCP 9090");
    CHECK(found.unprotected == std::vector<std::pair<std::string, Direction>>{
                                   {"default/client[Pod]", Direction::egress},
                                   {"default/client[Pod]", Direction::ingress}});
}

TEST_CASE("laws of declared connectivity hold in random worlds", "[laws]") {
    std::cout << "laws: seed " << seed() << '\n';
    for (unsigned i = 0; i < 40; ++i) {
        INFO("seed " << seed() << " + " << i);
        World world = RandomWorld(seed() + i).make();
        const Connectivity before = connectivity(PolicyEngine(world), Level::workload);
        CHECK(diff(before, before).empty());

        World more = world;
        more.policies.push_back(network_policy("a", "none", {{"nobody", "has-this"}}, true, true));
        CHECK(diff(before, connectivity(PolicyEngine(more), Level::workload)).empty());

        // The order of documents matters only to admin policies of equal priority.
        World shuffled = world;
        std::stable_partition(shuffled.policies.begin(), shuffled.policies.end(),
                              [](const Policy& p) { return p.kind != PolicyKind::network_policy; });
        const auto first_v1 =
            std::find_if(shuffled.policies.begin(), shuffled.policies.end(),
                         [](const Policy& p) { return p.kind == PolicyKind::network_policy; });
        std::reverse(first_v1, shuffled.policies.end());
        CHECK(diff(before, connectivity(PolicyEngine(shuffled), Level::workload)).empty());
    }
}

TEST_CASE("counting by class is counting by endpoint", "[laws]") {
    for (unsigned i = 0; i < 40; ++i) {
        INFO("seed " << seed() << " + " << i);
        const World world = RandomWorld(seed() + i).make();
        const PolicyEngine engine(world);
        ReachabilitySummary counted;
        counted.classes = engine.class_count();
        const std::size_t endpoints = world.inventory.endpoints().size();
        for (std::size_t from = 0; from < endpoints; ++from) {
            for (std::size_t to = 0; to < endpoints; ++to) {
                if (from == to) continue;
                const auto traffic = engine.allowed(Who::of_endpoint(from), Who::of_endpoint(to));
                ++counted.pairs;
                if (traffic.empty()) {
                    ++counted.closed;
                } else if (traffic == TrafficSet::all()) {
                    ++counted.open;
                } else {
                    ++counted.restricted;
                }
            }
        }
        CHECK(summarize(engine) == counted);
    }
}
