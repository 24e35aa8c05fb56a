// SPDX-License-Identifier: Apache-2.0
#include "analyzer/tls_findings.h"

#include <catch2/catch.hpp>

#include "analyzer/mesh_marks.h"
#include "analyzer/tls_client.h"
#include "analyzer/tls_expected.h"
#include "tests/analyzer/tls_scene.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;
using namespace std::chrono_literals;

namespace {

const std::string strict_db =
    peer("db", "shop", "{selector: {matchLabels: {app: db}}, mtls: {mode: STRICT}}");

}  // namespace

TEST_CASE("the narrowest PeerAuthentication that says something counts", "[mtls]") {
    const std::string mesh = peer("mesh", "istio-system", "{mtls: {mode: STRICT}}");
    const std::string space = peer("space", "shop", "{mtls: {mode: DISABLE}}");
    const std::string unset = "{selector: {matchLabels: {app: db}}, mtls: {mode: UNSET}";
    CHECK(Scene("").mode() == TlsMode::unset);
    CHECK(Scene(peer("other", "other", "{mtls: {mode: STRICT}}")).mode() == TlsMode::permissive);
    CHECK(Scene(mesh).mode() == TlsMode::strict);
    CHECK(Scene(mesh + space).mode() == TlsMode::disable);
    CHECK(Scene(mesh + space + strict_db).mode() == TlsMode::strict);
    CHECK(Scene(mesh + peer("db", "shop", unset + "}")).mode() == TlsMode::strict);
    const Scene ports(
        mesh + peer("db", "shop",
                    unset + ", portLevelMtls: {\"5432\": {mode: DISABLE}, 80: {mode: UNSET}}}"));
    CHECK(ports.mode(5432) == TlsMode::disable);
    CHECK(ports.mode(80) == TlsMode::strict);
    CHECK(ports.mode(81) == TlsMode::strict);
}

TEST_CASE("conversations that are alike are counted together, in whatever order they come",
          "[mtls]") {
    Scene scene(strict_db);
    for (const auto first : {5s, 3s, 9s}) scene.talk().first = at(first);
    scene.talk(seen(ClientCert::presented)).first = at(1s);
    scene.talk(seen(ClientCert::not_requested)).first = at(2s);
    const auto audit = scene.audit();
    REQUIRE(codes(audit) == Codes{"one-way-where-mutual", "plaintext-where-strict"});
    CHECK(audit.findings[0].evidence.at(0) ==
          "3 conversations, first " + to_seconds(at(3s)) + ", last " + to_seconds(at(9s)));
    CHECK(audit.findings[1].evidence.at(0) == "1 conversation, " + to_seconds(at(2s)));
}

TEST_CASE("of two PeerAuthentications in one scope the older counts, the other is found",
          "[mtls]") {
    const Scene scene(peer("a", "shop", "{mtls: {mode: DISABLE}}", "2026-02-01T00:00:00Z") +
                      peer("b", "shop", "{mtls: {mode: STRICT}}", "2026-01-01T00:00:00Z"));
    CHECK(scene.mode() == TlsMode::strict);
    CHECK(codes(scene.audit()) == Codes{"expectation-without-effect"});
}

TEST_CASE("a selector in the root namespace selects nobody elsewhere", "[mtls]") {
    const Scene scene(
        peer("a", "istio-system", "{selector: {matchLabels: {app: db}}, mtls: {mode: STRICT}}"));
    CHECK(scene.mode() == TlsMode::permissive);
    CHECK(codes(scene.audit()) == Codes{"expectation-without-effect"});
}

TEST_CASE("a PeerAuthentication for the Service's port in place of the container's is found",
          "[mtls]") {
    const std::string service =
        "\n---\napiVersion: v1\nkind: Service\nmetadata: {name: sql, namespace: shop}\n"
        "spec: {selector: {app: db}, ports: [{port: 80, targetPort: 5432}]}\n";
    const auto audit = [&](const std::string& port) {
        return Scene(service + peer("db", "shop",
                                    "{selector: {matchLabels: {app: db}}, portLevelMtls: {" + port +
                                        ": {mode: STRICT}}}"))
            .audit();
    };
    const auto found = audit("80");
    REQUIRE(codes(found) == Codes{"expectation-without-effect"});
    CHECK(found.findings[0].message ==
          "has no effect: 80 is the port of Service shop/sql; the container's is 5432");
    REQUIRE(found.findings[0].location);
    CHECK(codes(audit("5432")).empty());
    CHECK(codes(audit("9000")).empty());
}

