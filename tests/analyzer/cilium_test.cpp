// SPDX-License-Identifier: Apache-2.0
// Cilium's documents to verdicts: against an oracle that knows nothing of the normal form.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

#include <catch2/catch.hpp>

#include "analyzer/engine.h"
#include "ingest/load.h"
#include "tests/analyzer/random_cilium.h"

using namespace nspect;
using namespace nspect::analyzer;
namespace naive = nspect::oracle::cilium;

namespace {

World load(const std::string& text, bool sound = true) {
    Diagnostics diagnostics;
    auto bundle = ingest::load_texts({{"a.yaml", text}}, diagnostics);
    std::string words;
    for (const auto& each : diagnostics.items()) words += to_string(each) + "\n";
    INFO(words);
    INFO(text);
    CHECK(diagnostics.has_errors() != sound);
    World world;
    world.inventory = std::move(bundle.inventory);
    world.policies = std::move(bundle.policies);
    return world;
}

Who pod_named(const World& world, const std::string& name) {
    const auto& all = world.inventory.endpoints();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Endpoint& e) { return e.name == name; });
    REQUIRE(found != all.end());
    return Who::of_endpoint(static_cast<std::size_t>(found - all.begin()));
}

struct Question {
    naive::Point point;
    TrafficPoint asked;
};
const std::vector<Question> questions{
    {{"TCP", 79}, {Protocol::tcp, Port{79}}},   {{"TCP", 80}, {Protocol::tcp, Port{80}}},
    {{"TCP", 81}, {Protocol::tcp, Port{81}}},   {{"UDP", 80}, {Protocol::udp, Port{80}}},
    {{"SCTP", 80}, {Protocol::sctp, Port{80}}}, {{"ICMP", 8}, {Protocol::icmp, Port{8}}},
    {{"ICMP", 0}, {Protocol::icmp, Port{0}}},   {{"OTHER", 0}, {Protocol::other, Port{}}}};

struct Both {
    naive::Party party;
    Who who;
};

std::vector<Both> parties(const naive::Cluster& cluster, const World& world) {
    std::vector<Both> all;
    for (std::size_t i = 0; i < cluster.pods.size(); ++i) {
        all.push_back({{i, {}}, pod_named(world, cluster.pods[i].name)});
    }
    for (const char* address :
         {"10.1.0.1", "203.0.113.9", "203.0.113.99", "198.51.100.1", "10.0.0.77", "2001:db8::1"}) {
        all.push_back({{std::nullopt, address}, Who::of_address(*IpAddress::parse(address))});
    }
    return all;
}

/// The first disagreement in words; empty when there is none.
std::string disagreement(const naive::Cluster& cluster, const World& world) {
    const PolicyEngine engine(world);
    const auto all = parties(cluster, world);
    for (const Both& from : all) {
        for (const Both& to : all) {
            const TrafficSet traffic = engine.allowed(from.who, to.who);
            for (const Question& question : questions) {
                const bool expected = naive::allowed(cluster, from.party, to.party, question.point);
                if (traffic.contains(question.asked) == expected) continue;
                const auto name = [](const naive::Party& p) {
                    return p.pod ? "pod-" + std::to_string(*p.pod) : p.address;
                };
                return name(from.party) + " -> " + name(to.party) + " " +
                       to_string(question.asked) + (expected ? " is allowed" : " is denied");
            }
        }
    }
    return {};
}

const std::string two_pods = R"(
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
status: {podIP: 10.0.0.2}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops, labels: {app: agent}}
spec: {hostNetwork: true}
---
)";

std::string policy(const std::string& spec) {
    return two_pods +
           "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n"
           "metadata: {name: db, namespace: shop}\nspec:\n"
           "  endpointSelector: {matchLabels: {app: db}}\n" +
           spec;
}

Verdict to_db(const std::string& spec, const std::string& from, std::uint16_t port = 80) {
    const World world = load(policy(spec));
    const PolicyEngine engine(world);
    return engine.decide(pod_named(world, from), pod_named(world, "db"), {Protocol::tcp, {port}});
}

}  // namespace

