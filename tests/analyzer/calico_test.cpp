// SPDX-License-Identifier: Apache-2.0
// Calico's documents to verdicts: against an oracle that knows nothing of the normal form.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

#include <catch2/catch.hpp>

#include "analyzer/engine.h"
#include "ingest/load.h"
#include "ingest/staged.h"
#include "tests/analyzer/random_calico.h"

using namespace nspect;
using namespace nspect::analyzer;
namespace naive = nspect::oracle::calico;

namespace {

struct Loaded {
    World world;
    std::string words;
    bool good = true;
};

Loaded load(const std::string& text, bool staged = false) {
    Diagnostics diagnostics;
    auto bundle = ingest::load_texts({{"a.yaml", text}}, diagnostics);
    if (staged) ingest::enforce_staged(bundle);
    Loaded loaded;
    loaded.world.inventory = std::move(bundle.inventory);
    loaded.world.policies = std::move(bundle.policies);
    loaded.good = !diagnostics.has_errors();
    for (const auto& each : diagnostics.items()) loaded.words += to_string(each) + "\n";
    return loaded;
}

struct Question {
    naive::Packet packet;
    TrafficPoint point;
};
const std::vector<Question> questions{{{"TCP", 80}, {Protocol::tcp, Port{80}}},
                                      {{"TCP", 81}, {Protocol::tcp, Port{81}}},
                                      {{"UDP", 80}, {Protocol::udp, Port{80}}},
                                      {{"ICMP", 8}, {Protocol::icmp, Port{8}}},
                                      {{"OTHER", 0}, {Protocol::other, Port{}}}};
const std::vector<std::string> outside{"203.0.113.9", "10.0.0.77", "2001:db8::1"};

std::size_t endpoint_of(const World& world, const std::string& name) {
    const auto& all = world.inventory.endpoints();
    return static_cast<std::size_t>(
        std::find_if(all.begin(), all.end(), [&](const auto& e) { return e.name == name; }) -
        all.begin());
}

Who who(const World& world, const naive::World& model, const naive::Party& party) {
    if (!party.pod) return Who::of_address(*IpAddress::parse(party.address));
    return Who::of_endpoint(endpoint_of(world, model.pods[*party.pod].name));
}

std::string name_of(const naive::World& model, const naive::Party& party) {
    return party.pod ? model.pods[*party.pod].name : party.address;
}

struct Tally {
    unsigned asked = 0;
    unsigned denied = 0;
    unsigned uncertain = 0;
};

/// The first disagreement in words. Where the engine says that its answer depends on something, the
/// oracle may say either.
std::string disagreement(const naive::World& model, const World& world, Tally& tally) {
    std::vector<naive::Party> parties;
    for (std::size_t i = 0; i < model.pods.size(); ++i) parties.push_back({i, {}});
    for (const auto& address : outside) parties.push_back({std::nullopt, address});
    const PolicyEngine engine(world);
    for (const auto& from : parties) {
        for (const auto& to : parties) {
            if ((!from.pod && !to.pod) || (from.pod && from.pod == to.pod)) continue;
            const bool meet = [&] {
                const auto have = [&](const naive::Party& party, bool v6) {
                    const auto list = party.pod ? model.pods[*party.pod].addresses
                                                : std::vector<std::string>{party.address};
                    return std::any_of(list.begin(), list.end(), [&](const auto& address) {
                        return (address.find(':') != std::string::npos) == v6;
                    });
                };
                return (have(from, true) && have(to, true)) ||
                       (have(from, false) && have(to, false));
            }();
            if (!meet) continue;
            const TrafficSet all = engine.allowed(who(world, model, from), who(world, model, to));
            for (const Question& question : questions) {
                const auto verdict =
                    engine.decide(who(world, model, from), who(world, model, to), question.point);
                ++tally.asked;
                tally.denied += verdict.allowed() ? 0U : 1U;
                tally.uncertain += verdict.uncertain() ? 1U : 0U;
                const bool expected = naive::allowed(model, from, to, question.packet);
                const bool agree = verdict.allowed() == expected || verdict.uncertain();
                if (agree && all.contains(question.point) == verdict.allowed()) continue;
                return name_of(model, from) + " -> " + name_of(model, to) + " " +
                       to_string(question.point) + ": oracle " + (expected ? "yes" : "no") +
                       ", decide " + (verdict.allowed() ? "yes" : "no") + ", allowed " +
                       (all.contains(question.point) ? "yes" : "no");
            }
        }
    }
    return {};
}

}  // namespace

TEST_CASE("Calico's policies decide as its documentation says, in random clusters",
          "[calico][oracle]") {
    const char* given = std::getenv("NSPECT_SEED");
    const auto seed =
        given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
    std::cout << "random Calico clusters: NSPECT_SEED=" << seed << '\n';
    Tally tally;
    for (unsigned i = 0; i < 300; ++i) {
        test::RandomCalico random(seed + i);
        const naive::World model = random.make();
        const std::string text = test::manifests_of(model);
        const Loaded loaded = load(text);
        INFO("NSPECT_SEED=" << seed + i << "\n" << text << loaded.words);
        REQUIRE(loaded.good);
        REQUIRE(disagreement(model, loaded.world, tally) == "");
    }
    std::cout << tally.asked << " asked, " << tally.denied << " denied, " << tally.uncertain
              << " depend\n";
    CHECK(tally.denied > tally.asked / 10);
    CHECK(tally.uncertain < tally.asked / 5);
}

TEST_CASE("the sample does what its comments say, and more is denied once it is enforced",
          "[calico]") {
    const auto allowed = [](bool staged, const std::string& from, const std::string& to,
                            std::uint16_t port) {
        Diagnostics diagnostics;
        auto bundle = ingest::load({"samples/calico"}, diagnostics);
        REQUIRE(bundle);
        REQUIRE_FALSE(diagnostics.has_errors());
        if (staged) ingest::enforce_staged(*bundle);
        World world;
        world.inventory = std::move(bundle->inventory);
        world.policies = std::move(bundle->policies);
        const PolicyEngine engine(world);
        const auto end = [&](const std::string& name) {
            const auto address = IpAddress::parse(name);
            return address ? Who::of_address(*address) : Who::of_endpoint(endpoint_of(world, name));
        };
        return engine.decide(end(from), end(to), {Protocol::tcp, Port{port}}).allowed();
    };
    CHECK(allowed(false, "web", "api", 9000));
    CHECK_FALSE(allowed(false, "web", "api", 9001));
    CHECK_FALSE(allowed(false, "web", "db", 5432));
    CHECK(allowed(false, "api", "db", 5432));
    CHECK(allowed(false, "api", "203.0.113.17", 443));
    CHECK_FALSE(allowed(false, "api", "203.0.113.1", 443));
    CHECK(allowed(false, "192.0.2.1", "web", 8080));
    CHECK_FALSE(allowed(false, "198.51.100.1", "web", 8080));
    CHECK_FALSE(allowed(false, "probe", "web", 8080));
    CHECK(allowed(false, "probe", "192.0.2.1", 443));
    CHECK_FALSE(allowed(true, "probe", "192.0.2.1", 443));
    CHECK(allowed(true, "192.0.2.1", "web", 8080));
}
