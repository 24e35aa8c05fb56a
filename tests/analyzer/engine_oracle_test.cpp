// SPDX-License-Identifier: Apache-2.0
// Every small world, and larger ones at random: the engine and the oracle agree on every point.
#include <cstdlib>
#include <iostream>
#include <random>

#include <catch2/catch.hpp>

#include "analyzer/engine.h"
#include "tests/analyzer/random_world.h"
#include "tests/analyzer/worlds.h"
#include "tests/oracle/naive_policy.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::worlds;

namespace {

std::string describe(const Who& who) {
    return who.endpoint ? "#" + std::to_string(*who.endpoint) : to_string(who.address);
}

/// How thoroughly one world is compared: the pair alone, or also each direction and decide().
enum class Depth { pair, everything };

std::string disagreement_at(const PolicyEngine& engine, const Who& from, const Who& to,
                            const TrafficPoint& point) {
    const World& world = engine.world();
    const bool expected = oracle::allowed(world, from, to, point);
    if (engine.decide(from, to, point).allowed() != expected) return " (decide)";
    for (const Direction direction : {Direction::egress, Direction::ingress}) {
        const bool side = oracle::allowed(world, direction, from, to, point);
        if (engine.allowed(direction, from, to).contains(point) != side) {
            return " (" + std::string(to_string(direction)) + ")";
        }
    }
    return {};
}

/// The first disagreement in words; empty when there is none.
std::string disagreement(const World& world, const std::vector<Who>& parties,
                         const std::vector<TrafficPoint>& points, Depth depth) {
    const PolicyEngine engine(world);
    for (const Who& from : parties) {
        for (const Who& to : parties) {
            const TrafficSet both = engine.allowed(from, to);
            for (const auto& point : points) {
                const bool agree = both.contains(point) == oracle::allowed(world, from, to, point);
                const std::string wrong = !agree ? " (allowed)"
                                          : depth == Depth::everything
                                              ? disagreement_at(engine, from, to, point)
                                              : "";
                if (wrong.empty()) continue;
                return describe(from) + " -> " + describe(to) + " " + to_string(point) + wrong;
            }
        }
    }
    return {};
}

enum class Sort { namespaced, admin_allow, admin_deny, admin_pass, baseline_deny };

/// Policies of one rule: 5 sorts x the subjects x 4 peers x 3 port conditions.
std::vector<Policy> policies_of_one_rule(Direction direction, double order,
                                         const std::vector<Labels>& subjects) {
    const std::vector<Peer> peers{AnyPeer{}, pods_in("a", {{"x", "1"}}),
                                  pods_anywhere({{"y", "1"}}),
                                  AddressPeer{block("10.0.0.2/31"), PodsByAddress::undefined}};
    std::vector<Policy> result;
    for (const Sort sort : {Sort::namespaced, Sort::admin_allow, Sort::admin_deny, Sort::admin_pass,
                            Sort::baseline_deny}) {
        for (const Labels& subject : subjects) {
            for (const Peer& peer : peers) {
                const Action action = sort == Sort::admin_pass ? Action::pass
                                      : sort == Sort::admin_deny || sort == Sort::baseline_deny
                                          ? Action::deny
                                          : Action::allow;
                for (const Rule& one :
                     {rule(action, {peer}, order), rule(action, {peer}, tcp(80), order),
                      rule_by_name(action, {peer}, "web", order)}) {
                    const bool in = direction == Direction::ingress;
                    Policy policy = sort == Sort::namespaced
                                        ? network_policy("a", "p", subject, in, !in)
                                    : sort == Sort::baseline_deny
                                        ? baseline_policy(pods_anywhere(subject))
                                        : admin_policy("p", pods_anywhere(subject), order);
                    (in ? policy.ingress : policy.egress).push_back(one);
                    result.push_back(std::move(policy));
                }
            }
        }
    }
    return result;
}

/// Three pods in two namespaces with the labels x, y and none; the port name "web" means 80 or 81.
Inventory three_pods() {
    Inventory inventory;
    add_pod(inventory, {.space = "a",
                        .name = "one",
                        .labels = {{"x", "1"}},
                        .addresses = {"10.0.0.1"},
                        .ports = {{"web", Port{80}, Protocol::tcp}}});
    add_pod(inventory, {.space = "a",
                        .name = "two",
                        .labels = {{"y", "1"}},
                        .addresses = {"10.0.0.2"},
                        .ports = {{"web", Port{81}, Protocol::tcp}}});
    add_pod(inventory, {.space = "b", .name = "three", .addresses = {"10.0.0.9"}});
    return inventory;
}

std::vector<Who> three_pods_and_outside() {
    return {Who::of_endpoint(0), Who::of_endpoint(1), Who::of_endpoint(2),
            Who::of_address(ip("10.0.0.3"))};
}

}  // namespace

TEST_CASE("engine and oracle agree on every small world", "[engine][oracle]") {
    // All pairs of one-rule policies in one direction (directions never look at each other): the
    // first selects every pod or those labelled x, the second every pod.
    const Direction direction = GENERATE(Direction::ingress, Direction::egress);
    const auto first = policies_of_one_rule(direction, 1, {{}, {{"x", "1"}}});
    const auto second = policies_of_one_rule(direction, 2, {{}});
    World world;
    world.inventory = three_pods();
    const auto parties = three_pods_and_outside();
    std::string wrong;
    for (std::size_t i = 0; i < first.size() && wrong.empty(); ++i) {
        for (std::size_t j = 0; j < second.size() && wrong.empty(); ++j) {
            world.policies = {first[i], second[j]};
            wrong = disagreement(world, parties, {tcp_point(80), tcp_point(81)},
                                 (i + j) % 16 == 0 ? Depth::everything : Depth::pair);
            if (!wrong.empty()) {
                wrong += " with " + std::to_string(i) + " and " + std::to_string(j);
            }
        }
    }
    CHECK(wrong == "");
}

TEST_CASE("engine and oracle agree on random worlds", "[engine][oracle]") {
    const char* given = std::getenv("NSPECT_SEED");
    const auto seed =
        given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
    std::cout << "random worlds: NSPECT_SEED=" << seed << '\n';
    for (unsigned i = 0; i < 150; ++i) {
        RandomWorld random(seed + i);
        const World world = random.make();
        const std::string wrong = disagreement(world, random.parties(world), random.points(),
                                               i % 4 == 0 ? Depth::everything : Depth::pair);
        INFO("NSPECT_SEED=" << seed << ", world " << i);
        REQUIRE(wrong == "");
    }
}
