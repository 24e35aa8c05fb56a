// SPDX-License-Identifier: Apache-2.0
// Istio's MeshConfig and DestinationRule, held against traffic.
#include "analyzer/tls_client_rules.h"
#include "tests/analyzer/tls_scene.h"

using namespace nspect;
using namespace nspect::test;
using analyzer::Sender;

namespace {

std::string rule(const std::string& name, const std::string& space, const std::string& spec,
                 const std::string& created = "2026-01-01T00:00:00Z") {
    return "\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: " +
           name + ", namespace: " + space + ", creationTimestamp: \"" + created +
           "\"}\nspec: " + spec + "\n";
}

/// `text`: lines of MeshConfig, indented by four.
std::string mesh(const std::string& text, const std::string& name = "istio") {
    return "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name +
           ", namespace: istio-system}\ndata:\n  mesh: |-\n" + text;
}

const std::string host = "host: db.shop.svc.cluster.local";

std::vector<std::string> ways(const std::string& documents, const Sender& client,
                              std::uint16_t port = 5432) {
    const Scene scene(documents);
    std::vector<std::string> all;
    for (const auto& way :
         analyzer::client_ways(scene.bundle.expectations, client,
                               scene.bundle.inventory.services().front(), Port{port})) {
        all.push_back(way.subset + ":" + std::string(to_string(way.tls.mode)));
    }
    return all;
}
using Ways = std::vector<std::string>;

std::string strict_in(const std::string& space) {
    return peer("all", space, "{mtls: {mode: STRICT}}");
}

const Finding& only(const analyzer::TlsAudit& audit) {
    REQUIRE(audit.findings.size() == 1);
    return audit.findings.front();
}

}  // namespace

TEST_CASE("what a subset says counts before its rule, and a port's settings inherit nothing",
          "[mtls]") {
    const std::string text =
        "{" + host +
        ", trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}, subsets: ["
        "{name: v1, labels: {version: v1}, trafficPolicy: {tls: {mode: DISABLE}, "
        "portLevelSettings: [{port: {number: 5432}, tls: {mode: SIMPLE}}, {port: {number: 6379}, "
        "loadBalancer: {simple: RANDOM}}]}}, {name: v2, labels: {version: v2}}]}";
    CHECK(ways(rule("r", "shop", text), {"shop", {}}) == Ways{":STRICT", "v1:TLS", "v2:STRICT"});
    CHECK(ways(rule("r", "shop", text), {"shop", {}}, 6379) ==
          Ways{":STRICT", "v1:UNSET", "v2:STRICT"});
    CHECK(ways(rule("r", "shop", text), {"shop", {}}, 80) ==
          Ways{":STRICT", "v1:DISABLE", "v2:STRICT"});
    const std::string bare = "{" + host +
                             ", trafficPolicy: {tls: {mode: DISABLE}, portLevelSettings: [{port: "
                             "{number: 5432}, loadBalancer: {simple: RANDOM}}]}}";
    CHECK(ways(rule("r", "shop", bare), {"shop", {}}) == Ways{":UNSET"});
    CHECK(ways(rule("r", "shop", bare), {"shop", {}}, 80) == Ways{":DISABLE"});
}

TEST_CASE("rules of one host are put together, oldest first", "[mtls]") {
    const std::string off = "{" + host + ", trafficPolicy: {tls: {mode: DISABLE}}, subsets: [" +
                            "{name: v1, labels: {v: a}}]}";
    const std::string simple = "{" + host + ", trafficPolicy: {tls: {mode: SIMPLE}}, subsets: [" +
                               "{name: v1, labels: {v: b}, trafficPolicy: {tls: {mode: MUTUAL}}}," +
                               "{name: v2, labels: {v: c}}]}";
    const std::string old = "2025-01-01T00:00:00Z";
    CHECK(ways(rule("b", "shop", off, old) + rule("a", "shop", simple), {"shop", {}}) ==
          Ways{":DISABLE", "v1:DISABLE", "v2:DISABLE"});
    CHECK(ways(rule("b", "shop", off) + rule("a", "shop", simple, old), {"shop", {}}) ==
          Ways{":TLS", "v1:STRICT", "v2:TLS"});
}

