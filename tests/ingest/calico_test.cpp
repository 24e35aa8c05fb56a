// SPDX-License-Identifier: Apache-2.0
// Calico's documents to the normal form.
#include <algorithm>

#include <catch2/catch.hpp>

#include "ingest/calico/expression.h"
#include "ingest/staged.h"
#include "tests/ingest/helpers.h"

using namespace nspect;
using namespace nspect::ingest;

namespace {

/// Pods web (account robot) and db in shop, and cache in lab.
const std::string cluster = R"(
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {env: prod}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}},
 spec: {serviceAccountName: robot}, status: {podIP: 10.0.0.1}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop, labels: {app: db}},
 status: {podIP: 10.0.0.2}}
---
{apiVersion: v1, kind: Pod, metadata: {name: cache, namespace: lab, labels: {app: db}},
 status: {podIP: 10.0.1.3}}
)";

std::string policy(const std::string& body, const std::string& kind = "NetworkPolicy") {
    const std::string place = kind.find("Global") == std::string::npos ? ", namespace: shop" : "";
    return "---\napiVersion: projectcalico.org/v3\nkind: " + kind + "\nmetadata: {name: p" + place +
           "}\nspec: {" + body + "}\n";
}

std::string object(const std::string& kind, const std::string& metadata, const std::string& spec) {
    return "---\napiVersion: projectcalico.org/v3\nkind: " + kind + "\nmetadata: {" + metadata +
           "}\nspec: {" + spec + "}\n";
}

test::Loaded load(const std::string& documents) {
    auto loaded = test::load_yaml(cluster + documents);
    INFO(loaded.words());
    REQUIRE(loaded.errors() == 0);
    return loaded;
}

std::string words(const PodPeer& pods) {
    std::string text = pods.namespace_name ? *pods.namespace_name : to_string(pods.namespaces);
    text += "/" + to_string(pods.pods);
    if (pods.addresses) text += " within";
    return text;
}

std::string words(const Peer& peer) {
    if (const auto* pods = std::get_if<PodPeer>(&peer)) return words(*pods);
    if (const auto* domains = std::get_if<DomainPeer>(&peer)) return "domain " + domains->names[0];
    if (const auto* block = std::get_if<AddressPeer>(&peer)) {
        std::string text = block->pods == PodsByAddress::yes ? "block" : "outside";
        for (const auto& range : block->addresses.intervals()) text += " " + to_string(range);
        return text;
    }
    return std::holds_alternative<NodePeer>(peer) ? "nodes" : "any";
}

std::string words(const std::vector<Peer>& peers) {
    std::string text;
    for (const Peer& peer : peers) text += (text.empty() ? "" : "; ") + words(peer);
    return text;
}

/// The peers of the only rule of a policy with this source.
std::string peers_of(const std::string& source, const std::string& more = "",
                     const std::string& kind = "NetworkPolicy") {
    const auto loaded =
        load(more + policy("ingress: [{action: Allow, source: {" + source + "}}]", kind));
    const auto& rules = loaded.bundle.policies.at(0).ingress;
    REQUIRE(rules.size() == 1);
    return words(rules[0].peers);
}

Rule only_rule(const std::string& rule) {
    return load(policy("ingress: [{action: Allow, " + rule + "}]"))
        .bundle.policies.at(0)
        .ingress.at(0);
}

std::string traffic_of(const std::string& rule) {
    const Rule made = only_rule(rule);
    if (made.all_ports) return "all";
    std::string text;
    for (const PortMatch& match : made.ports) {
        text += text.empty() ? "" : "; ";
        text += match.name.empty()
                    ? to_string(match.traffic)
                    : std::string(to_string(*match.name_protocol)) + " " + match.name;
    }
    return text;
}

std::string mistake(const std::string& text) {
    const auto parsed = parse_expression(text);
    const auto* found = std::get_if<ExpressionMistake>(&parsed);
    return found == nullptr ? "" : std::to_string(found->at) + " " + found->message;
}

bool holds_for(const std::string& text, const Labels& labels) {
    return holds(std::get<Expression>(parse_expression(text)), labels);
}

}  // namespace

