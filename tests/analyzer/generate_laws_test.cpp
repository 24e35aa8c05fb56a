// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <random>
#include <set>
#include <tuple>

#include <catch2/catch.hpp>

#include "analyzer/generate.h"
#include "analyzer/observed_ends.h"
#include "tests/analyzer/policy_text.h"
#include "tests/analyzer/random_world.h"
#include "tests/analyzer/recording_builder.h"
#include "tests/analyzer/worlds.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;

namespace {

std::optional<std::pair<IpAddress, IpAddress>> meeting_place(const Inventory& inventory,
                                                             std::size_t from, std::size_t to) {
    for (const auto& a : inventory.addresses_of(from)) {
        for (const auto& b : inventory.addresses_of(to)) {
            if (a.family() == b.family()) return std::pair{a, b};
        }
    }
    return std::nullopt;
}

Conversation conversation(const Party& client, const Party& server, Protocol protocol,
                          Duration at) {
    Conversation made;
    made.protocol = protocol;
    made.client = client;
    made.server = server;
    made.outcome = Outcome::established;
    made.first = test::at(at);
    made.last = made.first + 1s;
    made.vantages = {{1, VantagePoint::Role::client, {1, 1}, {1, 1}, {}}};
    return made;
}

/// Whether no NetworkPolicy can name the pod: neither labels nor blocks hold for it.
bool has_no_name(const World& world, std::size_t endpoint) {
    return world.inventory.endpoints()[endpoint].host_network &&
           !world.options.host_network_pods.value_or(true) &&
           world.options.ip_block_pods == IpBlockPods::never;
}

/// Conversations that the world's own policies allow.
std::vector<Conversation> sample(const PolicyEngine& intended, std::mt19937& random,
                                 std::size_t count) {
    const auto& inventory = intended.world().inventory;
    const std::vector<std::uint16_t> ports{53, 80, 443, 5432, 8080};
    std::vector<Conversation> all;
    for (std::size_t tries = 0; tries < count * 20 && all.size() < count; ++tries) {
        const auto from = random() % inventory.endpoints().size();
        const auto to = random() % inventory.endpoints().size();
        const auto place = meeting_place(inventory, from, to);
        if (!place || from == to) continue;
        if (has_no_name(intended.world(), from) || has_no_name(intended.world(), to)) continue;
        const auto protocol = random() % 4 == 0 ? Protocol::udp : Protocol::tcp;
        Party client{{place->first, Port{40000}}, from, std::nullopt, ""};
        Party server{{place->second, Port{ports[random() % ports.size()]}}, to, std::nullopt, ""};
        if (random() % 8 == 0) {
            server = {{IpAddress::v4(0xcb007100U + static_cast<std::uint32_t>(random() % 64)),
                       server.socket.port},
                      std::nullopt,
                      std::nullopt,
                      ""};
            if (!place->first.is_v4()) continue;
        }
        auto made = conversation(client, server, protocol, std::chrono::seconds{tries});
        const auto talk = Ends(inventory).talk(made);
        const auto verdict = intended.decide(talk.client.who(), talk.server.who(), talk.point);
        if (verdict.allowed() && !verdict.uncertain()) all.push_back(std::move(made));
    }
    return all;
}

World without_network_policies(World world) {
    std::erase_if(world.policies,
                  [](const Policy& p) { return p.kind == PolicyKind::network_policy; });
    return world;
}

bool allows_all(const World& world, const std::vector<Conversation>& conversations) {
    const PolicyEngine engine(world);
    Ends ends(world.inventory);
    return std::all_of(conversations.begin(), conversations.end(), [&](const Conversation& c) {
        const auto talk = ends.talk(c);
        return engine.decide(talk.client.who(), talk.server.who(), talk.point).allowed();
    });
}

std::string broken_in_words(const Generated& generated) {
    std::string words;
    for (const auto& each : generated.proof.broken) {
        words += each.subject + ": " + each.reason + '\n';
    }
    for (const auto& line : text_of(generated)) words += line + '\n';
    return words;
}

World with_generated(const World& world, const Generated& generated) {
    World result = without_network_policies(world);
    for (const auto& each : generated.policies) result.policies.push_back(each.policy);
    return result;
}

}  // namespace