TEST_CASE("a STRICT port that does not pass the proxy is found", "[mtls]") {
    const auto [key, ports, kept_away] = GENERATE(table<std::string, std::string, bool>({
        {"excludeInboundPorts", "22, 5432", true},
        {"excludeInboundPorts", "22", false},
        {"includeInboundPorts", "22", true},
        {"includeInboundPorts", "*", false},
        {"includeInboundPorts", "5432", false},
    }));
    INFO(key << " " << ports);
    const std::string pod =
        "\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: cache-0, namespace: shop, labels: "
        "{app: "
        "cache}, annotations: {traffic.sidecar.istio.io/" +
        key + ": \"" + ports +
        "\"}}\nspec: {containers: [{name: c, image: i, ports: [{containerPort: 5432}]}]}\n";
    const auto audit = Scene(pod + peer("all", "shop", "{mtls: {mode: STRICT}}")).audit();
    CHECK(codes(audit) == (kept_away ? Codes{"expectation-without-effect"} : Codes{}));
    CHECK(codes(Scene(pod + peer("all", "shop", "{mtls: {mode: PERMISSIVE}}")).audit()).empty());
}

TEST_CASE("what flows is held against STRICT", "[mtls]") {
    Scene scene(strict_db);
    SECTION("an answer of a few bytes") {
        Conversation& short_one = scene.talk();
        short_one.sent = {6, 226};
        short_one.received = {4, 140};
        CHECK(codes(scene.audit()).empty());
        short_one.think_time = 100us;
        CHECK(codes(scene.audit()) == Codes{"plaintext-where-strict"});
    }
    SECTION("plaintext") {
        scene.talk();
        const auto audit = scene.audit();
        REQUIRE(codes(audit) == Codes{"plaintext-where-strict"});
        CHECK(audit.findings[0].severity == Severity::high);
        REQUIRE(audit.findings[0].location);
        CHECK(audit.findings[0].location->file == "mesh.yaml");
    }
    SECTION("mutual") {
        scene.talk(seen(ClientCert::presented));
        CHECK(codes(scene.audit()).empty());
    }
    SECTION("one-way") {
        scene.talk(seen(ClientCert::not_requested));
        CHECK(codes(scene.audit()) == Codes{"one-way-where-mutual"});
    }
    SECTION("declined") {
        scene.talk(seen(ClientCert::declined));
        CHECK(codes(scene.audit()) == Codes{"client-declined"});
    }
    SECTION("what cannot be told says nothing") {
        scene.talk(seen(ClientCert::unknown));
        CHECK(codes(scene.audit()).empty());
    }
    SECTION("plaintext that was never answered is STRICT at work") {
        scene.talk().received = {2, 72};
        CHECK(codes(scene.audit()).empty());
    }
    SECTION("a connection that began before the capture says nothing") {
        scene.talk().outcome = Outcome::mid_stream;
        CHECK(codes(scene.audit()).empty());
    }
    SECTION("inside a pod plaintext is by design") {
        Conversation& inside = scene.talk();
        inside.client.endpoint = inside.server.endpoint;
        CHECK(codes(scene.audit()).empty());
    }
}

TEST_CASE("a PERMISSIVE port names who must migrate, or is safe to make STRICT", "[mtls]") {
    Scene scene(peer("all", "shop", "{mtls: {mode: PERMISSIVE}}"));
    scene.talk(seen(ClientCert::presented));
    SECTION("all mutual") {
        const auto audit = scene.audit();
        REQUIRE(codes(audit) == Codes{"safe-to-make-strict"});
        CHECK(audit.findings[0].evidence.back().find("mode: STRICT") != std::string::npos);
        CHECK(audit.findings[0].evidence.back().find("app: \"db\"") != std::string::npos);
    }
    SECTION("all mutual that were seen, while packets were lost") {
        CHECK(scene.audit().findings[0].message.find("lost") == std::string::npos);
        scene.lossy = true;
        const auto audit = scene.audit();
        REQUIRE(codes(audit) == Codes{"safe-to-make-strict"});
        CHECK(audit.findings[0].message.find("not safe before a recording without losses") !=
              std::string::npos);
    }
    SECTION("one in plaintext") {
        scene.talk();
        const auto audit = scene.audit();
        REQUIRE(codes(audit) == Codes{"must-migrate-before-strict"});
        CHECK(audit.findings[0].evidence.front().starts_with("shop/web-0[Pod]: plaintext"));
    }
    SECTION("one that cannot be told") {
        scene.talk(seen(ClientCert::unknown));
        CHECK(codes(scene.audit()).empty());
    }
}