TEST_CASE("engine and Cilium's oracle agree on random clusters", "[cilium][oracle]") {
    const char* given = std::getenv("NSPECT_SEED");
    const auto seed =
        given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
    std::cout << "random clusters: NSPECT_SEED=" << seed << '\n';
    for (unsigned i = 0; i < 300; ++i) {
        const auto cluster = worlds::RandomCilium(seed + i).make();
        const std::string text = worlds::to_yaml(cluster);
        const World world = load(text);
        const std::string wrong = disagreement(cluster, world);
        INFO("NSPECT_SEED=" << seed + i << "\n" << text);
        REQUIRE(wrong == "");
    }
}

TEST_CASE("an empty section changes nothing, an empty rule lets nothing in", "[cilium]") {
    CHECK(to_db("  ingress: []\n", "web").allowed());
    CHECK_FALSE(to_db("  ingress: [{}]\n", "web").allowed());
    CHECK_FALSE(to_db("  ingress: [{fromEndpoints: []}]\n", "web").allowed());
    CHECK_FALSE(
        to_db("  ingress: [{fromEndpoints: [], toPorts: [{ports: [{port: \"80\"}]}]}]\n", "web")
            .allowed());
    CHECK(to_db("  ingress: [{fromEndpoints: [{}]}]\n", "web").allowed());
    CHECK(to_db("  ingress: [{toPorts: [{ports: [{port: \"80\"}]}]}]\n", "web").allowed());
}

TEST_CASE("pods on the host network are nodes and no endpoints", "[cilium]") {
    CHECK_FALSE(to_db("  ingress: [{fromEndpoints: [{matchLabels: {app: agent, "
                      "io.kubernetes.pod.namespace: ops}}]}]\n",
                      "agent")
                    .allowed());
    CHECK_FALSE(to_db("  ingress: [{fromEntities: [world]}]\n", "agent").allowed());
    CHECK(to_db("  ingress: [{fromEntities: [cluster]}]\n", "agent").allowed());
    const Verdict both = to_db("  ingress: [{fromEntities: [host, remote-node]}]\n", "agent");
    CHECK(both.allowed());
    CHECK_FALSE(both.uncertain());
    const Verdict host = to_db("  ingress: [{fromEntities: [host]}]\n", "agent");
    CHECK(host.allowed());
    CHECK(host.uncertain());
}

TEST_CASE("what is not evaluated makes a verdict an at most", "[cilium]") {
    const std::string ports = "toPorts: [{ports: [{port: \"80\", protocol: TCP}], rules: ";
    const Verdict http = to_db("  ingress: [{" + ports + "{http: [{method: GET}]}}]}]\n", "web");
    CHECK(http.allowed());
    CHECK(http.uncertain());
    const Verdict any = to_db("  ingress: [{" + ports + "{http: [{}]}}]}]\n", "web");
    CHECK_FALSE(any.uncertain());
    const Verdict mutual =
        to_db("  ingress: [{fromEndpoints: [{}], authentication: {mode: required}}]\n", "web");
    CHECK(mutual.allowed());
    CHECK(mutual.uncertain());
}

TEST_CASE("a requirement surely limits endpoints, perhaps others", "[cilium]") {
    const std::string needs = "  ingress: [{fromRequires: [{matchLabels: {tier: front}}]}, ";
    const Verdict endpoints = to_db(needs + "{fromEndpoints: [{}]}]\n", "web");
    CHECK_FALSE(endpoints.allowed());
    CHECK_FALSE(endpoints.uncertain());
    const Verdict everyone = to_db(needs + "{fromEntities: [all]}]\n", "web");
    CHECK_FALSE(everyone.allowed());
    CHECK(everyone.uncertain());
}

TEST_CASE("denials come before what NetworkPolicy allows", "[cilium]") {
    const std::string network_policy = R"(---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open, namespace: shop}
spec: {podSelector: {}, ingress: [{}]}
)";
    const World world = load(
        policy("  ingressDeny: [{fromEndpoints: [{matchLabels: {app: web}}], toPorts: [{ports: "
               "[{port: \"80\"}]}]}]\n") +
        network_policy);
    const PolicyEngine engine(world);
    const Who web = pod_named(world, "web");
    const Who db = pod_named(world, "db");
    CHECK_FALSE(engine.decide(web, db, {Protocol::tcp, Port{80}}).allowed());
    CHECK(engine.decide(web, db, {Protocol::tcp, Port{81}}).allowed());
}
