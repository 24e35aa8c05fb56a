// SPDX-License-Identifier: Apache-2.0
// What is written in each policy language reads back as what was meant.
#include <catch2/catch.hpp>

#include "ingest/load.h"
#include "tests/analyzer/generated_shop.h"
#include "viz/policy_yaml.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;

namespace {

IpAddress ip(const char* text) {
    return IpAddress::parse(text).value();
}

/// Pods of several namespaces, a node, the API server, addresses of both families, names.
void busy(Shop& shop) {
    shop.container("twin-a", "10.0.0.7", "shop", {{"app", "x"}});
    shop.container("twin-b", "10.0.0.8", "shop", {{"app", "x"}});
    shop.container("v6", "fd00::9", "shop", {{"app.kubernetes.io/name", "v6"}});
    shop.container("v6-db", "fd00::a", "data", {{"app.kubernetes.io/name", "v6-db"}});
    Node node;
    node.name = "worker-1";
    node.addresses = {ip("192.168.0.1")};
    shop.world.inventory.add_node(node);
    Service api;
    api.namespace_name = "default";
    api.name = "kubernetes";
    api.addresses = {ip("10.96.0.1")};
    api.backends = {ip("192.168.0.9")};
    api.ports = {{"https", Port{443}, Protocol::tcp, "", Port{6443}, std::nullopt}};
    shop.world.inventory.add_service(api);
    auto& made = shop.recording;
    made.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).veth("web").veth("db");
    made.udp("10.0.0.1:40000", "10.0.0.53:53").payload(1).veth("web").veth("dns");
    made.tcp("10.0.0.7:40000", "10.0.0.2:5432").isn(3, 4).veth("twin-a").veth("db");
    made.tcp("[fd00::9]:40000", "[fd00::a]:5432").isn(5, 6).veth("v6").veth("v6-db");
    made.tcp("10.0.0.1:40001", "203.0.113.5:443").isn(7, 8).veth("web");
    made.tcp("[fd00::9]:40001", "[2001:db8::5]:443").isn(9, 10).veth("v6");
    made.tcp("10.0.0.1:40002", "192.168.0.1:9100").isn(11, 12).veth("web");
    made.tcp("10.0.0.1:40003", "192.168.0.9:6443").isn(13, 14).veth("web");
    made.tcp("203.0.113.77:40000", "10.0.0.1:8080").isn(15, 16).veth("web");
    made.name("10.0.0.1", "api.example.com", "203.0.113.60");
    made.tcp("10.0.0.1:40004", "203.0.113.60:443").isn(17, 18).veth("web");
}

std::vector<Who> everyone(const World& world) {
    std::vector<Who> all;
    for (std::size_t i = 0; i < world.inventory.endpoints().size(); ++i) {
        all.push_back(Who::of_endpoint(i));
    }
    for (const auto* text : {"203.0.113.5", "203.0.113.77", "203.0.113.60", "8.8.8.8",
                             "192.168.0.1", "2001:db8::5", "2001:db8::6"}) {
        all.push_back(Who::of_address(ip(text)));
    }
    return all;
}

/// What tells a reader which address the entity kube-apiserver has.
constexpr const char* api_server = R"(apiVersion: v1
kind: Endpoints
metadata: {name: kubernetes, namespace: default}
subsets:
- addresses: [{ip: 192.168.0.9}]
  ports: [{name: https, port: 6443}]
)";

std::vector<Policy> read_back(const Generated& generated) {
    const auto yaml = viz::to_yaml(generated.policies);
    INFO(yaml);
    Diagnostics diagnostics;
    auto bundle = ingest::load_texts({{"api.yaml", api_server}, {"made.yaml", yaml}}, diagnostics);
    for (const auto& each : diagnostics.items()) UNSCOPED_INFO(to_string(each));
    CHECK_FALSE(diagnostics.has_errors());
    return std::move(bundle.policies);
}

}  // namespace

TEST_CASE("each dialect reads back with the same answer for every pair") {
    const auto dialect =
        GENERATE(Dialect::kubernetes, Dialect::admin, Dialect::cilium, Dialect::calico);
    const bool deny = GENERATE(true, false);
    const auto granularity = GENERATE(Granularity::workload, Granularity::whole_namespace);
    const bool fqdn = GENERATE(true, false);
    if (fqdn && dialect == Dialect::kubernetes) return;
    CAPTURE(static_cast<int>(dialect), deny, static_cast<int>(granularity), fqdn);
    Shop shop;
    busy(shop);
    shop.options.dialect = dialect;
    shop.options.default_deny = deny;
    shop.options.granularity = granularity;
    shop.options.fqdn = fqdn;
    const auto generated = shop.generate();
    for (const auto& each : generated.proof.broken) UNSCOPED_INFO(each.subject + each.reason);
    CHECK(generated.proof.sound);
    World made = shop.world;
    made.policies.clear();
    for (const auto& each : generated.policies) made.policies.push_back(each.policy);
    World read = shop.world;
    read.policies = read_back(generated);
    const PolicyEngine as_made(made);
    const PolicyEngine as_read(read);
    const auto all = everyone(made);
    for (std::size_t from = 0; from < all.size(); ++from) {
        for (std::size_t to = 0; to < all.size(); ++to) {
            if (!all[from].endpoint && !all[to].endpoint) continue;
            CAPTURE(from, to);
            CHECK(as_made.allowed(all[from], all[to]) == as_read.allowed(all[from], all[to]));
        }
    }
}

TEST_CASE("cilium names nodes and the API server by entity, and asks its DNS proxy for names") {
    Shop shop;
    busy(shop);
    shop.options.dialect = Dialect::cilium;
    shop.options.fqdn = true;
    const auto yaml = viz::to_yaml(named(shop.generate(), "nspect-web"));
    for (const auto* words :
         {"- host", "- remote-node", "- kube-apiserver", "- matchName: \"api.example.com\"",
          "rules: {dns:", "k8s:io.kubernetes.pod.namespace", "- \"203.0.113.5/32\""}) {
        CAPTURE(words, yaml);
        CHECK(yaml.find(words) != std::string::npos);
    }
}

TEST_CASE("a Calico rule by name warns that open-source Calico has no names, no other rule does") {
    Shop shop;
    busy(shop);
    shop.options.dialect = Dialect::calico;
    const auto* const warning = "# WARNING: destination.domains is a field of Calico Enterprise";
    CHECK(viz::to_yaml(named(shop.generate(), "nspect-web")).find(warning) == std::string::npos);
    shop.options.fqdn = true;
    const auto yaml = viz::to_yaml(named(shop.generate(), "nspect-web"));
    CAPTURE(yaml);
    const auto at = yaml.find(warning);
    REQUIRE(at != std::string::npos);
    CHECK(yaml.find("domains: [", at) != std::string::npos);
}

TEST_CASE("a cluster policy denies what it does not accept, after all acceptances") {
    Shop shop;
    busy(shop);
    shop.options.dialect = Dialect::admin;
    const auto generated = shop.generate();
    bool denied = false;
    for (const auto& each : generated.policies) {
        CHECK(each.policy.namespace_name.empty());
        for (const auto direction : {Direction::ingress, Direction::egress}) {
            for (const auto& rule : each.policy.rules(direction)) {
                denied = denied || rule.action == Action::deny;
                CHECK((rule.action == Action::deny) == (each.policy.priority > 500));
            }
        }
    }
    CHECK(denied);
}
