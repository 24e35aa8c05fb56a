// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <random>
#include <set>
#include <tuple>

#include <catch2/catch.hpp>

#include "analyzer/generate.h"
#include "tests/analyzer/policy_text.h"
#include "tests/analyzer/random_traffic.h"
#include "tests/analyzer/random_world.h"
#include "tests/analyzer/worlds.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;

namespace {

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

namespace {

constexpr std::size_t outside = 1000;  ///< added to the number of an address: to whom a way leads

std::size_t receiver(const Conversation& each) {
    if (each.server.endpoint) return *each.server.endpoint;
    for (std::size_t i = 0;; ++i) {
        if (each.server.socket.ip == IpAddress::v4(0xcb007100U + static_cast<std::uint32_t>(i))) {
            return outside + i;
        }
    }
}

/// Ways that are open to everyone for whom a rule stands as for those who were seen: `same` says
/// who is not told apart.
template <class Same>
Ways predicted_ways(std::size_t pods, const std::vector<Conversation>& conversations, Same same) {
    Ways ways;
    for (const auto& each : conversations) {
        const TrafficPoint point{each.protocol, each.server.socket.port};
        const auto to = receiver(each);
        for (std::size_t a = 0; a < pods; ++a) {
            if (!same(a, *each.client.endpoint)) continue;
            if (to >= outside) ways.emplace(a, to, point);
            for (std::size_t b = 0; b < pods && to < outside; ++b) {
                if (a != b && same(b, to)) ways.emplace(a, b, point);
            }
        }
    }
    return ways;
}

/// Ways from each pod to each pod and address that the engine allows.
Ways open_ways(const World& world, std::size_t pods) {
    const PolicyEngine engine(world);
    Ways ways;
    const auto add = [&](std::size_t from, std::size_t to, const Who& who) {
        const auto traffic = engine.allowed(Who::of_endpoint(from), who);
        for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
            for (const auto& range : traffic.ports(protocol).intervals()) {
                CHECK(range.first == range.last);
                ways.emplace(from, to, TrafficPoint{protocol, range.first});
            }
        }
        CHECK(traffic.ports(Protocol::sctp).empty());
    };
    for (std::size_t a = 0; a < pods; ++a) {
        for (std::size_t b = 0; b < pods; ++b) {
            if (a != b) add(a, b, Who::of_endpoint(b));
        }
        for (std::uint32_t i = 0; i < 64; ++i) {
            add(a, outside + i, Who::of_address(IpAddress::v4(0xcb007100U + i)));
        }
    }
    return ways;
}

/// Nine workloads in three namespaces; of each namespace's three no label tells the first two
/// apart.
World twin_world() {
    World world;
    for (unsigned i = 0; i < 9; ++i) {
        worlds::add_pod(world.inventory, {"ns" + std::to_string(i % 3),
                                          "w" + std::to_string(i),
                                          {{"app", i < 6 ? "twin" : "single"}},
                                          {"10.0.0." + std::to_string(i + 1)}});
    }
    return world;
}

}  // namespace

TEST_CASE("what is open is exactly what the granularity predicts, in every dialect") {
    const auto seed = GENERATE(range(1U, 16U));
    const auto dialect =
        GENERATE(Dialect::kubernetes, Dialect::admin, Dialect::cilium, Dialect::calico);
    const auto granularity = GENERATE(Granularity::workload, Granularity::whole_namespace);
    CAPTURE(seed, static_cast<int>(dialect), static_cast<int>(granularity));
    std::mt19937 random(seed);
    const World world = twin_world();
    const PolicyEngine engine(world);
    const auto recorded = sample(engine, random, 14);
    GenerateOptions options;
    options.namespaces = {"ns0", "ns1", "ns2"};
    options.dialect = dialect;
    options.granularity = granularity;
    options.external_budget = 100;
    const auto generated = generate(engine, recorded, options);
    CHECK(generated.proof.sound);
    const auto predicted = predicted_ways(9, recorded, [&](std::size_t a, std::size_t b) {
        if (a == b) return true;
        const bool twins = granularity == Granularity::whole_namespace || (a < 6 && b < 6);
        return twins && place_of(world, a) == place_of(world, b);
    });
    const World after{world.inventory, generated.proposed, world.options, world.domains};
    CHECK(open_ways(after, 9) == predicted);
    // The proof's figures say the same, of workloads.
    std::uint64_t between = 0;
    for (const auto& way : predicted) between += std::get<1>(way) < outside ? 1U : 0U;
    CHECK(generated.proof.generated.allowed == between);
    CHECK(generated.proof.generated.used == used_ways(world, recorded).size());
    CHECK(generated.proof.excess.size() == between - used_ways(world, recorded).size());
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
