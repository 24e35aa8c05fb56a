// SPDX-License-Identifier: Apache-2.0
#include "analyzer/engine.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "analyzer/explain.h"
#include "tests/analyzer/worlds.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::worlds;

namespace {

constexpr std::size_t web = 0;
constexpr std::size_t db = 1;
constexpr std::size_t guest = 2;

/// web and db in "shop", a guest in "lobby"; the port name "sql" is 5432 on db.
World shop() {
    World world;
    add_pod(
        world.inventory,
        {.space = "shop", .name = "web", .labels = {{"app", "web"}}, .addresses = {"10.0.0.1"}});
    add_pod(world.inventory, {.space = "shop",
                              .name = "db",
                              .labels = {{"app", "db"}},
                              .addresses = {"10.0.0.2", "fd00::2"},
                              .ports = {{"sql", Port{5432}, Protocol::tcp}}});
    add_pod(world.inventory, {.space = "lobby", .name = "guest", .addresses = {"10.0.1.1"}});
    return world;
}

Policy db_admits(Rule admitted) {
    Policy policy = network_policy("shop", "db-in", {{"app", "db"}}, true, false);
    policy.ingress = {std::move(admitted)};
    return policy;
}

bool may(const World& world, std::size_t from, std::size_t to, const TrafficPoint& point) {
    return PolicyEngine(world)
        .allowed(Who::of_endpoint(from), Who::of_endpoint(to))
        .contains(point);
}

Verdict verdict(const World& world, const Who& from, const Who& to, const TrafficPoint& point) {
    return PolicyEngine(world).decide(from, to, point);
}

const TrafficPoint sql = tcp_point(5432);
const Peer web_pods = pods_in("shop", {{"app", "web"}});

}  // namespace

TEST_CASE("without policies everything is allowed", "[engine]") {
    const World world = shop();
    CHECK(PolicyEngine(world).allowed(Who::of_endpoint(guest), Who::of_endpoint(db)) ==
          TrafficSet::all());
    CHECK_FALSE(PolicyEngine(world).selected(db, Direction::ingress));
}

TEST_CASE("a NetworkPolicy allows what its rules name and isolates from the rest", "[engine]") {
    World world = shop();
    world.policies = {db_admits(rule(Action::allow, {web_pods}, tcp(5432)))};
    CHECK(may(world, web, db, sql));
    CHECK_FALSE(may(world, web, db, tcp_point(22)));
    CHECK_FALSE(may(world, guest, db, sql));
    CHECK(may(world, db, guest, tcp_point(80)));
    CHECK(may(world, db, db, tcp_point(22)));
    CHECK(PolicyEngine(world).isolated(db, Direction::ingress));
    CHECK_FALSE(PolicyEngine(world).isolated(db, Direction::egress));
}

TEST_CASE("ICMP is named only by rules without ports", "[engine]") {
    World world = shop();
    world.policies = {db_admits(rule(Action::allow, {web_pods}))};
    CHECK(may(world, web, db, {Protocol::icmp, Port{8}}));
    CHECK(may(world, web, db, {Protocol::other, Port{}}));
    world.policies = {db_admits(rule(Action::allow, {web_pods}, tcp(5432)))};
    CHECK_FALSE(may(world, web, db, {Protocol::icmp, Port{8}}));
}

TEST_CASE("a port name stands for the destination's port in both directions", "[engine]") {
    World world = shop();
    world.policies = {db_admits(rule_by_name(Action::allow, {web_pods}, "sql"))};
    CHECK(may(world, web, db, sql));
    CHECK_FALSE(may(world, web, db, tcp_point(5433)));

    Policy out = network_policy("shop", "web-out", {{"app", "web"}}, false, true);
    out.egress = {rule_by_name(Action::allow, {AnyPeer{}}, "sql")};
    world.policies = {out};
    CHECK(may(world, web, db, sql));
    CHECK_FALSE(may(world, web, guest, sql));
    CHECK_FALSE(PolicyEngine(world)
                    .allowed(Who::of_endpoint(web), Who::of_address(ip("203.0.113.1")))
                    .contains(sql));
}

