// SPDX-License-Identifier: Apache-2.0
// What Linkerd and Consul declare, and several meshes at once, held against what was seen.
#include "analyzer/mesh_marks.h"
#include "analyzer/tls_explain.h"
#include "tests/analyzer/tls_scene.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;

namespace {

std::string linkerd(const std::string& kind, const std::string& name, const std::string& spec) {
    return "\n---\napiVersion: policy.linkerd.io/v1\nkind: " + kind + "\nmetadata: {name: " + name +
           ", namespace: shop}\nspec: " + spec + "\n";
}

std::string server(const std::string& access = "deny") {
    return linkerd(
        "Server", "db",
        "{podSelector: {matchLabels: {app: db}}, port: 5432, accessPolicy: " + access + "}");
}

std::string let_in(const std::string& client) {
    return server() +
           linkerd("ServerAuthorization", "web", "{server: {name: db}, client: " + client + "}");
}

std::string intentions(const std::string& mode) {
    return "\n---\napiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceIntentions\n"
           "metadata: {name: db, namespace: shop}\n"
           "spec: {destination: {name: db}, sources: [{name: '*', action: allow}]}\n"
           "---\napiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceDefaults\n"
           "metadata: {name: db, namespace: shop}\nspec: {mutualTLSMode: " +
           mode + "}\n";
}

TlsMode mode_of(const std::string& documents, const std::string& client = "10.0.0.1") {
    const Scene scene(documents);
    const Inventory& inventory = scene.bundle.inventory;
    return mesh_tls(scene.bundle.expectations, inventory,
                    inventory.endpoints()[scene.endpoint("db-0")], Port{5432},
                    IpAddress::parse(client).value())
        .mode;
}

}  // namespace

TEST_CASE("the traffic of a mesh is known by ALPN, name, port or tunnel", "[mtls]") {
    struct Row {
        std::string mesh, evidence, alpn, sni;
        std::uint16_t port;
        ClientCert client_cert;
    };
    const ClientCert presented = ClientCert::presented;
    const std::string name = "db.shop.serviceaccount.identity.linkerd.cluster.local";
    const std::string consul = "db.default.dc1.internal.11111111-2222.consul";
    const auto row = GENERATE_COPY(values<Row>({
        {"Istio", "ALPN istio", "istio", "", 8080, presented},
        {"Istio", "ALPN istio-peer-exchange", "istio-peer-exchange", "", 8080, presented},
        {"Istio", "SNI outbound_.80_._.db", "h2", "outbound_.80_._.db", 8080, presented},
        {"Istio ambient", "HBONE: TCP 15008, ALPN h2, no SNI", "h2", "", 15008, presented},
        {"", "", "h2", "a.b", 15008, presented},
        {"Linkerd", "ALPN transport.l5d.io/v1", "transport.l5d.io/v1", name, 4143, presented},
        {"Linkerd", "SNI " + name, "", name, 5432, presented},
        {"Linkerd", "TCP 4143", "", "", 4143, presented},
        {"Consul", "SNI " + consul, "", consul, 21000, presented},
        {"Consul", "TCP 20000", "", "", 20000, presented},
        {"", "", "", "", 20000, ClientCert::not_requested},
        {"Cilium", "TCP 4250: mutual authentication of nodes", "", "", 4250, presented},
        {"", "", "http/1.1", "shop.example", 443, ClientCert::not_requested},
    }));
    INFO(row.evidence);
    Conversation conversation;
    conversation.server.socket.port = Port{row.port};
    conversation.tls = seen(row.client_cert);
    conversation.tls->sni = row.sni;
    if (!row.alpn.empty()) conversation.tls->alpn_offered = {row.alpn};
    CHECK(mesh_of(conversation).mesh == row.mesh);
    CHECK(mesh_of(conversation).evidence == row.evidence);
}

TEST_CASE("encryption between nodes is known by its tunnel", "[mtls]") {
    const auto [kind, port, mesh, evidence] =
        GENERATE(table<TunnelKind, std::uint16_t, std::string, std::string>({
            {TunnelKind::wireguard, 51871, "Cilium", "WireGuard on UDP 51871"},
            {TunnelKind::wireguard, 51820, "WireGuard", "WireGuard on UDP 51820"},
            {TunnelKind::esp, 0, "IPsec", "ESP"},
            {TunnelKind::vxlan, 8472, "", ""},
        }));
    Conversation conversation;
    conversation.server.socket.port = Port{port};
    conversation.vantages.emplace_back();
    conversation.vantages.back().tunnel = TunnelSeen{.kind = kind};
    CHECK(mesh_of(conversation).mesh == mesh);
    CHECK(mesh_of(conversation).evidence == evidence);
}