TEST_CASE("an expression holds for the labels it describes") {
    const Labels web{{"app", "web-1"}, {"tier", "front"}};
    for (const char* text :
         {"", "all()", "app == 'web-1'", "app == \"web-1\"", "none != 'x'", "app in {'x', 'web-1'}",
          "none not in {'a'}", "has(app)", "!has(none)", "app contains 'b-'",
          "app starts with 'we'", "app ends with '1'", "has(none) || has( tier )",
          "!(has(none) || !has(app))", "  tier=='front'&&app!='x'", "!!has(app)", "app not in {}",
          "global()"}) {
        INFO(text);
        CHECK(holds_for(text, web));
    }
    for (const char* text :
         {"!all()", "app == 'web'", "none == ''", "app != 'web-1'", "none in {''}", "app in {}",
          "none contains ''", "has(app) && has(none)", "has(none) || has(other) && has(app)"}) {
        INFO(text);
        CHECK_FALSE(holds_for(text, web));
    }
}

TEST_CASE("a mistake in an expression has its place") {
    CHECK(mistake("app = 'a'") == "4 after the label \"app\" an operator was expected");
    CHECK(mistake("app == a") == "7 a value in quotes was expected");
    CHECK(mistake("has(app") == "7 a closing ) is missing");
    CHECK(mistake("app == 'a' 'b'") == "11 the selector should end here");
    CHECK(mistake("a == 'b' &&") == "11 a condition is missing at the end");
    CHECK(mistake("a == 'b' & has(c)") == "9 a single &");
    CHECK(mistake("a in 'b'") == "5 a set of values was expected");
    CHECK(mistake("a in {'b'") == "9 a closing } is missing");
    CHECK(mistake("a == 'b") == "5 this value has no closing quote");
    CHECK(mistake(std::string(33, '(') + "all()").find("nested deeper") != std::string::npos);
    CHECK(mistake(std::string(20000, 'a')).find("longer") != std::string::npos);
    CHECK(mistake(std::string(10000, '!') + "all()") == "");
}

TEST_CASE("an expression falls into alternatives, up to a bound") {
    const auto count = [](const std::string& text) {
        const auto terms = pod_terms(std::get<Expression>(parse_expression(text)));
        return terms ? static_cast<int>(terms->size()) : -1;
    };
    CHECK(count("a == '1' && b == '2'") == 1);
    CHECK(count("(has(a) || has(b)) && (has(c) || has(d))") == 4);
    CHECK(count("!(has(a) && has(b))") == 2);
    CHECK(count("global()") == 0);
    CHECK(count("has(a) || has(a)") == 1);
    std::string large = "all()";
    for (int i = 0; i < 9; ++i) {
        large += " && (has(a" + std::to_string(i) + ") || has(b" + std::to_string(i) + "))";
    }
    CHECK(count(large) == -1);
}

TEST_CASE("a mistake is shown where it stands in the file") {
    const auto loaded = test::load_yaml(policy("selector: \"app = 'web'\""));
    REQUIRE(loaded.errors() == 1);
    const auto& last = loaded.diagnostics.items().back();
    CHECK(last.code == "CA001");
    CHECK(last.location.line == 5);
    CHECK(last.location.column == 23);
}

TEST_CASE("selectors of a namespaced policy stay in its namespace, unless they name others") {
    CHECK(peers_of("selector: app == 'web'") == "shop/app=web");
    CHECK(peers_of("selector: app == 'web'", "", "GlobalNetworkPolicy") == "everything/app=web");
    CHECK(peers_of("namespaceSelector: env == 'prod'") == "env=prod/everything");
    CHECK(peers_of("namespaceSelector: all()") == "everything/everything");
    CHECK(peers_of("namespaceSelector: \"projectcalico.org/name == 'lab'\"") == "lab/everything");
    CHECK(peers_of("namespaceSelector: global()") == "");
    CHECK(peers_of("selector: pcns.env == 'prod' || projectcalico.org/orchestrator != 'k8s'", "",
                   "GlobalNetworkPolicy") == "env=prod/everything");
    CHECK(peers_of("notSelector: has(app)") == "shop/!app");
    CHECK(peers_of("notSelector: has(app)", "", "GlobalNetworkPolicy") ==
          "everything/!app; outside 0.0.0.0-255.255.255.255 "
          "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff; nodes");
    CHECK(peers_of("") == "any");
}