TEST_CASE("a rule holds where it is exported to, and for the clients it selects", "[mtls]") {
    const auto made = [](const std::string& more) {
        return rule("r", "shop",
                    "{" + host + ", trafficPolicy: {tls: {mode: DISABLE}}" + more + "}");
    };
    const Ways off{":DISABLE"};
    const Ways silent{":UNSET"};
    CHECK(ways(made(""), {"web", {}}) == off);
    CHECK(ways(made(", exportTo: [\".\"]"), {"web", {}}) == silent);
    CHECK(ways(made(", exportTo: [\".\"]"), {"shop", {}}) == off);
    CHECK(ways(made(", exportTo: [web]"), {"web", {}}) == off);
    CHECK(ways(made(", exportTo: [web]"), {"job", {}}) == silent);
    CHECK(ways(made(", exportTo: [web]"), {"shop", {}}) == silent);
    CHECK(ways(made(", exportTo: [\"*\"]"), {"job", {}}) == off);
    const std::string priv = mesh("    defaultDestinationRuleExportTo: [\".\"]\n");
    CHECK(ways(made("") + priv, {"web", {}}) == silent);
    CHECK(ways(made("") + priv, {"shop", {}}) == off);
    const std::string job = ", workloadSelector: {matchLabels: {app: job}}";
    CHECK(ways(made(job), {"shop", Labels{{"app", "job"}}}) == off);
    CHECK(ways(made(job), {"shop", Labels{{"app", "web"}}}) == silent);
    CHECK(ways(made(job), {"web", Labels{{"app", "job"}}}) == silent);
    // One for other clients hides wider ones all the same.
    const std::string wide =
        rule("w", "istio-system", "{" + host + ", trafficPolicy: {tls: {mode: SIMPLE}}}");
    CHECK(ways(wide, {"shop", {}}) == Ways{":TLS"});
    CHECK(ways(made(job) + wide, {"shop", Labels{{"app", "web"}}}) == silent);
}

TEST_CASE("a subset that sends less than its pods demand is found by its name", "[mtls]") {
    const auto found = [](const std::string& version) {
        const Scene scene(strict_in("shop") +
                          rule("db", "shop",
                               "{host: db, subsets: [{name: old, labels: {app: " + version +
                                   "}, trafficPolicy: {tls: {mode: DISABLE}}}]}"));
        return scene.audit();
    };
    CHECK(only(found("db")).code == "client-rule-weaker");
    CHECK(only(found("db")).subject == "DestinationRule shop/db for shop/db subset old");
    CHECK(found("other").findings.empty());
}

TEST_CASE("a host with a dot is a whole name", "[mtls]") {
    const Scene scene(strict_in("shop") +
                      rule("db", "shop", "{host: db.shop, trafficPolicy: {tls: {mode: DISABLE}}}"));
    CHECK(codes(scene.audit()) == Codes{"expectation-without-effect"});
}

TEST_CASE("traffic that does not do what every rule of its client says is found", "[mtls]") {
    const std::string mode = GENERATE("ISTIO_MUTUAL", "SIMPLE", "DISABLE");
    const std::string found = "client-rule-not-followed";
    Scene scene(rule("db", "shop", "{host: db, trafficPolicy: {tls: {mode: " + mode + "}}}"));
    scene.talk(seen(ClientCert::presented));
    CHECK(codes(scene.audit()).empty());
    scene.conversations.clear();
    scene.talk(seen(ClientCert::not_requested));
    CHECK(codes(scene.audit()) == (mode == "ISTIO_MUTUAL" ? Codes{found} : Codes{}));
    scene.conversations.clear();
    scene.talk();
    CHECK(codes(scene.audit()) == (mode == "DISABLE" ? Codes{} : Codes{found}));
    // A subset that the pod is of may be where it went.
    Scene other(rule("db", "shop",
                     "{host: db, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}, subsets: [{name: s, "
                     "labels: {app: db}, trafficPolicy: {tls: {mode: DISABLE}}}]}"));
    other.talk();
    CHECK(codes(other.audit()).empty());
}

TEST_CASE("MeshConfig turns auto mutual TLS off for clients that no rule speaks of", "[mtls]") {
    const std::string off = mesh("    enableAutoMtls: false\n");
    CHECK(ways(off, {"shop", {}}) == Ways{":DISABLE"});
    CHECK(ways(mesh("    enableAutoMtls: true\n"), {"shop", {}}) == Ways{":UNSET"});
    const std::string mutual =
        rule("db", "shop", "{host: db, trafficPolicy: {tls: {mode: MUTUAL}}}");
    CHECK(ways(off + mutual, {"shop", {}}) == Ways{":STRICT"});
    const Scene scene(off + strict_in("shop"));
    const auto audit = scene.audit();
    CHECK(only(audit).code == "client-rule-weaker");
    CHECK(only(audit).location->line == 25);
    CHECK(only(audit).location->column == 21);
    CHECK(Scene(off + mutual + strict_in("shop")).audit().findings.empty());
}

