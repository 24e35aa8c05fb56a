// SPDX-License-Identifier: Apache-2.0
// Linkerd's documents in the normal form; who matches whom is asked in
// tests/analyzer/linkerd_test.cpp.
#include <algorithm>

#include <catch2/catch.hpp>

#include "ingest/linkerd/identities.h"
#include "ingest/mesh/annotations.h"
#include "model/workload.h"
#include "tests/ingest/helpers.h"

using namespace nspect;
using namespace nspect::ingest;
using test::load_yaml;

namespace {

std::string document(const std::string& kind, const std::string& name, const std::string& spec) {
    return "apiVersion: policy.linkerd.io/v1\nkind: " + kind + "\nmetadata: {name: " + name +
           ", namespace: shop}\nspec: " + spec + "\n---\n";
}

const std::string db = document("Server", "db", "{podSelector: {}, port: 5432}");

}  // namespace

TEST_CASE("a Server denies on its port what nothing allows, and says nothing of others",
          "[linkerd]") {
    const auto loaded = load_yaml(db);
    REQUIRE(loaded.bundle.policies.size() == 1);
    const Policy& made = loaded.bundle.policies[0];
    CHECK(made.kind == PolicyKind::linkerd_server);
    CHECK(made.stage.layer == Layer::mesh);
    CHECK_FALSE(made.isolates_ingress);
    REQUIRE(made.ingress.size() == 1);
    CHECK(made.ingress[0].action == Action::deny);
    CHECK(to_string(made.ingress[0].ports.at(0).traffic.tcp) == "5432");
}

TEST_CASE("what Linkerd lets through in plaintext, with TLS or with an identity is a guard's pass",
          "[linkerd]") {
    struct Case {
        std::string client;
        TlsMode mode;
    };
    const auto [client, mode] =
        GENERATE(Case{"{unauthenticated: true}", TlsMode::permissive},
                 Case{"{meshTLS: {unauthenticatedTLS: true}}", TlsMode::one_way},
                 Case{"{meshTLS: {identities: ['*']}}", TlsMode::strict},
                 Case{"{meshTLS: {serviceAccounts: [{name: web}]}}", TlsMode::strict});
    const auto loaded = load_yaml(db + document("ServerAuthorization", "web",
                                                "{server: {name: db}, client: " + client + "}"));
    INFO(loaded.words());
    REQUIRE(loaded.bundle.expectations.guards.size() == 1);
    const MeshGuard& guard = loaded.bundle.expectations.guards[0];
    CHECK(guard.by == "Server shop/db");
    REQUIRE(guard.passes.size() == 1);
    CHECK(guard.passes[0].mode == mode);
    CHECK(guard.passes[0].by == "ServerAuthorization shop/web");
}

TEST_CASE("an identity names accounts, namespaces or everyone with a proxy", "[linkerd]") {
    struct Case {
        std::string identity;
        std::size_t requirements;  ///< beside the one for a proxy
    };
    const auto [identity, requirements] =
        GENERATE(Case{"*", 0}, Case{"*.cluster.local", 0},
                 Case{"*.serviceaccount.identity.linkerd.cluster.local", 0},
                 Case{"*.shop.serviceaccount.identity.linkerd.cluster.local", 1},
                 Case{"web.shop.serviceaccount.identity.linkerd.cluster.local", 2},
                 Case{"a.b.shop.serviceaccount.identity.linkerd.other.domain", 2});
    const auto sources = linkerd::sources_of(identity);
    INFO(identity);
    REQUIRE(sources);
    REQUIRE(sources->pods.size() == 1);
    const auto& term = sources->pods[0];
    CHECK(term.namespaces.requirements().size() + term.pods.requirements().size() ==
          requirements + 1);
    CHECK(sources->outside.empty());
}

TEST_CASE("what no pod can be called names nobody", "[linkerd]") {
    const std::string identity = GENERATE("", "web.shop", "spiffe://cluster.local/ns/shop/sa/web",
                                          "*./x", ".serviceaccount.identity.linkerd.cluster.local",
                                          "web.serviceaccount.identity.linkerd.cluster.local");
    INFO(identity);
    CHECK_FALSE(linkerd::sources_of(identity));
}