TEST_CASE("an admin deny wins over a namespace's allow, a pass leaves it the word", "[engine]") {
    World world = shop();
    Policy admin = admin_policy("deny-sql", pods_anywhere(), 1);
    admin.ingress = {rule(Action::deny, {pods_anywhere()}, tcp(5432))};
    world.policies = {db_admits(rule(Action::allow, {web_pods})), admin};
    CHECK_FALSE(may(world, web, db, sql));
    CHECK(may(world, web, db, tcp_point(80)));

    world.policies.back().ingress.front().action = Action::pass;
    CHECK(may(world, web, db, sql));
    CHECK_FALSE(may(world, guest, db, sql));
}

TEST_CASE("a baseline rule decides only where no NetworkPolicy isolates", "[engine]") {
    World world = shop();
    Policy base = baseline_policy(pods_anywhere());
    base.ingress = {rule(Action::deny, {pods_anywhere()})};
    world.policies = {base, db_admits(rule(Action::allow, {web_pods}))};
    CHECK(may(world, web, db, sql));
    CHECK_FALSE(may(world, db, web, sql));
}

TEST_CASE("the first admin rule that names a port leaves the others to later rules", "[engine]") {
    World world = shop();
    Policy admin = admin_policy("tiers", pods_anywhere(), 1);
    admin.ingress = {rule(Action::deny, {AnyPeer{}}, 2),
                     rule(Action::allow, {AnyPeer{}}, tcp(443), 1)};
    world.policies = {admin};
    CHECK(may(world, web, db, tcp_point(443)));
    CHECK_FALSE(may(world, web, db, tcp_point(80)));
}

TEST_CASE("an address block matches pods where their address is known, and says so", "[engine]") {
    World world = shop();
    const Peer near = AddressPeer{block("10.0.0.0/24"), PodsByAddress::undefined};
    world.policies = {db_admits(rule(Action::allow, {near}))};
    const Verdict known = verdict(world, Who::of_endpoint(web), Who::of_endpoint(db), sql);
    CHECK(known.allowed());
    CHECK(known.uncertain());
    CHECK_FALSE(may(world, guest, db, sql));

    world.options.ip_block_pods = IpBlockPods::never;
    const Verdict never = verdict(world, Who::of_endpoint(web), Who::of_endpoint(db), sql);
    CHECK_FALSE(never.allowed());
    CHECK_FALSE(never.uncertain());
}

TEST_CASE("IPv4 and IPv6 blocks know nothing of each other", "[engine]") {
    World world = shop();
    const Peer all_v4 = AddressPeer{all_addresses(IpFamily::v4), PodsByAddress::undefined};
    world.policies = {db_admits(rule(Action::allow, {all_v4}))};
    const PolicyEngine engine(world);
    const Who target = Who::of_endpoint(db);
    CHECK(engine.allowed(Who::of_address(ip("203.0.113.1")), target) == TrafficSet::all());
    CHECK(engine.allowed(Who::of_address(ip("2001:db8::1")), target).empty());
}

TEST_CASE("a dual-stack pod is judged by each of its addresses alone", "[engine]") {
    World world = shop();
    const std::size_t both = add_pod(
        world.inventory, {.space = "lobby", .name = "both", .addresses = {"10.0.0.9", "fd00::9"}});
    const Peer by_v6 = AddressPeer{block("fd00::/64"), PodsByAddress::yes};
    world.policies = {db_admits(rule(Action::allow, {by_v6}, tcp(5432)))};
    const PolicyEngine engine(world);
    const Who target = Who::of_endpoint(db);
    CHECK(engine.allowed(Who::of_endpoint(both), target).contains(sql));
    CHECK(engine.allowed(Who::of_endpoint(both, IpFamily::v6), target).contains(sql));
    CHECK(engine.allowed(Who::of_endpoint(both, IpFamily::v4), target).empty());
}

TEST_CASE("host-network pods are pods to NetworkPolicy alone, with a doubt", "[engine]") {
    World world = shop();
    const std::size_t agent =
        add_pod(world.inventory, {.space = "shop", .name = "agent", .host_network = true});
    world.policies = {db_admits(rule(Action::allow, {pods_in("shop")}))};
    const Verdict namespaced = verdict(world, Who::of_endpoint(agent), Who::of_endpoint(db), sql);
    CHECK(namespaced.allowed());
    CHECK(namespaced.uncertain());

    Policy admin = admin_policy("deny-all", pods_anywhere(), 1);
    admin.ingress = {rule(Action::deny, {pods_anywhere()})};
    admin.egress = {rule(Action::deny, {AnyPeer{}})};
    world.policies = {admin};
    const Verdict by_admin = verdict(world, Who::of_endpoint(agent), Who::of_endpoint(db), sql);
    CHECK(by_admin.allowed());
    CHECK_FALSE(by_admin.uncertain());
}

