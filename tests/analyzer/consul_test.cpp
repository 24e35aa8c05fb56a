// SPDX-License-Identifier: Apache-2.0
// Intentions from manifests to verdicts, against an evaluator of Consul's own terms.
#include <cstdlib>
#include <iostream>
#include <random>

#include <catch2/catch.hpp>

#include "analyzer/engine.h"
#include "ingest/load.h"
#include "tests/oracle/naive_consul.h"

using namespace nspect;
using namespace nspect::analyzer;
namespace naive = nspect::oracle::consul;

namespace {

/// Pods and intentions at random, the same for the same seed.
class RandomConsul {
public:
    explicit RandomConsul(unsigned seed) : random_(seed) {
        for (const char* space : {"a", "b"}) {
            for (unsigned i = 0; i < 1 + below(3); ++i) {
                world.pods.push_back({space, space + std::to_string(i),
                                      perhaps(20, {"web", "db", "job"}), one_of({"web", "db"}),
                                      perhaps(40, {"true", "false"}), below(100) < 8});
            }
        }
        for (const std::string name : {"web", "db", "job", "*"}) {
            for (const std::string space : {"", "a", "*"}) {
                if (space == "*" && name != "*") continue;  // as Consul has it
                if (below(100) < 20) world.intentions.push_back({name, space, sources()});
            }
        }
        if (below(3) == 0) world.modes.push_back({"", one_of({"strict", "permissive"})});
        if (below(3) == 0) world.modes.push_back({"db", one_of({"strict", "permissive"})});
    }

    std::string yaml() const;

    naive::World world;

private:
    unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
    std::string one_of(const std::vector<std::string>& words) {
        return words[below(static_cast<unsigned>(words.size()))];
    }
    std::string perhaps(unsigned percent, const std::vector<std::string>& words) {
        return below(100) < percent ? one_of(words) : "";
    }
    /// Each name and namespace once, as Consul has it.
    std::vector<naive::Source> sources() {
        std::vector<naive::Source> made;
        for (const std::string name : {"web", "db", "*"}) {
            for (const std::string space : {"", "b", "*"}) {
                if ((space == "*" && name != "*") || below(100) >= 25) continue;
                made.push_back(
                    {name, space, one_of({"allow", "allow", "deny", "allow-some", "deny-some"})});
            }
        }
        return made;
    }

    std::mt19937 random_;
};

std::string name_and_space(const std::string& name, const std::string& space) {
    return "name: \"" + name + "\"" + (space.empty() ? "" : ", namespace: \"" + space + "\"");
}

std::string text_of(const naive::Source& source) {
    const std::string& action = source.action;
    const std::string word = action.substr(0, action.find('-'));
    return "{" + name_and_space(source.name, source.space) +
           (word == action ? ", action: " + word
                           : ", permissions: [{action: " + word + ", http: {pathPrefix: /}}]") +
           "}";
}

std::string RandomConsul::yaml() const {
    std::string text;
    unsigned number = 10;  // names sort as numbers do
    for (const naive::Pod& pod : world.pods) {
        text += "apiVersion: v1\nkind: Pod\nmetadata: {name: " + pod.name +
                ", namespace: " + pod.space + ", labels: {app: " + pod.app + "}, annotations: {";
        if (!pod.inject.empty()) {
            text += "consul.hashicorp.com/connect-inject: \"" + pod.inject + "\", ";
        }
        if (!pod.service.empty()) {
            text += "consul.hashicorp.com/connect-service: " + pod.service + ", ";
        }
        text += std::string("}}\nspec: {") + (pod.host_network ? "hostNetwork: true" : "") +
                "}\nstatus: {podIP: 10.0.0." + std::to_string(number++) + "}\n---\n";
    }
    for (const std::string space : {"a", "b"}) {
        for (const std::string name : {"web", "db"}) {
            text += "apiVersion: v1\nkind: Service\nmetadata: {name: " + name +
                    ", namespace: " + space + "}\nspec: {selector: {app: " + name +
                    "}, ports: [{port: 80}]}\n---\n";
        }
    }
    for (const naive::Intention& each : world.intentions) {
        text +=
            "apiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceIntentions\n"
            "metadata: {name: i" +
            std::to_string(number++) + ", namespace: a}\nspec: {destination: {" +
            name_and_space(each.name, each.space) + "}, sources: [";
        for (const naive::Source& source : each.sources) text += text_of(source) + ", ";
        text += "]}\n---\n";
    }
    for (const naive::Mode& each : world.modes) {
        const bool all = each.service.empty();
        text += "apiVersion: consul.hashicorp.com/v1alpha1\nkind: " +
                std::string(all ? "ProxyDefaults" : "ServiceDefaults") +
                "\nmetadata: {name: " + (all ? "global" : each.service) +
                ", namespace: a}\nspec: {mutualTLSMode: " + each.mode + "}\n---\n";
    }
    return text;
}

World load(const std::string& text) {
    Diagnostics diagnostics;
    ingest::Bundle bundle = ingest::load_texts({{"world.yaml", text}}, diagnostics);
    for (const auto& item : diagnostics.items()) {
        if (item.severity == Diagnostic::Severity::error) FAIL(to_string(item));
    }
    World world;
    world.inventory = std::move(bundle.inventory);
    world.policies = std::move(bundle.policies);
    return world;
}

Who who(const World& world, const std::string& name) {
    const auto& all = world.inventory.endpoints();
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].name == name) return Who::of_endpoint(i);
    }
    FAIL("no pod " + name);
    return Who::of_endpoint(0);
}

naive::Possible possible(const Verdict& verdict) {
    if (verdict.uncertain()) return {true, true};
    return {verdict.allowed(), !verdict.allowed()};
}

std::string words(const naive::Possible& possible) {
    return std::string(possible.allow ? "allow" : "") + (possible.deny ? " deny" : "");
}

std::string disagreement(const RandomConsul& random) {
    const World world = load(random.yaml());
    const PolicyEngine engine(world);
    const TrafficPoint point{Protocol::tcp, {80}};
    for (const naive::Pod& to : random.world.pods) {
        std::vector<const naive::Pod*> clients{nullptr};
        for (const naive::Pod& from : random.world.pods) clients.push_back(&from);
        for (const naive::Pod* from : clients) {
            if (from == &to) continue;
            const Who source = from == nullptr ? Who::of_address(*IpAddress::parse("192.0.2.7"))
                                               : who(world, from->name);
            const auto expected = naive::judge(random.world, from, to);
            const auto got = possible(engine.decide(source, who(world, to.name), point));
            if (got == expected) continue;
            return (from == nullptr ? "outside" : from->name) + " -> " + to.name + ": " +
                   words(got) + ", expected " + words(expected);
        }
    }
    return {};
}

}  // namespace

TEST_CASE("random intentions mean what Consul says", "[consul][oracle]") {
    const char* given = std::getenv("NSPECT_SEED");
    const auto seed =
        given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
    std::cout << "random Consul worlds: NSPECT_SEED=" << seed << '\n';
    for (unsigned i = 0; i < 400; ++i) {
        const RandomConsul random(seed + i);
        const std::string wrong = disagreement(random);
        INFO("NSPECT_SEED=" << seed + i << "\n" << random.yaml());
        REQUIRE(wrong == "");
    }
}