TEST_CASE("one document makes all ready ports STRICT, for of two only the older counts", "[mtls]") {
    const auto change = [](const std::string& documents) {
        Scene scene(documents);
        scene.talk(seen(ClientCert::presented));
        scene.talk(seen(ClientCert::presented)).server.socket.port = Port{6379};
        const auto audit = scene.audit();
        REQUIRE(codes(audit) == Codes{"safe-to-make-strict", "safe-to-make-strict"});
        std::vector<std::string> all;
        for (const Finding& each : audit.findings) {
            if (each.code == "safe-to-make-strict") all.push_back(each.evidence.front());
        }
        REQUIRE(all.size() == 2);
        CHECK(all[0] == all[1]);
        return all[0];
    };
    const std::string space = peer("all", "shop", "{mtls: {mode: PERMISSIVE}}");
    CHECK(change(space) ==
          "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: "
          "db-0-strict, "
          "namespace: shop}, spec: {selector: {matchLabels: {app: \"db\"}}, portLevelMtls: "
          "{\"5432\": "
          "{mode: STRICT}, \"6379\": {mode: STRICT}}}}");
    const std::string own =
        "{selector: {matchLabels: {app: db}}, mtls: {mode: UNSET}, "
        "portLevelMtls: {5432: {mode: PERMISSIVE}, 9000: {mode: DISABLE}}}";
    CHECK(change(space + peer("theirs", "shop", own)) ==
          "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: theirs, "
          "namespace: shop}, spec: {selector: {matchLabels: {app: \"db\"}}, portLevelMtls: "
          "{\"5432\": "
          "{mode: STRICT}, \"6379\": {mode: STRICT}, \"9000\": {mode: DISABLE}}}}");
}

TEST_CASE("a DestinationRule that sends less than the server demands is found", "[mtls]") {
    const std::string mode = GENERATE("DISABLE", "SIMPLE", "ISTIO_MUTUAL");
    const Scene scene(strict_db +
                      "\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
                      "metadata: {name: db, namespace: shop}\n"
                      "spec: {host: db, trafficPolicy: {tls: {mode: " +
                      mode + "}}}\n");
    CHECK(codes(scene.audit()) == (mode == "ISTIO_MUTUAL" ? Codes{} : Codes{"client-rule-weaker"}));
}

TEST_CASE("of DestinationRules the client's namespace counts first, and a port before the rule",
          "[mtls]") {
    const auto rule = [](const std::string& space, const std::string& policy,
                         const std::string& host = "db.shop.svc.cluster.local") {
        return "\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: "
               "r" +
               std::to_string(host.size()) + ", namespace: " + space + "}\nspec: {host: \"" + host +
               "\", trafficPolicy: " + policy + "}\n";
    };
    const auto sent = [](const std::string& documents, const std::string& client,
                         std::uint16_t port = 5432) {
        const Scene scene(documents);
        return analyzer::client_tls(scene.bundle.expectations, {client, {}},
                                    scene.bundle.inventory.services().front(), Port{port})
            .mode;
    };
    const std::string mutual = "{tls: {mode: ISTIO_MUTUAL}}";
    const std::string off = "{tls: {mode: DISABLE}}";
    const std::string simple = "{tls: {mode: SIMPLE}}";
    CHECK(sent("", "web") == TlsMode::unset);
    CHECK(sent(rule("shop", mutual), "web") == TlsMode::strict);
    CHECK(sent(rule("other", mutual), "web") == TlsMode::unset);
    CHECK(sent(rule("istio-system", simple), "web") == TlsMode::one_way);
    CHECK(sent(rule("istio-system", simple) + rule("shop", mutual), "web") == TlsMode::strict);
    CHECK(sent(rule("shop", mutual) + rule("web", off), "web") == TlsMode::disable);
    CHECK(sent(rule("shop", mutual) + rule("web", off), "job") == TlsMode::strict);
    CHECK(sent(rule("shop", off, "db"), "web") == TlsMode::disable);
    CHECK(sent(rule("istio-system", off, "*.shop.svc.cluster.local"), "web") == TlsMode::disable);
    CHECK(sent(rule("shop", off, "other"), "web") == TlsMode::unset);
    // One without a word about TLS hides what is wider; the closest host counts.
    const std::string silent = "{loadBalancer: {simple: ROUND_ROBIN}}";
    CHECK(sent(rule("shop", off) + rule("web", silent), "web") == TlsMode::unset);
    const std::string all = "*.svc.cluster.local";
    CHECK(sent(rule("shop", off, all) + rule("shop", mutual), "web") == TlsMode::strict);
    CHECK(sent(rule("shop", off, all) + rule("shop", simple, "*.shop.svc.cluster.local"), "web") ==
          TlsMode::one_way);
    const std::string port =
        "{tls: {mode: ISTIO_MUTUAL}, portLevelSettings: [{port: {number: 5432}, tls: {mode: "
        "DISABLE}}]}";
    CHECK(sent(rule("shop", port), "web") == TlsMode::disable);
    CHECK(sent(rule("shop", port), "web", 80) == TlsMode::strict);
}

