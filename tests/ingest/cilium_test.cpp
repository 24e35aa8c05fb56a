// SPDX-License-Identifier: Apache-2.0
// Cilium's policies in the normal form of model/policy.h.
#include <catch2/catch.hpp>

#include "tests/ingest/helpers.h"

using namespace nspect;
using namespace nspect::ingest;
using test::load_yaml;

namespace {

constexpr const char* header =
    "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n"
    "metadata: {name: p, namespace: shop}\n";

Policy policy(const std::string& spec, const std::string& other = "") {
    const auto loaded = load_yaml(header + ("spec: " + spec + "\n---\n") + other);
    INFO(loaded.words());
    CHECK_FALSE(loaded.diagnostics.has_errors());
    REQUIRE(loaded.bundle.policies.size() == 1);
    return loaded.bundle.policies.front();
}

Rule only_egress(const std::string& rule, const std::string& other = "") {
    const Policy made = policy("{endpointSelector: {}, egress: [" + rule + "]}", other);
    REQUIRE(made.egress.size() == 1);
    return made.egress.front();
}

PodPeer pods_of(const std::string& selector) {
    const Rule rule = only_egress("{toEndpoints: [" + selector + "]}");
    REQUIRE(rule.peers.size() == 1);
    return std::get<PodPeer>(rule.peers.front());
}

TrafficSet traffic_of(const std::string& rest) {
    const Rule rule = only_egress("{" + rest + "}");
    REQUIRE(rule.ports.size() == 1);
    CHECK_FALSE(rule.all_ports);
    return rule.ports.front().traffic;
}

}  // namespace

TEST_CASE("a selector is about the own namespace unless it asks for one", "[cilium]") {
    CHECK(pods_of("{}").namespace_name == "shop");
    CHECK(pods_of("{matchLabels: {'k8s:app': web}}").pods == Selector::matching({{"app", "web"}}));
    CHECK(pods_of("{matchLabels: {'k8s:io.kubernetes.pod.namespace': ops}}").namespace_name ==
          "ops");
    const PodPeer by_label = pods_of("{matchLabels: {io.cilium.k8s.namespace.labels.team: a}}");
    CHECK_FALSE(by_label.namespace_name);
    CHECK(by_label.namespaces == Selector::matching({{"team", "a"}}));
    const PodPeer account = pods_of("{matchLabels: {io.cilium.k8s.policy.serviceaccount: robot}}");
    CHECK(account.pods == Selector::matching({{std::string(service_account_key), "robot"}}));
}

TEST_CASE("a direction is isolated by its rules, unless told otherwise", "[cilium]") {
    struct Case {
        std::string rest;
        bool ingress;
        bool egress;
    };
    const auto one = GENERATE(values<Case>({
        {"ingress: [{}]", true, false},
        {"ingress: []", false, false},
        {"ingressDeny: [{fromEntities: [world]}]", true, false},
        {"ingress: [{}], egress: [{}]", true, true},
        {"ingress: [{}], enableDefaultDeny: {ingress: false}", false, false},
        {"ingress: [{}], enableDefaultDeny: {egress: true}", true, true},
    }));
    INFO(one.rest);
    const Policy made = policy("{endpointSelector: {}, " + one.rest + "}");
    CHECK(made.isolates_ingress == one.ingress);
    CHECK(made.isolates_egress == one.egress);
}

TEST_CASE("denials are asked before everything that allows", "[cilium]") {
    const Policy made = policy(
        "{endpointSelector: {}, ingress: [{fromEntities: [all]}], ingressDeny: [{fromEntities: "
        "[world]}]}");
    REQUIRE(made.ingress.size() == 2);
    CHECK(made.ingress[0].action == Action::deny);
    CHECK(made.ingress[0].order == -1);
    CHECK(made.ingress[1].order == network_policy_order);
    CHECK(made.stage == Stage{namespace_stage, "namespace"});
}

TEST_CASE("blocks are addresses outside, no pods and no nodes", "[cilium]") {
    const Rule rule = only_egress(
        "{toCIDRSet: [{cidr: 10.0.0.0/8, except: [10.0.0.0/9]}, {cidrGroupRef: partners}]}",
        "apiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata: {name: partners}\nspec: "
        "{externalCIDRs: [203.0.113.0/24]}\n");
    REQUIRE(rule.peers.size() == 2);
    const auto first = std::get<AddressPeer>(rule.peers[0]);
    CHECK(first.pods == PodsByAddress::no);
    CHECK_FALSE(first.nodes);
    CHECK(first.addresses == IpSet{IpPrefix::parse("10.128.0.0/9")->range()});
    CHECK(std::get<AddressPeer>(rule.peers[1]).addresses ==
          IpSet{IpPrefix::parse("203.0.113.0/24")->range()});
}

