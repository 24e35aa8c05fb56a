// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "analyzer/tls_expected.h"
#include "analyzer/tls_findings.h"
#include "ingest/load.h"
#include "tests/analyzer/recording_builder.h"

/// Two pods of a shop, web and db, what documents expect of them and what they said to each other.
namespace nspect::test {

using namespace std::chrono_literals;

inline const std::string pods = R"(
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop, labels: {app: web}}
spec: {serviceAccountName: web, containers: [{name: c, image: i}]}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: db-0, namespace: shop, labels: {app: db}}
spec: {serviceAccountName: db, containers: [{name: c, image: i, ports: [{containerPort: 5432}]}]}
status: {podIP: 10.0.0.2}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {selector: {app: db}, ports: [{port: 5432}]}
)";

inline std::string peer(const std::string& name, const std::string& space, const std::string& spec,
                        const std::string& created = "2026-01-01T00:00:00Z") {
    return "\n---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: " +
           name + ", namespace: " + space + ", creationTimestamp: \"" + created +
           "\"}\nspec: " + spec + "\n";
}

inline std::string expectation(const std::string& spec) {
    return "\n---\napiVersion: nspect.io/v1\nkind: TrafficExpectation\n"
           "metadata: {name: e, namespace: shop}\nspec: " +
           spec + "\n";
}

struct Scene {
    explicit Scene(const std::string& documents) {
        Diagnostics diagnostics;
        bundle = ingest::load_texts({{"mesh.yaml", pods + documents}}, diagnostics);
        CHECK(bundle.left_out == 0);
    }

    std::size_t endpoint(const std::string& name) const {
        const auto& all = bundle.inventory.endpoints();
        const auto found = std::find_if(all.begin(), all.end(),
                                        [&](const Endpoint& each) { return each.name == name; });
        REQUIRE(found != all.end());
        return static_cast<std::size_t>(found - all.begin());
    }

    Conversation& talk(std::optional<TlsSeen> tls = std::nullopt) {
        Conversation made;
        made.client.socket = {IpAddress::parse("10.0.0.1").value(), Port{40000}};
        made.client.endpoint = endpoint("web-0");
        made.server.socket = {IpAddress::parse("10.0.0.2").value(), Port{5432}};
        made.server.endpoint = endpoint("db-0");
        made.first = at(1s);
        made.last = at(2s);
        made.sent = {6, 900};
        made.received = {5, 800};
        made.outcome = Outcome::established;
        made.tls = std::move(tls);
        conversations.push_back(std::move(made));
        return conversations.back();
    }

    analyzer::TlsAudit audit() const {
        analyzer::TlsAuditor auditor(bundle.expectations, bundle.inventory);
        for (const Conversation& each : conversations) auditor.take(each);
        return auditor.finish(at(10s), lossy);
    }

    TlsMode mode(std::uint16_t port = 5432) const {
        const auto& server = bundle.inventory.endpoints()[endpoint("db-0")];
        return analyzer::effective_tls(bundle.expectations, bundle.inventory, server, Port{port})
            .mode;
    }

    ingest::Bundle bundle;
    bool lossy = false;
    std::vector<Conversation> conversations;
};

inline TlsSeen seen(ClientCert client_cert) {
    TlsSeen tls;
    tls.version = 0x0304;
    tls.client_cert = client_cert;
    tls.evidence = TlsEvidence::sizes;
    tls.confidence = Confidence::high;
    return tls;
}

inline std::vector<std::string> codes(const analyzer::TlsAudit& audit) {
    std::vector<std::string> all;
    for (const Finding& each : audit.findings) all.push_back(each.code);
    std::sort(all.begin(), all.end());
    return all;
}
using Codes = std::vector<std::string>;

}  // namespace nspect::test
