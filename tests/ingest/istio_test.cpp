// SPDX-License-Identifier: Apache-2.0
// AuthorizationPolicy in the normal form; who matches whom is asked in
// tests/analyzer/istio_test.cpp.
#include <algorithm>

#include <catch2/catch.hpp>

#include "ingest/istio/principal.h"
#include "ingest/istio/sources.h"
#include "model/workload.h"
#include "tests/ingest/helpers.h"

using namespace nspect;
using namespace nspect::ingest;
using test::load_yaml;

namespace {

std::string document(const std::string& spec, const std::string& space = "shop") {
    return "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"
           "metadata: {name: p, namespace: " +
           space + "}\nspec: " + spec + "\n";
}

Policy policy(const std::string& spec) {
    const auto loaded = load_yaml(document(spec));
    INFO(loaded.words());
    REQUIRE_FALSE(loaded.diagnostics.has_errors());
    REQUIRE(loaded.bundle.policies.size() == 1);
    return loaded.bundle.policies.front();
}

bool has_code(const std::string& spec, const std::string& code) {
    const auto codes = load_yaml(document(spec)).codes();
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

TEST_CASE("proxies ask CUSTOM, then DENY, then ALLOW, and only ALLOW isolates", "[istio]") {
    struct Case {
        std::string spec;
        std::string stage;
        bool isolates;
        std::size_t rules;
    };
    const auto [spec, stage, isolates, rules] =
        GENERATE(Case{"{}", "allow", true, 0}, Case{"{rules: []}", "allow", true, 0},
                 Case{"{action: ALLOW, rules: [{}]}", "allow", true, 1},
                 Case{"{action: DENY, rules: [{}]}", "deny", false, 1},
                 Case{"{action: DENY}", "deny", false, 0},
                 Case{"{action: AUDIT, rules: [{}]}", "allow", false, 0},
                 Case{"{action: CUSTOM, provider: {name: opa}, rules: [{}]}", "custom", false, 1});
    const Policy made = policy(spec);
    INFO(spec);
    CHECK(made.stage.layer == Layer::mesh);
    CHECK(made.stage.name == stage);
    CHECK(made.isolates_ingress == isolates);
    CHECK_FALSE(made.isolates_egress);
    CHECK(made.ingress.size() == rules);
    CHECK(made.egress.empty());
}

TEST_CASE("a rule without from and to names everyone and everything", "[istio]") {
    const Policy made = policy("{rules: [{}]}");
    CHECK(made.ingress.at(0).peers == std::vector<Peer>{AnyPeer{}});
    CHECK(made.ingress.at(0).all_ports);
    CHECK(made.ingress.at(0).condition.empty());
}

TEST_CASE("ports are TCP ports, and notPorts all others", "[istio]") {
    struct Case {
        std::string operation;
        std::string ports;
    };
    const auto [operation, ports] = GENERATE(
        Case{R"({ports: ["80", "443"]})", "80,443"}, Case{R"({notPorts: ["80"]})", "1-79,81-65535"},
        Case{R"({ports: ["80", "81"], notPorts: ["81"]})", "80"});
    const Policy made = policy("{rules: [{to: [{operation: " + operation + "}]}]}");
    REQUIRE(made.ingress.size() == 1);
    CHECK(to_string(made.ingress[0].ports.at(0).traffic.tcp) == ports);
    CHECK(made.ingress[0].ports.at(0).traffic.udp.empty());
}

TEST_CASE("what is not evaluated becomes a condition in words", "[istio]") {
    struct Case {
        std::string rule;
        std::string condition;
    };
    const auto [rule, condition] = GENERATE(
        Case{"{to: [{operation: {methods: [GET], paths: [/a]}}]}",
             "an HTTP condition (methods, paths)"},
        Case{"{from: [{source: {requestPrincipals: ['*']}}]}",
             "a request's token (requestPrincipals)"},
        Case{"{from: [{source: {remoteIpBlocks: [10.0.0.0/8]}}]}",
             "the client's address before proxies (remoteIpBlocks)"},
        Case{"{when: [{key: 'request.headers[x]', values: [y]}]}",
             "a condition (request.headers[x])"},
        Case{"{when: [{key: connection.sni, values: [y]}]}", "a condition (connection.sni)"},
        Case{"{from: [{source: {principals: [other/ns/a/sa/b]}}]}", "the trust domain other"});
    const Policy made = policy("{rules: [" + rule + "]}");
    REQUIRE(made.ingress.size() == 1);
    CHECK(made.ingress[0].condition == condition);
}

TEST_CASE("an entry with a condition does not make the exact ones beside it uncertain", "[istio]") {
    const Policy made =
        policy("{rules: [{to: [{operation: {ports: ['80']}}, {operation: {methods: [GET]}}]}]}");
    REQUIRE(made.ingress.size() == 2);
    CHECK(made.ingress[0].condition.empty());
    CHECK(made.ingress[0].index == 1);
    CHECK_FALSE(made.ingress[1].condition.empty());
    CHECK(made.ingress[1].index == 1);
}

TEST_CASE("patterns on identities are taken apart", "[istio]") {
    using istio::read_identity;
    const auto exact = read_identity("cluster.local/ns/shop/sa/web");
    REQUIRE(exact);
    CHECK(exact->namespaces->values == std::vector<std::string>{"shop"});
    CHECK(exact->pods->values == std::vector<std::string>{"web"});
    const auto whole = read_identity("cluster.local/ns/shop/*");
    REQUIRE(whole);
    CHECK(whole->namespaces->values == std::vector<std::string>{"shop"});
    CHECK_FALSE(whole->pods);
    const auto prefix = read_identity("cluster.local/ns/sh*");
    REQUIRE(prefix);
    CHECK(prefix->namespaces->op == Requirement::Op::starts_with);
    const auto suffix = read_identity("*/sa/web");
    REQUIRE(suffix);
    CHECK_FALSE(suffix->namespaces);
    CHECK(suffix->pods->values == std::vector<std::string>{"web"});
    CHECK(read_identity("*eb")->pods->op == Requirement::Op::ends_with);
    CHECK(read_identity("*") == istio::IdentityPattern{});
    CHECK(read_identity("td/ns/a/sa/b")->trust_domain == "td");
    for (const auto* text : {"spiffe://cluster.local/ns/a/sa/b", "web", "cluster.local/shop/web",
                             "cluster.local/ns/a/sa/", "*/x/web"}) {
        INFO(text);
        CHECK_FALSE(read_identity(text));
    }
}

TEST_CASE("members and others of the mesh are all pods, and none is both", "[istio]") {
    const auto text = [](unsigned number, const char* a, const char* b) {
        return number == 0 ? std::string() : std::string(number == 1 ? a : b);
    };
    const auto holds = [](const istio::Sources& sources, const Labels& space, const Labels& pod) {
        return std::any_of(sources.pods.begin(), sources.pods.end(), [&](const istio::Term& term) {
            return term.namespaces.matches(space) && term.pods.matches(pod);
        });
    };
    for (unsigned i = 0; i < 3 * 3 * 3 * 3 * 2; ++i) {
        Labels space;
        Labels pod;
        const auto set = [](Labels& labels, std::string_view key, const std::string& value) {
            if (!value.empty()) labels.set(std::string(key), value);
        };
        set(space, "istio-injection", text(i % 3, "enabled", "disabled"));
        set(space, "istio.io/dataplane-mode", text(i / 3 % 3, "ambient", "none"));
        set(pod, proxy_injection_key, text(i / 9 % 3, "true", "false"));
        set(pod, "istio.io/dataplane-mode", text(i / 27 % 3, "ambient", "none"));
        if (i / 81 == 1) pod.set(std::string(host_network_key), "");
        INFO(to_string(space) << " / " << to_string(pod));
        CHECK(holds(istio::in_mesh(), space, pod) != holds(istio::outside_mesh(), space, pod));
    }
}

TEST_CASE("a policy of the root namespace is for every namespace", "[istio]") {
    const auto own = load_yaml(document("{selector: {matchLabels: {app: web}}}"));
    const auto all = load_yaml(document("{selector: {matchLabels: {app: web}}}", "istio-system"));
    const auto in_shop = [](const PodPeer& subject) {
        return subject.namespace_name == "shop" ||
               subject.namespaces.matches({{std::string(namespace_name_label), "shop"}});
    };
    const auto& subjects = own.bundle.policies.at(0).subjects;
    const auto elsewhere = [](const PodPeer& subject) {
        return !subject.namespace_name &&
               subject.namespaces.matches({{std::string(namespace_name_label), "other"}});
    };
    CHECK(std::any_of(subjects.begin(), subjects.end(), in_shop));
    CHECK(std::none_of(subjects.begin(), subjects.end(), elsewhere));
    const auto& everywhere = all.bundle.policies.at(0).subjects;
    CHECK(std::any_of(everywhere.begin(), everywhere.end(), elsewhere));
}

TEST_CASE("MeshConfig says whose AuthorizationPolicies hold in every namespace", "[istio]") {
    const std::string told =
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\n"
        "data: {mesh: 'rootNamespace: mesh-root'}\n";
    const auto elsewhere = [](const PodPeer& subject) {
        return !subject.namespace_name &&
               subject.namespaces.matches({{std::string(namespace_name_label), "other"}});
    };
    for (const std::string space : {"istio-system", "mesh-root"}) {
        // The configuration may stand after the policy, or before it.
        const std::string policy =
            document("{selector: {matchLabels: {app: web}}, rules: [{}]}", space);
        for (const auto& loaded :
             {load_yaml(policy + told), load_yaml(told.substr(4) + "---\n" + policy)}) {
            INFO(space);
            const auto& subjects = loaded.bundle.policies.at(0).subjects;
            const bool everywhere = std::any_of(subjects.begin(), subjects.end(), elsewhere);
            CHECK(everywhere == (space == "mesh-root"));
            const auto& guards = loaded.bundle.expectations.guards;
            REQUIRE(guards.size() == 1);
            CHECK(guards[0].namespace_name.has_value() == !everywhere);
        }
    }
}

TEST_CASE("an ALLOW policy at a waypoint denies the rest only at most", "[istio]") {
    const auto loaded =
        load_yaml(document("{targetRefs: [{kind: Service, group: '', name: web}], rules: [{to: "
                           "[{operation: {ports: ['80']}}]}]}") +
                  "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n"
                  "spec: {selector: {app: web}}\n");
    const Policy& made = loaded.bundle.policies.at(0);
    CHECK_FALSE(made.isolates_ingress);
    REQUIRE(made.subjects.size() == 1);
    CHECK(made.subjects[0].pods == Selector::matching({{"app", "web"}}));
    REQUIRE(made.ingress.size() == 2);
    CHECK(made.ingress[0].condition == "enforcement at Service web");
    CHECK(made.ingress[1].action == Action::deny);
    CHECK(made.ingress[1].order > made.ingress[0].order);
    CHECK(made.ingress[1].condition == "enforcement at Service web");
}

TEST_CASE("mistakes in an AuthorizationPolicy are reported", "[istio]") {
    CHECK(has_code("{action: ALOW}", "IS001"));
    CHECK(has_code("{selector: {}, targetRef: {kind: Service, name: a}}", "IS002"));
    CHECK(has_code("{rules: [{from: []}]}", "IS003"));
    CHECK(has_code("{rules: [{to: [{operation: {ports: [http]}}]}]}", "IS004"));
    CHECK(has_code("{rules: [{to: [{operation: {ports: [80]}}]}]}", "DOC019"));
    CHECK(has_code("{rules: [{from: [{source: {ipBlocks: [10.0.0]}}]}]}", "IS005"));
    CHECK(
        has_code("{rules: [{from: [{source: {principals: ['spiffe://a/ns/b/sa/c']}}]}]}", "IS008"));
    CHECK(has_code("{action: CUSTOM, rules: [{}]}", "IS011"));
    CHECK(has_code("{rules: [{when: [{key: source.ips, values: [a]}]}]}", "IS012"));
    CHECK(has_code("{rules: [{fron: []}]}", "NP001"));
}