TEST_CASE("what Linkerd asks of a client is what the easiest way in asks", "[mtls]") {
    CHECK(mode_of(let_in("{meshTLS: {identities: ['*']}}")) == TlsMode::strict);
    CHECK(mode_of(let_in("{meshTLS: {unauthenticatedTLS: true}}")) == TlsMode::one_way);
    CHECK(mode_of(let_in("{unauthenticated: true}")) == TlsMode::permissive);
    CHECK(mode_of(server()) == TlsMode::unset);
    CHECK(mode_of(server("all-authenticated")) == TlsMode::strict);
    CHECK(mode_of(server("cluster-unauthenticated")) == TlsMode::permissive);
    CHECK(mode_of(server("cluster-unauthenticated"), "192.0.2.1") == TlsMode::unset);
    const std::string near = "{networks: [{cidr: 10.0.0.0/30}], unauthenticated: true}";
    const std::string both =
        let_in(near) + linkerd("ServerAuthorization", "any",
                               "{server: {name: db}, client: {meshTLS: {identities: ['*']}}}");
    CHECK(mode_of(both) == TlsMode::permissive);
    CHECK(mode_of(both, "10.0.0.9") == TlsMode::strict);
}

TEST_CASE("a port that no Server has goes by the pod's annotations", "[mtls]") {
    const auto mode = [](const std::string& annotation, const std::string& more = "") {
        std::string text = pods;
        text.replace(text.find("labels: {app: db}"), 17,
                     "labels: {app: db}, annotations: {linkerd.io/inject: enabled, "
                     "config.linkerd.io/" +
                         annotation + "}");
        Diagnostics diagnostics;
        const auto bundle = ingest::load_texts({{"mesh.yaml", text + more}}, diagnostics);
        for (const Endpoint& each : bundle.inventory.endpoints()) {
            if (each.name != "db-0") continue;
            return mesh_tls(bundle.expectations, bundle.inventory, each, Port{5432}).mode;
        }
        return TlsMode::unset;
    };
    CHECK(mode("default-inbound-policy: all-authenticated") == TlsMode::strict);
    CHECK(mode("default-inbound-policy: all-unauthenticated") == TlsMode::permissive);
    CHECK(mode("default-inbound-policy: deny") == TlsMode::unset);
    CHECK(mode("proxy-require-identity-inbound-ports: '5432'") == TlsMode::strict);
    CHECK(mode("skip-inbound-ports: '5432'") == TlsMode::permissive);
    const std::string strict = server("all-authenticated");
    CHECK(mode("default-inbound-policy: all-unauthenticated", strict) == TlsMode::strict);
    CHECK(mode("skip-inbound-ports: '5000-6000'", strict) == TlsMode::permissive);
}

TEST_CASE("plaintext and one-way TLS are held against Linkerd and Consul", "[mtls]") {
    const bool consul = GENERATE(true, false);
    Scene scene(consul ? intentions("strict") : server("all-authenticated"));
    SECTION("plaintext") {
        scene.talk();
        const auto audit = scene.audit();
        REQUIRE(codes(audit) == std::vector<std::string>{"plaintext-where-strict"});
        CHECK(audit.findings[0].message.find(consul ? "ServiceIntentions shop/db"
                                                    : "Server shop/db") != std::string::npos);
        CHECK(audit.findings[0].location->file == "mesh.yaml");
    }
    SECTION("one-way") {
        scene.talk(seen(ClientCert::not_requested));
        CHECK(codes(scene.audit()) == std::vector<std::string>{"one-way-where-mutual"});
    }
    SECTION("mutual") {
        scene.talk(seen(ClientCert::presented));
        CHECK(codes(scene.audit()).empty());
    }
}

TEST_CASE("what is let in permissively names the change in its mesh's own words", "[mtls]") {
    struct Case {
        std::string documents;
        std::string words;
    };
    const auto [documents, words] =
        GENERATE(Case{server("all-unauthenticated"), "accessPolicy: all-authenticated"},
                 Case{intentions("permissive"), "mutualTLSMode: strict"});
    Scene scene(documents);
    scene.talk(seen(ClientCert::presented));
    const auto audit = scene.audit();
    REQUIRE(codes(audit) == std::vector<std::string>{"safe-to-make-strict"});
    CHECK(audit.findings[0].evidence.back().find(words) != std::string::npos);
}

TEST_CASE("an identity that Linkerd does not let in is found where it can be read", "[mtls]") {
    Scene scene(let_in("{meshTLS: {serviceAccounts: [{name: web}]}}"));
    TlsSeen tls = seen(ClientCert::presented);
    const std::string account = GENERATE("web", "job");
    tls.client_identity = {account + ".shop.serviceaccount.identity.linkerd.cluster.local"};
    scene.talk(tls);
    CHECK(codes(scene.audit()) == (account == "web"
                                       ? std::vector<std::string>{}
                                       : std::vector<std::string>{"identity-not-accepted"}));
}

