// SPDX-License-Identifier: Apache-2.0
// Policy languages in the normal form of model/policy.h.
#include <catch2/catch.hpp>

#include "tests/ingest/helpers.h"

using namespace nspect;
using namespace nspect::ingest;
using test::load_yaml;

namespace {

Policy network_policy(const std::string& spec) {
    const auto loaded = load_yaml(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        "metadata: {name: p, namespace: shop}\nspec: " +
        spec + "\n");
    INFO(loaded.words());
    CHECK_FALSE(loaded.diagnostics.has_errors());
    REQUIRE(loaded.bundle.policies.size() == 1);
    return loaded.bundle.policies.front();
}

Policy admin_policy(const std::string& kind, const std::string& spec) {
    const bool is_cluster = kind == "ClusterNetworkPolicy";
    const auto loaded = load_yaml("apiVersion: policy.networking.k8s.io/v1alpha" +
                                  std::string(is_cluster ? "2" : "1") + "\nkind: " + kind +
                                  "\nmetadata: {name: default}\nspec: " + spec + "\n");
    INFO(loaded.words());
    CHECK_FALSE(loaded.diagnostics.has_errors());
    REQUIRE(loaded.bundle.policies.size() == 1);
    return loaded.bundle.policies.front();
}

}  // namespace

TEST_CASE("policyTypes settle the directions; without them egress counts when it has a rule") {
    struct Case {
        std::string spec;
        bool ingress;
        bool egress;
    };
    const auto [spec, ingress, egress] =
        GENERATE(Case{"{}", true, false}, Case{"{policyTypes: []}", true, false},
                 Case{"{egress: []}", true, false}, Case{"{egress: [{}]}", true, true},
                 Case{"{policyTypes: [Egress]}", false, true},
                 Case{"{policyTypes: [Egress], ingress: [{}]}", false, true},
                 Case{"{policyTypes: [Ingress, Egress]}", true, true},
                 Case{"{policyTypes: [Ingress], egress: [{}]}", true, false});
    const Policy policy = network_policy(spec);
    INFO(spec);
    CHECK(policy.isolates_ingress == ingress);
    CHECK(policy.isolates_egress == egress);
    if (!ingress) CHECK(policy.ingress.empty());
    if (!egress) CHECK(policy.egress.empty());
    CHECK(policy.stage == Stage{namespace_stage, "namespace"});
}

TEST_CASE("missing and empty peers and ports name everything") {
    const auto rule = GENERATE(as<std::string>{}, "{}", "{from: [], ports: []}",
                               "{from: null, ports: null}", "null");
    const Policy policy = network_policy("{ingress: [" + rule + "]}");
    REQUIRE(policy.ingress.size() == 1);
    CHECK(policy.ingress[0].peers == std::vector<Peer>{AnyPeer{}});
    CHECK(policy.ingress[0].all_ports);
}

TEST_CASE("selectors of a peer are a conjunction, its namespace is the policy's own by default") {
    const Policy policy = network_policy(
        "{ingress: [{from: [{podSelector: {}}, {namespaceSelector: {}}, "
        "{namespaceSelector: {matchLabels: {a: b}}, podSelector: {matchLabels: {c: d}}}]}]}");
    PodPeer own;
    own.namespace_name = "shop";
    PodPeer both;
    both.namespaces = Selector::matching({{"a", "b"}});
    both.pods = Selector::matching({{"c", "d"}});
    CHECK(policy.ingress.at(0).peers == std::vector<Peer>{own, PodPeer{}, both});
}

TEST_CASE("an address block loses its exceptions") {
    const Policy policy =
        network_policy("{egress: [{to: [{ipBlock: {cidr: 10.0.0.7/30, except: [10.0.0.5/32]}}]}]}");
    const auto& peer = std::get<AddressPeer>(policy.egress.at(0).peers.at(0));
    CHECK(peer.pods == PodsByAddress::undefined);
    CHECK(peer.addresses == IpSet{{*IpAddress::parse("10.0.0.4"), *IpAddress::parse("10.0.0.4")},
                                  {*IpAddress::parse("10.0.0.6"), *IpAddress::parse("10.0.0.7")}});
}

TEST_CASE("ports are ranges, whole protocols, or names of one protocol") {
    const Policy policy = network_policy(
        "{ingress: [{ports: [{port: 80}, {port: 1, endPort: 65535, protocol: UDP}, "
        "{protocol: SCTP}, {port: dns, protocol: UDP}]}]}");
    const auto& ports = policy.ingress.at(0).ports;
    CHECK(ports ==
          std::vector<PortMatch>{{TrafficSet::of(Protocol::tcp, {Port{80}, Port{80}}), {}, {}},
                                 {TrafficSet::of(Protocol::udp), {}, {}},
                                 {TrafficSet::of(Protocol::sctp), {}, {}},
                                 {{}, "dns", Protocol::udp}});
    CHECK_FALSE(policy.ingress.at(0).all_ports);
}