TEST_CASE("a node is named by its addresses, and so are host-network pods on it", "[engine]") {
    World world = shop();
    Node node;
    node.name = "one";
    node.labels = {{"role", "edge"}};
    node.addresses = {ip("192.0.2.10")};
    world.inventory.add_node(node);
    const std::size_t agent = add_pod(
        world.inventory, {.space = "shop", .name = "agent", .host_network = true, .node = "one"});
    Policy admin = admin_policy("edge", pods_in("shop", {{"app", "web"}}), 1);
    admin.egress = {rule(Action::deny, {NodePeer{Selector::matching({{"role", "edge"}})}})};
    world.policies = {admin};
    const PolicyEngine engine(world);
    CHECK(engine.allowed(Who::of_endpoint(web), Who::of_address(ip("192.0.2.10"))).empty());
    CHECK(engine.allowed(Who::of_endpoint(web), Who::of_endpoint(agent)).empty());
    CHECK_FALSE(engine.allowed(Who::of_endpoint(web), Who::of_endpoint(db)).empty());
}

TEST_CASE("a rule that is narrower than written makes its verdict uncertain", "[engine]") {
    World world = shop();
    Rule at_most = rule(Action::allow, {web_pods});
    at_most.condition = "an HTTP condition";
    world.policies = {db_admits(at_most)};
    const Verdict through = verdict(world, Who::of_endpoint(web), Who::of_endpoint(db), sql);
    CHECK(through.allowed());
    CHECK(through.uncertain());
    CHECK_FALSE(verdict(world, Who::of_endpoint(guest), Who::of_endpoint(db), sql).uncertain());

    world.policies.front().ingress.push_back(rule(Action::allow, {web_pods}));
    CHECK_FALSE(verdict(world, Who::of_endpoint(web), Who::of_endpoint(db), sql).uncertain());
}

TEST_CASE("endpoints that no policy tells apart are one class", "[engine]") {
    World world = shop();
    for (int i = 0; i < 20; ++i) {
        add_pod(world.inventory, {.space = "shop",
                                  .name = "web-" + std::to_string(i),
                                  .labels = {{"app", "web"}, {"hash", std::to_string(i)}},
                                  .addresses = {"10.0.2." + std::to_string(i)}});
    }
    world.policies = {db_admits(rule(Action::allow, {web_pods}, tcp(5432)))};
    const PolicyEngine engine(world);
    CHECK(engine.class_count() == 3);
    CHECK(engine.class_of(web) == engine.class_of(5));
    CHECK(engine.class_of(web) != engine.class_of(db));
}

TEST_CASE("a denial names the policies that isolate and how near their rules came", "[explain]") {
    World world = shop();
    world.policies = {db_admits(rule(Action::allow, {web_pods}, tcp(5432))),
                      network_policy("shop", "deny-all", {}, true, true)};
    const Verdict denied =
        verdict(world, Who::of_endpoint(web), Who::of_endpoint(db), tcp_point(22));
    CHECK(denying_policies(denied.ingress) == std::vector<std::size_t>{0, 1});
    CHECK(denied.ingress.reasons.front().effect == Reason::Effect::rule_matches_peer_not_port);
    CHECK(denied.ingress.reasons.back().effect == Reason::Effect::no_rule_matches_peer);
    CHECK(denying_policies(denied.egress) == std::vector<std::size_t>{1});
}

TEST_CASE("the blocks of an explanation share out all traffic", "[explain]") {
    World world = shop();
    world.policies = {db_admits(rule(Action::allow, {web_pods}, tcp(5432)))};
    const auto explanation =
        explain(PolicyEngine(world), Who::of_endpoint(web), Who::of_endpoint(db));
    REQUIRE(explanation.blocks.size() == 2);
    CHECK(explanation.blocks[0].traffic == tcp(5432));
    CHECK(explanation.blocks[0].verdict.allowed());
    CHECK((explanation.blocks[0].traffic | explanation.blocks[1].traffic) == TrafficSet::all());
    CHECK((explanation.blocks[0].traffic & explanation.blocks[1].traffic).empty());
    CHECK_FALSE(explanation.all_allowed_by_default());
}
