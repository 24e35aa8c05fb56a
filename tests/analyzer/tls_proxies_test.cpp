// SPDX-License-Identifier: Apache-2.0
// What passes proxies by, what Sidecars know, and what Gateways take.
#include "analyzer/tls_proxies.h"

#include "analyzer/tls_client_rules.h"
#include "analyzer/tls_explain.h"
#include "tests/analyzer/tls_scene.h"

using namespace nspect;
using namespace nspect::test;
using analyzer::Who;
using analyzer::World;

namespace {

std::string object(const std::string& kind, const std::string& name, const std::string& spec,
                   const std::string& space = "shop") {
    return "\n---\napiVersion: networking.istio.io/v1\nkind: " + kind +
           "\nmetadata: {name: " + name + ", namespace: " + space + "}\nspec: " + spec + "\n";
}

/// A pod with annotations at 10.0.0.3, beside web and db.
std::string pod(const std::string& annotations) {
    return "\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: job-0, namespace: shop, labels: "
           "{app: job}, annotations: {" +
           annotations +
           "}}\nspec: {containers: [{name: c, image: i, ports: [{containerPort: 5432}]}]}\n"
           "status: {podIP: 10.0.0.3}\n";
}

std::string mesh(const std::string& text) {
    return "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: "
           "istio-system}\ndata:\n  mesh: |-\n    " +
           text + "\n";
}

const std::string strict = peer("all", "shop", "{mtls: {mode: STRICT}}");
const std::string permissive = peer("all", "shop", "{mtls: {mode: PERMISSIVE}}");

bool passes_by(const std::string& annotations, const std::string& address, std::uint16_t port) {
    const Scene scene(pod(annotations));
    const Inventory& inventory = scene.bundle.inventory;
    return analyzer::past_client_proxy(inventory, inventory.endpoints()[scene.endpoint("job-0")],
                                       {IpAddress::parse(address).value(), Port{port}})
        .has_value();
}

bool passes_by_in(const std::string& annotations, std::uint16_t port) {
    const Scene scene(pod(annotations));
    const Inventory& inventory = scene.bundle.inventory;
    return analyzer::past_server_proxy(inventory, inventory.endpoints()[scene.endpoint("job-0")],
                                       Port{port})
        .has_value();
}

/// The conversation of web with db, said by job.
Conversation& talk_of_job(Scene& scene, std::optional<TlsSeen> tls = std::nullopt) {
    Conversation& made = scene.talk(std::move(tls));
    made.client.endpoint = scene.endpoint("job-0");
    made.client.socket.ip = IpAddress::parse("10.0.0.3").value();
    return made;
}

const Finding* find(const analyzer::TlsAudit& audit, const std::string& code) {
    for (const Finding& each : audit.findings) {
        if (each.code == code) return &each;
    }
    return nullptr;
}

bool has_evidence(const Finding& finding, const std::string& text) {
    return std::any_of(finding.evidence.begin(), finding.evidence.end(),
                       [&](const auto& each) { return each.find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("annotations say which outbound connections pass the proxy by", "[mtls]") {
    const std::string istio = "traffic.sidecar.istio.io/";
    const std::string db = "10.0.0.2";
    CHECK_FALSE(passes_by("", db, 5432));
    CHECK(passes_by(istio + "excludeOutboundPorts: \"25, 5432\"", db, 5432));
    CHECK_FALSE(passes_by(istio + "excludeOutboundPorts: \"25\"", db, 5432));
    CHECK(passes_by(istio + "excludeOutboundIPRanges: \"10.0.0.0/30\"", db, 5432));
    CHECK_FALSE(passes_by(istio + "excludeOutboundIPRanges: \"10.1.0.0/16\"", db, 5432));
    CHECK(passes_by(istio + "includeOutboundIPRanges: \"10.1.0.0/16\"", db, 5432));
    CHECK(passes_by(istio + "includeOutboundIPRanges: \"\"", db, 5432));
    CHECK_FALSE(passes_by(istio + "includeOutboundIPRanges: \"*\"", db, 5432));
    const std::string none = istio + "includeOutboundIPRanges: \"\", ";
    CHECK_FALSE(passes_by(none + istio + "includeOutboundPorts: \"5432\"", db, 5432));
    CHECK(passes_by(none + istio + "includeOutboundPorts: \"80\"", db, 5432));
    CHECK(passes_by(
        istio + "includeOutboundPorts: \"5432\", " + istio + "excludeOutboundPorts: \"5432\"", db,
        5432));
    CHECK(passes_by("sidecar.istio.io/inject: \"false\"", db, 5432));
    CHECK_FALSE(passes_by("sidecar.istio.io/inject: \"true\"", db, 5432));
    CHECK(passes_by("config.linkerd.io/skip-outbound-ports: \"5000-6000\"", db, 5432));
    CHECK_FALSE(passes_by("config.linkerd.io/skip-outbound-ports: \"80\"", db, 5432));
    CHECK(passes_by("linkerd.io/inject: disabled", db, 5432));
}

TEST_CASE("annotations say which inbound ports pass the proxy by", "[mtls]") {
    const std::string istio = "traffic.sidecar.istio.io/";
    CHECK_FALSE(passes_by_in("", 5432));
    CHECK(passes_by_in(istio + "excludeInboundPorts: \"5432\"", 5432));
    CHECK(passes_by_in(istio + "includeInboundPorts: \"80\"", 5432));
    CHECK(passes_by_in(istio + "includeInboundPorts: \"\"", 5432));
    CHECK_FALSE(passes_by_in(istio + "includeInboundPorts: \"*\"", 5432));
    CHECK(passes_by_in("config.linkerd.io/skip-inbound-ports: \"5432\"", 5432));
    CHECK(passes_by_in("sidecar.istio.io/inject: \"false\"", 5432));
}

TEST_CASE("findings name the annotation that keeps traffic from its client's proxy", "[mtls]") {
    const std::string away = pod("traffic.sidecar.istio.io/excludeOutboundPorts: \"5432\"");
    Scene scene(strict + away);
    CHECK(codes(scene.audit()) == Codes{"client-past-proxy"});
    CHECK(find(scene.audit(), "client-past-proxy")->subject ==
          "shop/job-0[Pod] for shop/db TCP 5432");
    talk_of_job(scene);
    const auto audit = scene.audit();
    CHECK(codes(audit) == Codes{"client-past-proxy", "plaintext-where-strict"});
    CHECK(has_evidence(*find(audit, "plaintext-where-strict"), "excludeOutboundPorts 5432"));
    // Who must migrate is told with the reason.
    Scene mild(permissive + away);
    talk_of_job(mild);
    CHECK(has_evidence(*find(mild.audit(), "must-migrate-before-strict"),
                       "; excludeOutboundPorts 5432 of shop/job-0"));
    // Nobody kept it away: nothing is said.
    Scene plain(strict + pod(""));
    talk_of_job(plain);
    CHECK(codes(plain.audit()) == Codes{"plaintext-where-strict"});
    CHECK_FALSE(has_evidence(plain.audit().findings[0], "past the"));
}

TEST_CASE("a STRICT port of a pod without a proxy has no effect", "[mtls]") {
    CHECK(codes(Scene(strict + pod("sidecar.istio.io/inject: \"false\"")).audit()) ==
          Codes{"expectation-without-effect"});
    CHECK(codes(Scene(strict + pod("sidecar.istio.io/inject: \"true\"")).audit()).empty());
}

TEST_CASE("explain says what passes a proxy by", "[mtls]") {
    Scene scene(strict + pod("traffic.sidecar.istio.io/excludeOutboundPorts: \"5432\""));
    World world;
    world.inventory = scene.bundle.inventory;
    world.expectations = scene.bundle.expectations;
    const auto all = analyzer::explain_tls(world, Who::of_endpoint(scene.endpoint("job-0")),
                                           Who::of_endpoint(scene.endpoint("db-0")),
                                           TrafficPoint{Protocol::tcp, Port{5432}});
    REQUIRE(all.size() == 1);
    REQUIRE(all[0].past.size() == 1);
    CHECK(all[0].past[0].starts_with("not through the client's proxy: excludeOutboundPorts 5432"));
}

TEST_CASE("what a Sidecar does not know goes as the application sends it", "[mtls]") {
    const auto found = [](const std::string& hosts, const std::string& more = "") {
        Scene scene(
            object("Sidecar", "default", "{egress: [{hosts: [" + hosts + "]}]" + more + "}"));
        scene.talk();
        return codes(scene.audit());
    };
    const Codes outside{"outbound-not-registered"};
    CHECK(found("\"./*\"").empty());
    CHECK(found("\"*/*\"").empty());
    CHECK(found("\"shop/db.shop.svc.cluster.local\"").empty());
    CHECK(found("\"shop/*.shop.svc.cluster.local\"").empty());
    CHECK(found("\"istio-system/*\"") == outside);
    CHECK(found("\"shop/web.shop.svc.cluster.local\"") == outside);
    CHECK(found("\"~/*\"") == outside);
    // The pod's own Sidecar counts before that of the namespace, that before the mesh's.
    const std::string all = "{egress: [{hosts: [\"*/*\"]}]}";
    const std::string none = "{egress: [{hosts: [\"~/*\"]}]}";
    const auto with = [](const std::string& documents) {
        Scene scene(documents);
        scene.talk();
        return codes(scene.audit());
    };
    const auto own = [](const std::string& egress, const std::string& app) {
        return object("Sidecar", "own",
                      "{workloadSelector: {labels: {app: " + app + "}}, " + egress.substr(1));
    };
    CHECK(with(object("Sidecar", "s", none, "istio-system")) == outside);
    CHECK(with(object("Sidecar", "s", none, "istio-system") + object("Sidecar", "s", all)).empty());
    CHECK(with(object("Sidecar", "s", none) + own(all, "web")).empty());
    CHECK(with(object("Sidecar", "s", all) + own(none, "web")) == outside);
    CHECK(with(object("Sidecar", "s", all) + own(none, "db")).empty());
}

TEST_CASE("where only the registry may be reached, other addresses are found", "[mtls]") {
    const auto found = [](const std::string& documents) {
        Scene scene(documents);
        Conversation& outside = scene.talk(seen(ClientCert::not_requested));
        outside.server.endpoint.reset();
        outside.server.socket = {IpAddress::parse("203.0.113.7").value(), Port{443}};
        outside.server.name = "api.pay.example";
        return codes(scene.audit());
    };
    const Codes unknown{"outbound-not-registered"};
    const std::string only = mesh("outboundTrafficPolicy: {mode: REGISTRY_ONLY}");
    CHECK(found("").empty());
    CHECK(found(mesh("outboundTrafficPolicy: {mode: ALLOW_ANY}")).empty());
    CHECK(found(only) == unknown);
    const auto entry = [](const std::string& spec) { return object("ServiceEntry", "pay", spec); };
    CHECK(found(only + entry("{hosts: [api.pay.example]}")).empty());
    CHECK(found(only + entry("{hosts: [\"*.pay.example\"], ports: [{number: 443}]}")).empty());
    CHECK(found(only + entry("{hosts: [\"*.pay.example\"], ports: [{number: 80}]}")) == unknown);
    CHECK(found(only + entry("{hosts: [x], addresses: [203.0.113.0/24]}")).empty());
    CHECK(found(only + entry("{hosts: [x], addresses: [203.0.114.0/24]}")) == unknown);
    // A Sidecar says otherwise for its pods.
    CHECK(
        found(only + object("Sidecar", "s", "{outboundTrafficPolicy: {mode: ALLOW_ANY}}")).empty());
    CHECK(found(object("Sidecar", "s", "{outboundTrafficPolicy: {mode: REGISTRY_ONLY}}")) ==
          unknown);
}

TEST_CASE("calls to whom no ServiceEntry names are counted, whatever else is called", "[mtls]") {
    Scene scene(mesh("outboundTrafficPolicy: {mode: REGISTRY_ONLY}") +
                object("ServiceEntry", "pay", "{hosts: [api.pay.example]}"));
    for (const char* name : {"evil.example", "api.pay.example", "evil.example", "", ""}) {
        Conversation& outside = scene.talk();
        outside.server.endpoint.reset();
        outside.server.socket = {IpAddress::parse("203.0.113.7").value(), Port{443}};
        outside.server.name = name;
    }
    scene.conversations.back().outcome = Outcome::refused;
    const auto audit = scene.audit();
    REQUIRE(codes(audit) == Codes{"outbound-not-registered"});
    CHECK(audit.findings[0].evidence.at(0) == "3 conversations");
}

TEST_CASE("a Sidecar's listener has TLS of its own where PeerAuthentication says DISABLE",
          "[mtls]") {
    const auto mode = [](const std::string& peers, const std::string& word) {
        return Scene(peers + object("Sidecar", "s",
                                    "{ingress: [{port: {number: 5432, protocol: HTTPS, name: h}, "
                                    "defaultEndpoint: \"127.0.0.1:80\", tls: {mode: " +
                                        word + "}}]}"))
            .mode();
    };
    const std::string off = peer("none", "shop", "{mtls: {mode: DISABLE}}");
    CHECK(mode(off, "SIMPLE") == TlsMode::one_way);
    CHECK(mode(off, "MUTUAL") == TlsMode::strict);
    CHECK(mode(strict, "SIMPLE") == TlsMode::strict);
    CHECK(mode(permissive, "MUTUAL") == TlsMode::permissive);
}

TEST_CASE("a Gateway says what its pods take, whatever PeerAuthentication says", "[mtls]") {
    const auto mode = [](const std::string& server, const std::string& selector = "{app: db}") {
        return Scene(permissive + object("Gateway", "g",
                                         "{selector: " + selector + ", servers: [" + server + "]}"))
            .mode();
    };
    const auto server = [](const std::string& word, const std::string& port = "5432") {
        return "{port: {number: " + port +
               ", name: s, protocol: TLS}, hosts: [a.example], tls: "
               "{credentialName: c, mode: " +
               word + "}}";
    };
    CHECK(mode(server("SIMPLE")) == TlsMode::one_way);
    CHECK(mode(server("OPTIONAL_MUTUAL")) == TlsMode::one_way);
    CHECK(mode(server("MUTUAL")) == TlsMode::strict);
    CHECK(mode(server("ISTIO_MUTUAL")) == TlsMode::strict);
    CHECK(mode(server("PASSTHROUGH")) == TlsMode::one_way);
    CHECK(mode(server("AUTO_PASSTHROUGH")) == TlsMode::strict);
    CHECK(mode(server("MUTUAL") + ", " + server("SIMPLE")) == TlsMode::one_way);
    CHECK(mode("{port: {number: 5432, name: s, protocol: HTTP}, hosts: [a]}") == TlsMode::disable);
    CHECK(mode(server("MUTUAL", "80")) == TlsMode::permissive);
    CHECK(mode(server("MUTUAL"), "{app: web}") == TlsMode::permissive);
    // The port is the Service's, where there is one.
    const std::string service =
        "\n---\napiVersion: v1\nkind: Service\nmetadata: {name: front, namespace: shop}\n"
        "spec: {selector: {app: db}, ports: [{port: 443, targetPort: 5432}]}\n";
    CHECK(
        Scene(service + object("Gateway", "g",
                               "{selector: {app: db}, servers: [" + server("MUTUAL", "443") + "]}"))
            .mode() == TlsMode::strict);
}

TEST_CASE("a Gateway's server is held against traffic by the name that was asked for", "[mtls]") {
    const auto server = [](const std::string& host, const std::string& tls) {
        return "{port: {number: 5432, name: s, protocol: HTTPS}, hosts: [\"" + host +
               "\"], tls: {credentialName: c, " + tls + "}}";
    };
    const std::string two = object(
        "Gateway", "g",
        "{selector: {app: db}, servers: [" + server("*.shop.example", "mode: SIMPLE") + ", " +
            server("shop/pay.shop.example", "mode: MUTUAL, minProtocolVersion: TLSV1_3") + "]}");
    const auto found = [&](const std::string& sni, ClientCert cert, std::uint16_t version) {
        Scene scene(two);
        TlsSeen tls = seen(cert);
        tls.sni = sni;
        tls.version = version;
        scene.talk(tls);
        return codes(scene.audit());
    };
    CHECK(found("www.shop.example", ClientCert::not_requested, 0x0303).empty());
    CHECK(found("pay.shop.example", ClientCert::presented, 0x0304).empty());
    CHECK(found("pay.shop.example", ClientCert::not_requested, 0x0304) ==
          Codes{"one-way-where-mutual"});
    CHECK(found("pay.shop.example", ClientCert::presented, 0x0303) ==
          Codes{"weaker-than-expected"});
    Scene plain(two);
    plain.talk();
    CHECK(codes(plain.audit()) == Codes{"plaintext-where-strict"});
    // What MeshConfig says holds where the server says nothing.
    Scene old(two + mesh("tlsDefaults: {minProtocolVersion: TLSV1_3}"));
    TlsSeen tls = seen(ClientCert::not_requested);
    tls.sni = "www.shop.example";
    tls.version = 0x0303;
    old.talk(tls);
    CHECK(codes(old.audit()) == Codes{"weaker-than-expected"});
}