TEST_CASE("ports have the protocols they say, ICMP its types", "[cilium]") {
    const Port http{80};
    CHECK(traffic_of("toPorts: [{ports: [{port: '80', protocol: TCP}]}]") ==
          TrafficSet::of(Protocol::tcp, {http, http}));
    CHECK(traffic_of("toPorts: [{ports: [{port: '80', endPort: 90, protocol: UDP}]}]") ==
          TrafficSet::of(Protocol::udp, {http, Port{90}}));
    const TrafficSet any = traffic_of("toPorts: [{ports: [{port: '0'}]}]");
    CHECK(any == (TrafficSet::of(Protocol::tcp) | TrafficSet::of(Protocol::udp) |
                  TrafficSet::of(Protocol::sctp)));
    CHECK(traffic_of("icmps: [{fields: [{type: 8}, {family: IPv6, type: EchoRequest}]}]") ==
          (TrafficSet::of(Protocol::icmp, {Port{8}, Port{8}}) |
           TrafficSet::of(Protocol::icmp6, {Port{128}, Port{128}})));
}

TEST_CASE("only what cannot be evaluated has a condition", "[cilium]") {
    struct Case {
        std::string rule;
        std::string condition;
    };
    const auto one = GENERATE(values<Case>({
        {"{toFQDNs: [{matchPattern: '*.Example.com'}]}", ""},
        {"{toEntities: [cluster]}", ""},
        {"{toEntities: [host, remote-node]}", ""},
        {"{toEntities: [host]}", "only the pod's own node"},
        {"{toEntities: [kube-apiserver]}", "which address the API server has"},
        {"{toPorts: [{ports: [{port: '53'}], rules: {dns: [{matchPattern: '*'}]}}]}", ""},
        {"{toPorts: [{ports: [{port: '53'}], rules: {dns: [{matchName: a.b}]}}]}",
         "a DNS condition"},
        {"{toPorts: [{ports: [{port: '443'}], serverNames: [a.b]}]}", "a TLS server name"},
        {"{toGroups: [{aws: {}}]}", "a cloud provider's group"},
        {"{toEndpoints: [{}], authentication: {mode: required}}", "mutual authentication"},
        {"{toEndpoints: [{}], authentication: {mode: disabled}}", ""},
    }));
    INFO(one.rule);
    CHECK(only_egress(one.rule).condition == one.condition);
}

TEST_CASE("a Service stands for the pods it selects or the addresses behind it", "[cilium]") {
    const std::string services = R"(
apiVersion: v1
kind: Service
metadata: {name: web, namespace: front, labels: {tier: a}}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: old, namespace: front, labels: {tier: b}}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: old, namespace: front}
subsets: [{addresses: [{ip: 203.0.113.9}]}]
)";
    const Rule by_name =
        only_egress("{toServices: [{k8sService: {serviceName: web, namespace: front}}]}", services);
    REQUIRE(by_name.peers.size() == 1);
    CHECK(std::get<PodPeer>(by_name.peers[0]).namespace_name == "front");
    const Rule by_label = only_egress(
        "{toServices: [{k8sServiceSelector: {selector: {matchLabels: {tier: b}}}}]}", services);
    REQUIRE(by_label.peers.size() == 1);
    CHECK(std::get<AddressPeer>(by_label.peers[0]).addresses ==
          IpSet{IpPrefix::parse("203.0.113.9/32")->range()});
}

TEST_CASE("each of specs is a policy of the same name", "[cilium]") {
    const auto loaded = load_yaml(std::string(header) +
                                  "specs:\n- {endpointSelector: {}, ingress: [{}]}\n- "
                                  "{endpointSelector: {}, egress: [{}]}\n");
    REQUIRE(loaded.bundle.policies.size() == 2);
    CHECK(loaded.bundle.policies[0].isolates_ingress);
    CHECK(loaded.bundle.policies[1].isolates_egress);
    CHECK(loaded.bundle.policies[1].name == "p");
}
