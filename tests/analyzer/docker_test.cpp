// SPDX-License-Identifier: Apache-2.0
// Compose files and inspected containers from documents to verdicts.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "analyzer/engine.h"
#include "analyzer/identity.h"
#include "ingest/load.h"

using namespace nspect;
using namespace nspect::analyzer;

namespace {

World load(const std::string& text) {
    Diagnostics diagnostics;
    ingest::Bundle bundle = ingest::load_texts({{"compose.yaml", text}}, diagnostics);
    for (const auto& item : diagnostics.items()) {
        if (item.severity == Diagnostic::Severity::error) FAIL(to_string(item));
    }
    World world;
    world.inventory = std::move(bundle.inventory);
    world.policies = std::move(bundle.policies);
    return world;
}

Who who(const World& world, const std::string& service) {
    const auto workload = world.inventory.find_workload({"shop", service, "Container"});
    if (!workload) FAIL("no service " + service);
    return Who::of_endpoint(world.inventory.endpoints_of(*workload).at(0));
}

Who internet() {
    return Who::of_address(*IpAddress::parse("203.0.113.9"));
}

TrafficPoint tcp(std::uint16_t port) {
    return {Protocol::tcp, {port}};
}

/// A Compose project at random, and what it says, plainly.
struct RandomProject {
    struct Service {
        std::set<unsigned> networks;
        bool host = false;
        bool none = false;
        std::set<std::uint16_t> published;
        std::set<std::uint16_t> for_host;  ///< published on a loopback address
    };
    struct Network {
        bool internal = false;
        bool talk = true;
    };
    std::vector<Network> networks;
    std::vector<Service> services;

    explicit RandomProject(unsigned seed) {
        std::mt19937 random(seed);
        const auto below = [&](unsigned end) { return static_cast<unsigned>(random() % end); };
        for (unsigned i = 0; i < 3; ++i) networks.push_back({below(3) == 0, below(5) != 0});
        for (unsigned i = 0; i < 5; ++i) {
            Service made;
            made.host = below(8) == 0;
            made.none = !made.host && below(8) == 0;
            for (unsigned k = 0; !made.host && !made.none && k < 3; ++k) {
                if (below(2) == 0) made.networks.insert(k);
            }
            if (below(3) == 0) made.published.insert(80);
            if (below(4) == 0) made.for_host.insert(81);
            services.push_back(made);
        }
    }

    std::string yaml() const {
        std::string text = "name: shop\nservices:\n";
        for (unsigned i = 0; i < services.size(); ++i) {
            const Service& each = services[i];
            text += "  s" + std::to_string(i) + ":\n    image: a\n";
            if (each.host) text += "    network_mode: host\n";
            if (each.none) text += "    network_mode: none\n";
            std::string names;
            for (const unsigned k : each.networks) names += "n" + std::to_string(k) + ", ";
            if (!names.empty()) text += "    networks: [" + names + "]\n";
            std::string ports;
            for (const auto port : each.published) ports += "'" + std::to_string(port) + "', ";
            for (const auto port : each.for_host) {
                ports += "'127.0.0.1::" + std::to_string(port) + "', ";
            }
            if (!ports.empty()) text += "    ports: [" + ports + "]\n";
        }
        text += "networks:\n";
        for (unsigned i = 0; i < networks.size(); ++i) {
            text += "  n" + std::to_string(i) +
                    ": {internal: " + (networks[i].internal ? "true" : "false") +
                    ", driver_opts: {com.docker.network.bridge.enable_icc: '" +
                    (networks[i].talk ? "true" : "false") + "'}}\n";
        }
        return text;
    }