TEST_CASE("service accounts are asked by name and by label") {
    const std::string robot =
        "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot, namespace: shop, "
        "labels: {role: bot}}}\n";
    CHECK(peers_of("serviceAccounts: {names: [robot]}") == "shop/@service-account=robot");
    CHECK(peers_of("serviceAccounts: {selector: role == 'bot'}, namespaceSelector: all()", robot) ==
          "shop/@service-account=robot");
    CHECK(peers_of("serviceAccounts: {selector: role != 'bot'}, namespaceSelector: all()", robot) ==
          "shop/@service-account!=robot; kubernetes.io/metadata.name!=shop/everything");
    CHECK(peers_of("serviceAccounts: {selector: role == 'bot'}") == "");
}

TEST_CASE("network sets add their blocks where a selector finds them") {
    const std::string sets =
        object("GlobalNetworkSet", "name: a, labels: {app: web}", "nets: [192.0.2.0/31]") +
        object("NetworkSet", "name: b, namespace: shop, labels: {app: web}",
               "nets: [198.51.100.7]");
    CHECK(peers_of("selector: app == 'web'", sets) ==
          "shop/app=web; block 198.51.100.7-198.51.100.7");
    CHECK(peers_of("selector: app == 'web', namespaceSelector: global()", sets) ==
          "block 192.0.2.0-192.0.2.1");
    CHECK(peers_of("selector: app == 'web'", sets, "GlobalNetworkPolicy") ==
          "everything/app=web; block 192.0.2.0-192.0.2.1 198.51.100.7-198.51.100.7");
    CHECK(peers_of("selector: app == 'web', nets: [192.0.2.1/32]", sets, "GlobalNetworkPolicy") ==
          "everything/app=web within; block 192.0.2.1-192.0.2.1");
}

TEST_CASE("in the stored form the labels of a network set stand in an annotation") {
    const std::string set = R"(
---
apiVersion: crd.projectcalico.org/v1
kind: GlobalNetworkSet
metadata:
  name: a
  annotations: {projectcalico.org/metadata: '{"labels":{"app":"web"}}'}
spec: {nets: [192.0.2.0/31]}
)";
    CHECK(peers_of("selector: app == 'web', namespaceSelector: global()", set) ==
          "block 192.0.2.0-192.0.2.1");
}

