// SPDX-License-Identifier: Apache-2.0
// Linkerd's documents from manifests to verdicts, against an evaluator of Linkerd's own terms.
#include <cstdlib>
#include <iostream>
#include <random>

#include <catch2/catch.hpp>

#include "analyzer/engine.h"
#include "ingest/load.h"
#include "tests/analyzer/random_linkerd.h"

using namespace nspect;
using namespace nspect::analyzer;

namespace {

World load(const std::string& text) {
    Diagnostics diagnostics;
    ingest::Bundle bundle = ingest::load_texts({{"world.yaml", text}}, diagnostics);
    for (const auto& item : diagnostics.items()) {
        if (item.severity == Diagnostic::Severity::error) FAIL(to_string(item));
    }
    World world;
    world.inventory = std::move(bundle.inventory);
    world.policies = std::move(bundle.policies);
    world.options.ip_block_pods_settled = true;
    return world;
}

Who who(const Inventory& inventory, const std::string& name) {
    const auto& all = inventory.endpoints();
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].name == name) return Who::of_endpoint(i);
    }
    FAIL("no pod " + name);
    return Who::of_endpoint(0);
}

oracle::linkerd::Possible possible(const Verdict& verdict) {
    if (verdict.uncertain()) return {true, true};
    return {verdict.allowed(), !verdict.allowed()};
}

std::string words(const oracle::linkerd::Possible& possible) {
    return std::string(possible.allow ? "allow" : "") + (possible.deny ? " deny" : "");
}

std::string disagreement(const worlds::RandomLinkerd& random) {
    const World world = load(random.yaml());
    const PolicyEngine engine(world);
    std::vector<std::pair<oracle::linkerd::Client, Who>> clients;
    for (const auto& pod : random.pods) {
        clients.push_back({{&pod, pod.address}, who(world.inventory, pod.name)});
    }
    for (const char* text : {"192.0.2.7", "10.0.0.200"}) {
        const auto address = *IpAddress::parse(text);
        clients.push_back({{nullptr, address}, Who::of_address(address)});
    }
    for (const auto& pod : random.pods) {
        const Who to = who(world.inventory, pod.name);
        for (const auto& [client, from] : clients) {
            if (client.pod == &pod) continue;
            for (const unsigned port : {80U, 81U, 443U, 9000U}) {
                const TrafficPoint point{Protocol::tcp, {static_cast<std::uint16_t>(port)}};
                const auto expected = oracle::linkerd::judge(random.world, client, pod, port);
                const auto got = possible(engine.decide(from, to, point));
                if (got == expected) continue;
                return (client.pod == nullptr ? to_string(client.address) : client.pod->name) +
                       " -> " + pod.name + " " + std::to_string(port) + ": " + words(got) +
                       ", expected " + words(expected);
            }
            if (!engine.decide(from, to, {Protocol::udp, {53}}).allowed()) return "UDP is stopped";
        }
    }
    return {};
}

}  // namespace

TEST_CASE("random documents of Linkerd mean what Linkerd says", "[linkerd][oracle]") {
    const char* given = std::getenv("NSPECT_SEED");
    const auto seed =
        given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
    std::cout << "random Linkerd worlds: NSPECT_SEED=" << seed << '\n';
    for (unsigned i = 0; i < 400; ++i) {
        const worlds::RandomLinkerd random(seed + i);
        const std::string wrong = disagreement(random);
        INFO("NSPECT_SEED=" << seed + i << "\n" << random.yaml());
        REQUIRE(wrong == "");
    }
}