TEST_CASE("generated policies allow every recorded conversation of any intended world") {
    const auto seed = GENERATE(range(1U, 151U));
    CAPTURE(seed);
    std::mt19937 random(seed);
    const World world = worlds::RandomWorld(seed).make();
    if (world.inventory.endpoints().size() < 2) return;
    const PolicyEngine engine(world);
    const auto recorded = sample(engine, random, 40);
    const auto generated = generate(engine, recorded, {{}, true});
    INFO(broken_in_words(generated));
    CHECK(generated.proof.sound);
    CHECK(allows_all(with_generated(world, generated), recorded));
    CHECK(generated.proof.generated.used <= generated.proof.generated.allowed);
}

TEST_CASE("generation is deterministic and idempotent") {
    const auto seed = GENERATE(range(1U, 61U));
    CAPTURE(seed);
    std::mt19937 random(seed);
    const World world = worlds::RandomWorld(seed).make();
    const PolicyEngine engine(world);
    auto recorded = sample(engine, random, 30);
    const auto once = generate(engine, recorded, {{}, true});
    const World after = with_generated(world, once);
    const PolicyEngine engine_after(after);
    CHECK(text_of(generate(engine_after, recorded, {{}, true})) == text_of(once));
    std::shuffle(recorded.begin(), recorded.end(), random);
    CHECK(text_of(generate(engine, recorded, {{}, true})) == text_of(once));
}

TEST_CASE("policies generated from more traffic still allow the less") {
    const auto seed = GENERATE(range(1U, 61U));
    CAPTURE(seed);
    std::mt19937 random(seed);
    const World world = worlds::RandomWorld(seed).make();
    const PolicyEngine engine(world);
    const auto more = sample(engine, random, 40);
    const std::vector<Conversation> less(
        more.begin(), more.begin() + static_cast<std::ptrdiff_t>(more.size() / 2));
    CHECK(allows_all(with_generated(world, generate(engine, more, {{}, true})), less));
}

TEST_CASE("where labels tell all workloads apart, nothing beyond what was used is allowed") {
    const auto seed = GENERATE(range(1U, 31U));
    CAPTURE(seed);
    std::mt19937 random(seed);
    World world;
    for (unsigned i = 0; i < 12; ++i) {
        const auto name = "w" + std::to_string(i);
        worlds::add_pod(world.inventory, {"ns" + std::to_string(i % 3),
                                          name,
                                          {{"app", name}, {"tier", i % 2 == 0 ? "a" : "b"}},
                                          {"10.0.0." + std::to_string(i + 1)}});
    }
    const PolicyEngine engine(world);
    const auto recorded = sample(engine, random, 30);
    REQUIRE(recorded.size() == 30);
    const auto generated = generate(engine, recorded, {{}, true});
    CHECK(generated.proof.sound);
    CHECK(generated.proof.generated.allowed == generated.proof.generated.used);
    CHECK(generated.proof.excess.empty());
}

namespace {

using Ways = std::set<std::tuple<std::size_t, std::size_t, TrafficPoint>>;

/// A world of workloads that labels tell apart, `count` of them in three namespaces.
World distinct_world(unsigned count) {
    World world;
    for (unsigned i = 0; i < count; ++i) {
        const auto name = "w" + std::to_string(i);
        worlds::add_pod(world.inventory, {"ns" + std::to_string(i % 3),
                                          name,
                                          {{"app", name}},
                                          {"10.0.0." + std::to_string(i + 1)}});
    }
    return world;
}

const std::string& place_of(const World& world, std::size_t workload) {
    return world.inventory.workloads()[workload].id.namespace_name;
}

/// Ways between workloads that conversations used.
Ways used_ways(const World& world, const std::vector<Conversation>& conversations) {
    Ways ways;
    for (const auto& each : conversations) {
        if (!each.client.endpoint || !each.server.endpoint) continue;
        const auto& endpoints = world.inventory.endpoints();
        ways.emplace(endpoints[*each.client.endpoint].workload,
                     endpoints[*each.server.endpoint].workload,
                     TrafficPoint{each.protocol, each.server.socket.port});
    }
    return ways;
}

}  // namespace

TEST_CASE("policies of whole namespaces allow exactly what their members were seen doing") {
    const auto seed = GENERATE(range(1U, 31U));
    CAPTURE(seed);
    std::mt19937 random(seed);
    const World world = distinct_world(9);
    const PolicyEngine engine(world);
    const auto recorded = sample(engine, random, 12);
    GenerateOptions options;
    options.granularity = Granularity::whole_namespace;
    const auto generated = generate(engine, recorded, options);
    CHECK(generated.proof.sound);
    Ways predicted;
    for (const auto& [from, to, point] : used_ways(world, recorded)) {
        for (std::size_t a = 0; a < 9; ++a) {
            for (std::size_t b = 0; b < 9; ++b) {
                if (a != b && place_of(world, a) == place_of(world, from) &&
                    place_of(world, b) == place_of(world, to)) {
                    predicted.emplace(a, b, point);
                }
            }
        }
    }
    CHECK(generated.proof.generated.allowed == predicted.size());
}