TEST_CASE("admin policies are asked by priority, before and after the namespace's own") {
    const std::string rest =
        "subject: {namespaces: {}}, ingress: [{action: Deny, from: "
        "[{namespaces: {}}]}]}";
    const Policy admin = admin_policy("AdminNetworkPolicy", "{priority: 7, " + rest);
    CHECK(admin.stage == Stage{admin_stage, "admin"});
    CHECK(admin.ingress.at(0).order == 7);
    CHECK(admin.ingress.at(0).action == Action::deny);
    CHECK_FALSE(admin.isolates_ingress);
    CHECK_FALSE(admin.selects_host_network);
    CHECK(admin_policy("BaselineAdminNetworkPolicy", "{" + rest).stage ==
          Stage{baseline_stage, "baseline"});
    CHECK(admin_policy("ClusterNetworkPolicy", "{tier: Baseline, priority: 3, " + rest).stage ==
          Stage{baseline_stage, "baseline"});
    CHECK(admin_policy("ClusterNetworkPolicy", "{tier: Admin, priority: 3, " + rest).stage ==
          admin.stage);
}

TEST_CASE("ports of admin policies") {
    const Policy old = admin_policy(
        "AdminNetworkPolicy",
        "{priority: 7, subject: {pods: {}}, egress: [{action: Pass, to: [{networks: "
        "[10.0.0.0/8]}, {nodes: {}}], ports: [{portNumber: {port: 80}}, {portRange: {protocol: "
        "UDP, start: 5, end: 9}}, {namedPort: web}]}]}");
    const Rule& rule = old.egress.at(0);
    CHECK(rule.ports ==
          std::vector<PortMatch>{{TrafficSet::of(Protocol::tcp, {Port{80}, Port{80}}), {}, {}},
                                 {TrafficSet::of(Protocol::udp, {Port{5}, Port{9}}), {}, {}},
                                 {{}, "web", {}}});
    CHECK(std::get<AddressPeer>(rule.peers.at(0)).pods == PodsByAddress::yes);
    CHECK(std::holds_alternative<NodePeer>(rule.peers.at(1)));
    const Policy cluster = admin_policy(
        "ClusterNetworkPolicy",
        "{tier: Admin, priority: 7, subject: {pods: {}}, ingress: [{action: Accept, from: [{pods: "
        "{}}], protocols: [{tcp: {}}, {udp: {destinationPort: {number: 53}}}, {sctp: "
        "{destinationPort: {range: {start: 2, end: 3}}}}, {destinationNamedPort: web}]}]}");
    CHECK(cluster.ingress.at(0).action == Action::allow);
    CHECK(cluster.ingress.at(0).ports ==
          std::vector<PortMatch>{{TrafficSet::of(Protocol::tcp), {}, {}},
                                 {TrafficSet::of(Protocol::udp, {Port{53}, Port{53}}), {}, {}},
                                 {TrafficSet::of(Protocol::sctp, {Port{2}, Port{3}}), {}, {}},
                                 {{}, "web", {}}});
}

TEST_CASE("peers that are domain names become a rule of their own") {
    const Policy policy = admin_policy(
        "ClusterNetworkPolicy",
        "{tier: Admin, priority: 7, subject: {pods: {}}, egress: [{name: out, action: Accept, to: "
        "[{namespaces: {}}, {domainNames: [Example.com, \"*.example.org\"]}]}]}");
    REQUIRE(policy.egress.size() == 2);
    CHECK(policy.egress[1].index == policy.egress[0].index);
    CHECK(std::get<DomainPeer>(policy.egress[1].peers.at(0)).names ==
          std::vector<std::string>{"example.com", "**.example.org"});
}

TEST_CASE("policies are sorted by kind, namespace and name") {
    const std::string head = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n";
    const auto loaded = load_yaml(head + "metadata: {name: b}\nspec: {}\n" + head +
                                  "metadata: {name: a}\nspec: {}\n" + head +
                                  "metadata: {name: c, namespace: a}\nspec: {}\n");
    std::vector<std::string> titles;
    for (const auto& policy : loaded.bundle.policies) titles.push_back(policy_title(policy));
    CHECK(titles == std::vector<std::string>{"NetworkPolicy a/c", "NetworkPolicy default/a",
                                             "NetworkPolicy default/b"});
}