TEST_CASE("an identity that no AuthorizationPolicy names is found where it can be read", "[mtls]") {
    const auto policy = [](const std::string& name, const std::string& rules) {
        return "\n---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: "
               "{name: " +
               name +
               ", namespace: shop}\nspec: {selector: {matchLabels: {app: db}}, rules: " + rules +
               "}\n";
    };
    const auto source = [](const std::string& fields) {
        return "[{from: [{source: {" + fields + "}}]}]";
    };
    const auto found = [](const std::string& documents, const std::string& identity) {
        Scene scene(documents);
        TlsSeen tls = seen(ClientCert::presented);
        tls.client_identity = {identity};
        scene.talk(tls);
        return codes(scene.audit()) == std::vector<std::string>{"identity-not-accepted"};
    };
    const std::string web = "spiffe://cluster.local/ns/shop/sa/web";
    const std::string job = "spiffe://cluster.local/ns/ops/sa/job";
    const auto [rules, web_may, job_may] = GENERATE_COPY(table<std::string, bool, bool>({
        {source("principals: [cluster.local/ns/shop/sa/web]"), true, false},
        {source("principals: [\"*/sa/job\"]"), false, true},
        {source("principals: [\"cluster.local/ns/shop/*\"]"), true, false},
        {source("principals: [\"*\"]"), true, true},
        {source("serviceAccounts: [web]"), true, false},
        {source("serviceAccounts: [ops/job, shop/other]"), false, true},
        {source("namespaces: [ops]"), false, true},
        {source("ipBlocks: [10.0.0.0/8]"), true, true},
        {source("notPrincipals: [cluster.local/ns/ops/sa/job]"), true, true},
        {"[{}]", true, true},
        {"[{from: [{source: {principals: [x/ns/a/sa/b]}}], to: [{operation: {ports: "
         "[\"5432\"]}}]}]",
         false, false},
        {"[{from: [{source: {principals: [x/ns/a/sa/b]}}], to: [{operation: {ports: [\"80\"]}}]}]",
         true, true},
    }));
    INFO(rules);
    CHECK(found(policy("a", rules), web) == !web_may);
    CHECK(found(policy("a", rules), job) == !job_may);
    // What one does not accept another may.
    const std::string other = policy("b", source("serviceAccounts: [web]"));
    CHECK_FALSE(found(policy("a", rules) + other, web));
    CHECK_FALSE(found(policy("a", "[{}]") + policy("b", rules), job));
}

TEST_CASE("where meshes are mixed the strictest counts", "[mtls]") {
    const std::string permissive = peer("all", "shop", "{mtls: {mode: PERMISSIVE}}");
    CHECK(mode_of(permissive + server("all-authenticated")) == TlsMode::strict);
    CHECK(mode_of(permissive + intentions("strict")) == TlsMode::strict);
    CHECK(mode_of(peer("all", "shop", "{mtls: {mode: STRICT}}") + server("all-unauthenticated")) ==
          TlsMode::strict);
}

TEST_CASE("how a port is to be protected is explained by whom and where", "[mtls]") {
    const Scene scene(peer("all", "shop", "{mtls: {mode: PERMISSIVE}}") +
                      server("all-authenticated") +
                      expectation("{to: {workload: db-0}, mtls: tls}") +
                      "\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
                      "metadata: {name: db, namespace: shop}\n"
                      "spec: {host: db, trafficPolicy: {tls: {mode: SIMPLE}}}\n");
    World world;
    world.inventory = scene.bundle.inventory;
    world.expectations = scene.bundle.expectations;
    const auto all = explain_tls(world, Who::of_endpoint(scene.endpoint("web-0")),
                                 Who::of_endpoint(scene.endpoint("db-0")), std::nullopt);
    REQUIRE(all.size() == 1);
    CHECK(all[0].subject == "shop/db-0[Pod] TCP 5432");
    CHECK(all[0].demanded.mode == TlsMode::strict);
    REQUIRE(all[0].demanded.steps.size() == 4);
    CHECK(all[0].demanded.steps[0] == "default: PERMISSIVE");
    CHECK(all[0].demanded.steps[1].starts_with("namespace: PERMISSIVE by PeerAuthentication"));
    CHECK(all[0].demanded.steps[2].starts_with("Linkerd: STRICT by Server shop/db (mesh.yaml:"));
    CHECK(all[0].demanded.steps[3].starts_with("expected: TLS by TrafficExpectation shop/e"));
    REQUIRE(all[0].client.size() == 1);
    CHECK(all[0].client[0].service == "shop/db");
    CHECK(all[0].client[0].tls.mode == TlsMode::one_way);
}