TEST_CASE("nspect's own expectations are held against what was seen", "[mtls]") {
    const auto found = [](const std::string& spec, TlsSeen tls) {
        Scene scene(expectation(spec));
        scene.talk(std::move(tls));
        return codes(scene.audit());
    };
    TlsSeen tls = seen(ClientCert::presented);
    tls.version = 0x0303;
    tls.client_identity = {"spiffe://evil/ns/shop/sa/web"};
    const std::string to = "{to: {workload: db-0}, ";
    CHECK(found(to + "mtls: strict}", seen(ClientCert::presented)).empty());
    CHECK(found(to + "mtls: strict}", seen(ClientCert::not_requested)) ==
          Codes{"one-way-where-mutual"});
    CHECK(found(to + "trustDomain: shop.local}", tls) == Codes{"identity-not-accepted"});
    CHECK(found(to + "trustDomain: evil}", tls).empty());
    CHECK(found(to + "identities: [\"spiffe://*\"]}", tls).empty());
    CHECK(found(to + "identities: [\"*/sa/job\"]}", tls) == Codes{"identity-not-accepted"});
    CHECK(found(to + "minVersion: \"1.3\"}", tls) == Codes{"weaker-than-expected"});
    CHECK(found(to + "ports: [80], minVersion: \"1.3\"}", tls).empty());
    CHECK(found(to + "reach: mustNot}", tls) == Codes{"reached-although-forbidden"});
    CHECK(found(to + "from: [{workload: job}], reach: mustNot}", tls).empty());
    CHECK(found(to + "from: [{workload: job}], reach: must}", tls) == Codes{"not-reached"});
    CHECK(found(to + "reach: must}", tls).empty());
}

TEST_CASE("certificates are held against the clock, and their strength", "[mtls]") {
    Scene scene("");
    TlsSeen tls = seen(ClientCert::not_requested);
    CertificateSeen leaf;
    leaf.fingerprint = "ab";
    leaf.subject = "CN=db";
    leaf.not_before = at(-1000h);
    leaf.not_after = at(9000h);
    leaf.key = "RSA";
    leaf.key_bits = 2048;
    leaf.signature = "sha256WithRSAEncryption";
    const auto found = [&](const CertificateSeen& certificate) {
        tls.server_chain = {certificate};
        scene.conversations.clear();
        scene.talk(tls);
        return codes(scene.audit());
    };
    CHECK(found(leaf).empty());
    CertificateSeen other = leaf;
    other.not_after = at(0s);
    CHECK(found(other) == Codes{"certificate-expired"});
    other.not_after = at(72h);
    CHECK(found(other) == Codes{"certificate-expires-soon"});
    other = leaf;
    other.key_bits = 1024;
    CHECK(found(other) == Codes{"certificate-weak"});
    other = leaf;
    other.signature = "sha1WithRSAEncryption";
    CHECK(found(other) == Codes{"certificate-weak"});
    other = leaf;
    other.self_signed = true;
    CHECK(found(other) == Codes{"certificate-self-signed"});
    CHECK(scene.audit().certificates.size() == 1);
}

TEST_CASE("the server's identity must be its workload's", "[mtls]") {
    Scene scene("");
    TlsSeen tls = seen(ClientCert::presented);
    tls.server_identity = {"spiffe://cluster.local/ns/shop/sa/" +
                           std::string(GENERATE("db", "web"))};
    const bool right = tls.server_identity[0].ends_with("/db");
    scene.talk(tls);
    CHECK(codes(scene.audit()) == (right ? Codes{} : Codes{"server-certificate-mismatch"}));
}

TEST_CASE("a workload in a mesh that is reached past it is found", "[mtls]") {
    Scene scene("");
    TlsSeen tls = seen(ClientCert::presented);
    tls.alpn_offered = {"istio-peer-exchange", "istio"};
    scene.talk(tls);
    CHECK(mesh_of(scene.conversations[0]).mesh == "Istio");
    CHECK(codes(scene.audit()).empty());
    scene.talk();
    CHECK(codes(scene.audit()) == Codes{"mesh-bypass"});
}

TEST_CASE("a login in plaintext that was seen weighs more than one that may be", "[mtls]") {
    Scene scene("");
    const std::string app = GENERATE("http-basic", "redis-auth", "postgres-password");
    scene.talk().app = "redis";
    scene.talk().app = app;
    const auto audit = scene.audit();
    REQUIRE(codes(audit) == Codes{"plaintext-credentials"});
    CHECK(audit.findings[0].severity == Severity::high);
    scene.conversations.clear();
    scene.talk().app = "http";
    CHECK(codes(scene.audit()).empty());
}

TEST_CASE("protocols that log in in plaintext are named", "[mtls]") {
    Scene scene("");
    scene.talk().app = "postgres";
    CHECK(codes(scene.audit()) == Codes{"plaintext-credentials"});
    scene.conversations.clear();
    scene.talk(seen(ClientCert::not_requested)).app = "postgres";
    CHECK(codes(scene.audit()).empty());
}