TEST_CASE("MeshConfig says which namespace is the mesh's root", "[mtls]") {
    CHECK(Scene(strict_in("istio-system")).mode() == TlsMode::strict);
    CHECK(Scene(strict_in("mesh-root")).mode() == TlsMode::permissive);
    const std::string moved = mesh("    rootNamespace: mesh-root\n");
    CHECK(Scene(moved + strict_in("mesh-root")).mode() == TlsMode::strict);
    CHECK(Scene(moved + strict_in("istio-system")).mode() == TlsMode::permissive);
}

TEST_CASE("MeshConfig is read from an operator and from the values of a chart, too", "[mtls]") {
    const std::string text = GENERATE(
        "\n---\napiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: i, "
        "namespace: istio-system}\nspec: {meshConfig: {rootNamespace: mesh-root}}\n",
        "\n---\napiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: i, "
        "namespace: istio-system}\nspec: {values: {global: {istioNamespace: mesh-root}}}\n",
        "\n---\napiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: i, "
        "namespace: istio-system}\nspec: {values: {meshConfig: {rootNamespace: mesh-root}}}\n",
        "\n---\nmeshConfig: {rootNamespace: mesh-root}\n",
        "\n---\nmeshConfig: {enableAutoMtls: true}\nglobal: {istioNamespace: mesh-root}\n",
        "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: mesh-root}\n"
        "data: {mesh: \"enableAutoMtls: true\\ntrustDomain: x.example\"}\n",
        "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: x}\n"
        "data: {mesh: '{\"rootNamespace\": \"mesh-root\"}'}\n");
    INFO(text);
    CHECK(Scene(text + strict_in("mesh-root")).mode() == TlsMode::strict);
}

TEST_CASE("the trust domain of MeshConfig and its aliases are the mesh's own", "[mtls]") {
    const std::string config =
        mesh("    trustDomain: shop.example\n    trustDomainAliases: [old.example]\n");
    const auto found = [&](const std::string& identity, const std::string& documents) {
        Scene scene(documents);
        TlsSeen tls = seen(ClientCert::presented);
        tls.alpn_offered = {"istio"};
        tls.client_identity = {identity};
        scene.talk(tls);
        return codes(scene.audit());
    };
    const std::string path = "/ns/shop/sa/web";
    CHECK(found("spiffe://shop.example" + path, config).empty());
    CHECK(found("spiffe://old.example" + path, config).empty());
    CHECK(found("spiffe://evil.example" + path, config) == Codes{"identity-not-accepted"});
    CHECK(found("spiffe://evil.example" + path, "").empty());
    const std::string policy =
        "\n---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p, "
        "namespace: shop}\nspec: {rules: [{from: [{source: {principals: "
        "[\"cluster.local/ns/shop/sa/web\"]}}]}]}\n";
    CHECK(found("spiffe://shop.example" + path, config + policy).empty());
    CHECK(found("spiffe://old.example" + path, config + policy).empty());
    CHECK(found("spiffe://shop.example/ns/shop/sa/job", config + policy) ==
          Codes{"identity-not-accepted"});
    CHECK(found("spiffe://shop.example" + path, policy) == Codes{"identity-not-accepted"});
}

TEST_CASE("the least version of MeshConfig holds inside the mesh", "[mtls]") {
    Scene scene(mesh("    meshMTLS: {minProtocolVersion: TLSV1_3}\n"));
    TlsSeen tls = seen(ClientCert::presented);
    tls.version = 0x0303;
    scene.talk(tls);
    CHECK(codes(scene.audit()).empty());  // not the mesh's
    tls.alpn_offered = {"istio"};
    scene.conversations.clear();
    scene.talk(tls);
    CHECK(codes(scene.audit()) == Codes{"weaker-than-expected"});
    tls.version = 0x0304;
    scene.conversations.clear();
    scene.talk(tls);
    CHECK(codes(scene.audit()).empty());
}