TEST_CASE("blocks reach pods by their address and decide the version of IP") {
    CHECK(peers_of("nets: [10.0.0.0/31], notNets: [10.0.0.1/32]") == "block 10.0.0.0-10.0.0.0");
    CHECK(peers_of("notNets: [128.0.0.0/1]") == "block 0.0.0.0-127.255.255.255");
    CHECK(words(only_rule("ipVersion: 6").peers) ==
          "block ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

TEST_CASE("protocols and ports become the traffic they are") {
    CHECK(traffic_of("protocol: TCP") == "TCP 1-65535");
    CHECK(traffic_of("protocol: 17") == "UDP 1-65535");
    CHECK(traffic_of("source: {}") == "all");
    CHECK(traffic_of("protocol: tcp, destination: {ports: [80, '90:95', http]}") ==
          "TCP 80; TCP 90-95; TCP http");
    CHECK(traffic_of("destination: {ports: [http]}") == "TCP http");
    CHECK(traffic_of("protocol: UDP, destination: {notPorts: ['2:65535']}") == "UDP 1");
    CHECK(traffic_of("protocol: SCTP, destination: {ports: ['10:20'], notPorts: [15]}") ==
          "SCTP 10-14,16-20");
    CHECK(traffic_of("protocol: ICMP, icmp: {type: 8}") == "ICMP 8");
    CHECK(traffic_of("protocol: ICMPv6, notICMP: {type: 0}") == "ICMPv6 1-255");
}

TEST_CASE("what is not evaluated is a condition of the rule") {
    CHECK(only_rule("protocol: TCP, source: {ports: [80]}").condition == "source ports");
    CHECK(only_rule("protocol: TCP, destination: {notPorts: [http]}").condition ==
          "notPorts by name");
    CHECK(only_rule("protocol: ICMP, icmp: {type: 3, code: 1}").condition == "an ICMP code");
    CHECK(only_rule("protocol: 47").condition == "one IP protocol");
    CHECK(only_rule("notProtocol: UDPLite").condition == "all but one IP protocol");
    CHECK(only_rule("http: {methods: [GET]}").condition == "an HTTP condition");
    CHECK(only_rule("protocol: ICMP, notICMP: {type: 3, code: 1}").ports.at(0).traffic ==
          TrafficSet::of(Protocol::icmp));
}

TEST_CASE("types that are not given follow from the rules") {
    const auto isolates = [](const std::string& body, const std::string& version) {
        auto text = policy(body);
        text.replace(text.find("projectcalico.org/v3"), 20, version);
        const auto made = load(text).bundle.policies.at(0);
        return std::string(made.isolates_ingress ? "in" : "") + (made.isolates_egress ? "out" : "");
    };
    const std::string v3 = "projectcalico.org/v3";
    CHECK(isolates("", v3) == "in");
    CHECK(isolates("ingress: [{action: Allow}]", v3) == "in");
    CHECK(isolates("egress: [{action: Allow}]", v3) == "out");
    CHECK(isolates("egress: [{action: Log}], ingress: [{action: Deny}]", v3) == "inout");
    CHECK(isolates("types: [Egress]", v3) == "out");
    CHECK(isolates("ingress: [{action: Allow}]", "crd.projectcalico.org/v1") == "inout");
}

TEST_CASE("tiers become stages") {
    const auto stage_of = [](const std::string& tier, const std::string& more = "") {
        const auto made = load(more + policy("tier: " + tier)).bundle.policies.at(0);
        return made.stage.name + (made.isolates_ingress ? " denies" : " passes");
    };
    CHECK(stage_of("default") == "namespace denies");
    CHECK(stage_of("adminnetworkpolicy") == "admin passes");
    CHECK(stage_of("one", object("Tier", "name: one", "order: 5")) == "one denies");
    CHECK(stage_of("one", object("Tier", "name: one", "order: 5, defaultAction: Pass")) ==
          "one passes");
    const auto lost = load(policy("tier: lost"));
    CHECK(lost.codes() == std::vector<std::string>{"CA012"});
    const auto order_of = [](const std::string& spec) {
        return load(object("Tier", "name: one", spec) + policy("tier: one"))
            .bundle.policies.at(0)
            .stage.order;
    };
    CHECK(order_of("order: 5") == 5);
    CHECK(order_of("order: 1000000") > namespace_stage);
    CHECK(order_of("") > baseline_stage);
    CHECK(lost.bundle.policies.at(0).stage.order > order_of(""));
}

TEST_CASE("policies of equal order are asked by name, and parts of one in the order of its rules") {
    const auto named = [](const std::string& name, const std::string& body) {
        auto text = policy(body);
        text.replace(text.find("name: p"), 7, "name: " + name);
        return text;
    };
    const std::string split =
        "order: 7, ingress: [{action: Allow}, {action: Deny, destination: {selector: app == "
        "'web'}}, {action: Log}, {action: Pass}]";
    const auto loaded = load(named("b", split) + named("a", "order: 7, ingress: [{action: Deny}]") +
                             named("c", "ingress: [{action: Deny}]"));
    const auto& all = loaded.bundle.policies;
    REQUIRE(all.size() == 4);
    CHECK(all[0].ingress.at(0).order == 7);
    REQUIRE(all[1].ingress.size() == 2);
    REQUIRE(all[2].ingress.size() == 1);
    CHECK(all[2].name == "b");
    CHECK(all[2].ingress[0].index == 2);
    CHECK(all[1].ingress[1].index == 4);
    CHECK_FALSE(all[2].isolates_ingress);
    CHECK(words(all[2].subjects.at(0)) == "shop/app=web");
    CHECK(all[0].ingress[0].order < all[1].ingress[0].order);
    CHECK(all[1].ingress[0].order < all[2].ingress[0].order);
    CHECK(all[2].ingress[0].order < all[1].ingress[1].order);
    CHECK(all[1].ingress[1].order < all[3].ingress[0].order);
}

TEST_CASE("a block on the rule's own side is evaluated where all subjects are in it, or none") {
    const auto rules = [](const std::string& net) {
        return load(policy("ingress: [{action: Allow, destination: {nets: [" + net + "]}}]"))
            .bundle.policies.at(0)
            .ingress;
    };
    CHECK(rules("192.0.2.0/24").empty());
    CHECK(rules("10.0.0.0/24").at(0).condition == "");
    CHECK(rules("10.0.0.1/32").at(0).condition == "address blocks of its own pods");
}

TEST_CASE("a rule on a Service is about its pods and their ports") {
    const std::string service =
        "---\n{apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop}, spec: "
        "{selector: {app: db}, ports: [{port: 1, targetPort: 5432}, {port: 2, targetPort: admin, "
        "protocol: UDP}]}}\n";
    const auto loaded =
        load(service + policy("egress: [{action: Allow, destination: {services: {name: db}}}]"));
    const auto& rule = loaded.bundle.policies.at(0).egress.at(0);
    CHECK(words(rule.peers) == "shop/app=db");
    REQUIRE(rule.ports.size() == 2);
    CHECK(to_string(rule.ports[0].traffic) == "TCP 5432");
    CHECK(rule.ports[1].name == "admin");
    CHECK(rule.ports[1].name_protocol == Protocol::udp);
    const auto lost =
        load(policy("egress: [{action: Allow, destination: {services: {name: none}}}]"));
    CHECK(lost.codes() == std::vector<std::string>{"CA008"});
    CHECK(lost.bundle.policies.at(0).egress.at(0).peers.empty());
}

TEST_CASE("domains are peers of egress rules that allow") {
    const std::string set = object("GlobalNetworkSet", "name: a, labels: {kind: out}",
                                   "allowedEgressDomains: ['*.Example.com']");
    const auto loaded = load(
        set +
        policy("egress: [{action: Allow, destination: {domains: [example.org]}}, {action: "
               "Allow, destination: {selector: kind == 'out', namespaceSelector: global()}}]"));
    const auto& rules = loaded.bundle.policies.at(0).egress;
    CHECK(words(rules.at(0).peers) == "domain example.org");
    CHECK(words(rules.at(1).peers) == "domain **.example.com");
}

TEST_CASE("a staged policy is kept apart until it is asked for") {
    auto loaded = load(policy("ingress: [{action: Allow}]") +
                       policy("ingress: [{action: Deny}]", "StagedNetworkPolicy"));
    REQUIRE(loaded.bundle.policies.size() == 1);
    REQUIRE(loaded.bundle.staged.size() == 1);
    CHECK(loaded.codes() == std::vector<std::string>{"CA019"});
    enforce_staged(loaded.bundle);
    REQUIRE(loaded.bundle.policies.size() == 1);
    CHECK(loaded.bundle.policies[0].ingress.at(0).action == Action::deny);
    CHECK(loaded.bundle.staged.empty());
}

TEST_CASE("a staged removal takes the policy away, also one of Kubernetes") {
    auto loaded =
        load(policy("ingress: [{action: Allow}]") +
             policy("stagedAction: Delete", "StagedNetworkPolicy") +
             "---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, "
             "namespace: shop}, spec: {podSelector: {}}}\n" +
             policy("stagedAction: Delete", "StagedKubernetesNetworkPolicy"));
    CHECK(loaded.bundle.policies.size() == 2);
    enforce_staged(loaded.bundle);
    CHECK(loaded.bundle.policies.empty());
    auto set = load(policy("podSelector: {}", "StagedKubernetesNetworkPolicy"));
    enforce_staged(set.bundle);
    REQUIRE(set.bundle.policies.size() == 1);
    CHECK(set.bundle.policies[0].kind == PolicyKind::network_policy);
}