TEST_CASE("generating from a superset removes nothing that was allowed") {
    const auto seed = GENERATE(range(1U, 41U));
    CAPTURE(seed);
    std::mt19937 random(seed);
    const World world = distinct_world(9);
    const PolicyEngine engine(world);
    const auto more = sample(engine, random, 30);
    const std::vector<Conversation> less(
        more.begin(), more.begin() + static_cast<std::ptrdiff_t>(more.size() / 2));
    const World small = with_generated(world, generate(engine, less, {{}, true}));
    const World large = with_generated(world, generate(engine, more, {{}, true}));
    const PolicyEngine before(small);
    const PolicyEngine after(large);
    for (std::size_t a = 0; a < 9; ++a) {
        for (std::size_t b = 0; b < 9; ++b) {
            // Who had no conversation yet is isolated only by the namespace's default deny.
            const auto from = Who::of_endpoint(a);
            const auto to = Who::of_endpoint(b);
            const auto was = before.allowed(from, to);
            const bool covered =
                before.isolated(a, Direction::egress) && before.isolated(b, Direction::ingress);
            if (covered) CHECK(after.allowed(from, to).contains(was));
        }
    }
}

TEST_CASE("every dialect allows what was recorded in any intended world") {
    const auto seed = GENERATE(range(1U, 41U));
    const auto dialect = GENERATE(Dialect::admin, Dialect::cilium, Dialect::calico);
    CAPTURE(seed, static_cast<int>(dialect));
    std::mt19937 random(seed);
    const World world = distinct_world(8);
    const PolicyEngine engine(world);
    const auto recorded = sample(engine, random, 25);
    GenerateOptions options;
    options.dialect = dialect;
    const auto generated = generate(engine, recorded, options);
    INFO(broken_in_words(generated));
    CHECK(generated.proof.sound);
    CHECK(generated.proof.generated.allowed == used_ways(world, recorded).size());
}

TEST_CASE("every dialect is deterministic, idempotent, and opens no less for more traffic") {
    const auto seed = GENERATE(range(1U, 21U));
    const auto dialect = GENERATE(Dialect::admin, Dialect::cilium, Dialect::calico);
    const auto granularity = GENERATE(Granularity::workload, Granularity::whole_namespace);
    CAPTURE(seed, static_cast<int>(dialect), static_cast<int>(granularity));
    std::mt19937 random(seed);
    const World world = distinct_world(8);
    const PolicyEngine engine(world);
    auto more = sample(engine, random, 25);
    GenerateOptions options;
    options.dialect = dialect;
    options.granularity = granularity;
    const auto once = generate(engine, more, options);
    const World after{world.inventory, once.proposed, world.options, world.domains};
    const PolicyEngine engine_after(after);
    CHECK(text_of(generate(engine_after, more, options)) == text_of(once));
    const std::vector<Conversation> less(
        more.begin(), more.begin() + static_cast<std::ptrdiff_t>(more.size() / 2));
    CHECK(allows_all(after, less));
    const auto small = generate(engine, less, options);
    const World before{world.inventory, small.proposed, world.options, world.domains};
    const PolicyEngine engine_before(before);
    const std::set<std::string> spaces(small.namespaces.begin(), small.namespaces.end());
    const auto is_covered = [&](std::size_t endpoint) {
        const auto& pod = world.inventory.endpoints()[endpoint];
        return spaces.contains(world.inventory.workload_of(pod).namespace_name);
    };
    for (std::size_t a = 0; a < 8; ++a) {
        for (std::size_t b = 0; b < 8; ++b) {
            // Elsewhere nothing was denied yet.
            const bool covered = is_covered(a) && is_covered(b);
            const auto was = engine_before.allowed(Who::of_endpoint(a), Who::of_endpoint(b));
            const auto is = engine_after.allowed(Who::of_endpoint(a), Who::of_endpoint(b));
            if (covered) CHECK(is.contains(was));
        }
    }
    std::shuffle(more.begin(), more.end(), random);
    CHECK(text_of(generate(engine, more, options)) == text_of(once));
}