    /// The default network stands for services that name none; it is open, and its members talk.
    bool on_default(unsigned i) const {
        return services[i].networks.empty() && !services[i].host && !services[i].none;
    }
    bool has_way_outside(unsigned i) const {
        if (on_default(i) || services[i].host) return true;
        const auto& names = services[i].networks;
        return std::any_of(names.begin(), names.end(),
                           [&](unsigned k) { return !networks[k].internal; });
    }
    bool reach(unsigned from, unsigned to) const {
        if (from == to) return true;
        if (services[from].host) return !services[to].none;
        if (services[to].host) return !services[from].none;
        if (on_default(from) && on_default(to)) return true;
        const auto& theirs = services[to].networks;
        return std::any_of(services[from].networks.begin(), services[from].networks.end(),
                           [&](unsigned k) { return theirs.contains(k) && networks[k].talk; });
    }
    bool from_outside(unsigned to, std::uint16_t port) const {
        if (services[to].host) return true;
        return services[to].published.contains(port) && has_way_outside(to);
    }
};

std::string disagreement(const RandomProject& project) {
    const World world = load(project.yaml());
    const PolicyEngine engine(world);
    for (unsigned to = 0; to < project.services.size(); ++to) {
        const Who target = who(world, "s" + std::to_string(to));
        const std::string name = " s" + std::to_string(to);
        for (unsigned from = 0; from < project.services.size(); ++from) {
            const Who source = who(world, "s" + std::to_string(from));
            for (const TrafficPoint point : {tcp(80), tcp(9), TrafficPoint{Protocol::udp, {53}}}) {
                if (engine.decide(source, target, point).allowed() == project.reach(from, to))
                    continue;
                return "s" + std::to_string(from) + " ->" + name + " " + to_string(point);
            }
        }
        for (const std::uint16_t port : std::vector<std::uint16_t>{80, 81, 9}) {
            const bool in = engine.decide(internet(), target, tcp(port)).allowed();
            if (in != project.from_outside(to, port)) return "outside ->" + name;
        }
        const bool out = engine.decide(target, internet(), tcp(443)).allowed();
        if (out != project.has_way_outside(to)) return name + " -> outside";
    }
    return {};
}

}  // namespace

TEST_CASE("containers reach each other exactly when they share a network", "[docker][oracle]") {
    const char* given = std::getenv("NSPECT_SEED");
    const auto seed =
        given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
    std::cout << "random Compose projects: NSPECT_SEED=" << seed << '\n';
    for (unsigned i = 0; i < 300; ++i) {
        const RandomProject project(seed + i);
        const std::string wrong = disagreement(project);
        INFO("NSPECT_SEED=" << seed + i << "\n" << project.yaml());
        REQUIRE(wrong == "");
    }
}

TEST_CASE("container networks and NetworkPolicy both have to agree", "[docker]") {
    const World world = load(R"(
name: shop
services:
  web: {image: a, networks: [front, back]}
  api: {image: a, networks: [back], labels: {app: api}}
  log: {image: a, networks: [front], labels: {app: api}}
networks: {front: {}, back: {internal: true}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec: {podSelector: {matchLabels: {app: api}}, ingress: [{ports: [{port: 80}]}]}
)");
    const PolicyEngine engine(world);
    CHECK(engine.allowed(who(world, "web"), who(world, "api")) ==
          TrafficSet::of(Protocol::tcp, {{80}, {80}}));
    CHECK(engine.allowed(who(world, "log"), who(world, "api")).empty());
}

TEST_CASE("containers in one network namespace reach each other without a network", "[docker]") {
    const World world = load(R"(
name: shop
services:
  app: {image: a, network_mode: none}
  side: {image: a, network_mode: "service:app"}
  other: {image: a}
)");
    const PolicyEngine engine(world);
    CHECK(engine.decide(who(world, "side"), who(world, "app"), tcp(80)).allowed());
    CHECK_FALSE(engine.decide(who(world, "other"), who(world, "app"), tcp(80)).allowed());
    CHECK_FALSE(engine.decide(who(world, "side"), internet(), tcp(80)).allowed());
}

TEST_CASE("what is not known of a service's networks makes verdicts depend on it", "[docker]") {
    const World world = load(R"(
name: shop
services:
  web: {image: a, network_mode: "${MODE}"}
  api: {image: a}
)");
    const PolicyEngine engine(world);
    CHECK(engine.decide(who(world, "web"), who(world, "api"), tcp(80)).uncertain());
    CHECK(engine.decide(who(world, "web"), internet(), tcp(80)).uncertain());
}

TEST_CASE("a recorded container is the Compose service it belongs to", "[docker][identity]") {
    const World world = load(
        "name: shop\nservices: {web: {image: a, networks: [x]}}\n"
        "networks: {x: {}}\n");
    Recording recording;
    TargetInfo target;
    target.id = 1;
    target.runtime = "docker";
    target.name = "shop-web-1";
    target.namespace_name = "shop";
    target.labels = {{"com.docker.compose.project", "shop"}, {"com.docker.compose.service", "web"}};
    recording.targets.push_back(target);
    const Inventory joined = with_recording(world.inventory, recording);
    REQUIRE(joined.endpoints().size() == 1);
    CHECK(joined.endpoints()[0].name == "shop-web-1");
    CHECK(joined.endpoints()[0].networks == std::vector<std::string>{"shop_x"});
    CHECK(joined.workload_of(joined.endpoints()[0]) == container_workload(target));
}