TEST_CASE("annotations of a namespace count where the pod has none", "[linkerd]") {
    const std::string pod =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop, annotations: {X}}\n---\n";
    const std::string space =
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, annotations: {linkerd.io/inject: "
        "enabled, config.linkerd.io/default-inbound-policy: deny}}\n";
    const std::string own = "config.linkerd.io/default-inbound-policy: all-authenticated";
    const bool says = GENERATE(true, false);
    std::string text = pod + space;
    text.replace(text.find('X'), 1, says ? own : "");
    const auto loaded = load_yaml(text);
    REQUIRE(loaded.bundle.policies.size() == 1);
    CHECK(policy_title(loaded.bundle.policies[0]) ==
          std::string("LinkerdAnnotation default-inbound-policy=") +
              (says ? "all-authenticated" : "deny"));
    CHECK(loaded.bundle.policies[0].ingress.size() == (says ? 2 : 1));
}

TEST_CASE("without a word about Linkerd pods are left as they are", "[linkerd]") {
    const auto loaded = load_yaml("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n");
    REQUIRE(loaded.bundle.inventory.endpoints().size() == 1);
    CHECK(loaded.bundle.inventory.endpoints()[0].mesh.empty());
    CHECK(loaded.bundle.expectations.empty());
}

TEST_CASE("ports in annotations are numbers, ranges or all", "[linkerd]") {
    CHECK(to_string(ports_in("25, 587,8000-8010")) == "25,587,8000-8010");
    CHECK(ports_in("*") == PortSet{all_ports});
    CHECK(to_string(ports_in("80,http,,99999,81")) == "80-81");
    CHECK(ports_in("").empty());
}

TEST_CASE("policies of Linkerd and of Istio may have the same name", "[linkerd]") {
    const auto loaded = load_yaml(
        db +
        document("AuthorizationPolicy", "web",
                 "{targetRef: {kind: Server, name: db}, requiredAuthenticationRefs: []}") +
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"
        "metadata: {name: web, namespace: shop}\nspec: {}\n");
    INFO(loaded.words());
    CHECK(loaded.bundle.left_out == 0);
    CHECK(loaded.bundle.policies.size() == 2);
}

TEST_CASE("hostile documents of Linkerd and Consul are reported and harm nobody",
          "[linkerd][consul]") {
    const std::string spec = GENERATE(
        "[]", "null", "7", "{podSelector: [], port: {}}", "{podSelector: {}, port: [1]}",
        "{targetRef: [], requiredAuthenticationRefs: {}}",
        "{targetRef: {kind: 7, name: {}}, requiredAuthenticationRefs: [x, {}, {kind: Server}]}",
        "{server: {}, client: {networks: [x, {cidr: []}], meshTLS: {identities: {}}}}",
        "{networks: [{cidr: 1.2.3.4/99, except: x}, [], 7]}",
        "{identities: [[], {}], identityRefs: [x, {kind: Namespace}]}",
        "{destination: {name: []}, sources: [x, {}, {name: web, permissions: x}], jwt: x}",
        "{destination: x, sources: x}", "{mutualTLSMode: {}}");
    const std::string kind =
        GENERATE("Server", "ServerAuthorization", "AuthorizationPolicy", "MeshTLSAuthentication",
                 "NetworkAuthentication", "HTTPRoute", "ServiceIntentions", "ServiceDefaults");
    const bool consul = kind.starts_with("Service") && kind != "ServerAuthorization";
    const auto loaded =
        load_yaml(std::string("apiVersion: ") +
                  (consul ? "consul.hashicorp.com/v1alpha1" : "policy.linkerd.io/v1") +
                  "\nkind: " + kind + "\nmetadata: {name: x}\nspec: " + spec + "\n");
    INFO(kind << " " << spec << "\n" << loaded.words());
    CHECK(loaded.bundle.left_out == (loaded.errors() > 0 ? 1U : 0U));
}
