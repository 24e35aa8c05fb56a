// SPDX-License-Identifier: Apache-2.0
// Intentions in the normal form; which of several counts is asked in
// tests/analyzer/consul_test.cpp.
#include <algorithm>

#include <catch2/catch.hpp>

#include "model/workload.h"
#include "tests/ingest/helpers.h"

using namespace nspect;
using namespace nspect::ingest;
using test::load_yaml;

namespace {

const std::string pods = R"(
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, annotations: {consul.hashicorp.com/connect-service: db}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
)";

std::string intentions(const std::string& spec) {
    return "apiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceIntentions\n"
           "metadata: {name: db, namespace: shop}\nspec: " +
           spec + "\n---\n";
}

const std::string web_to_db =
    intentions("{destination: {name: db}, sources: [{name: web, action: allow}]}");

std::string service_of(const Inventory& inventory, const std::string& name) {
    for (const Endpoint& each : inventory.endpoints()) {
        if (each.name != name) continue;
        for (const auto& [key, value] : each.mesh.entries()) {
            if (key.starts_with("consul-service/")) return key.substr(key.find('/') + 1);
        }
    }
    return {};
}

}  // namespace

TEST_CASE("a pod is the service of its annotation, or of the Service that selects it", "[consul]") {
    const auto loaded = load_yaml(pods + web_to_db);
    INFO(loaded.words());
    CHECK(loaded.codes().empty());
    CHECK(service_of(loaded.bundle.inventory, "web") == "web");
    CHECK(service_of(loaded.bundle.inventory, "db") == "db");
}

TEST_CASE("whoever intentions name takes mutual TLS alone, unless its mode is permissive",
          "[consul]") {
    const std::string mode = GENERATE("", "strict", "permissive");
    const std::string defaults =
        mode.empty() ? ""
                     : "apiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceDefaults\n"
                       "metadata: {name: db, namespace: shop}\nspec: {mutualTLSMode: " +
                           mode + "}\n";
    const auto loaded = load_yaml(pods + web_to_db + defaults);
    REQUIRE(loaded.bundle.expectations.guards.size() == 1);
    const MeshGuard& guard = loaded.bundle.expectations.guards[0];
    CHECK(guard.mesh == "Consul");
    CHECK(guard.by == "ServiceIntentions shop/db");
    CHECK(guard.passes.at(0).mode ==
          (mode == "permissive" ? TlsMode::permissive : TlsMode::strict));
}

TEST_CASE("configuration entries in JSON mean the same as custom resources", "[consul]") {
    const auto loaded = load_yaml(pods + R"(
{"Kind": "service-intentions", "Name": "db",
 "Sources": [{"Name": "web", "Action": "allow"}, {"Name": "*", "Action": "deny"}]}
---
{"Kind": "proxy-defaults", "Name": "global", "MutualTLSMode": "permissive"}
)");
    INFO(loaded.words());
    CHECK(loaded.codes().empty());
    CHECK(loaded.bundle.policies.size() == 3);  // and what no intention names, by mode
    REQUIRE(loaded.bundle.expectations.guards.size() == 1);
    CHECK(loaded.bundle.expectations.guards[0].passes.at(0).mode == TlsMode::permissive);
}

TEST_CASE("of sources the exact one is asked before the wildcard", "[consul]") {
    const auto loaded = load_yaml(
        pods + intentions("{destination: {name: db}, sources: [{name: '*', action: deny}, "
                          "{name: web, action: allow}]}"));
    const auto& policies = loaded.bundle.policies;
    const auto made = std::find_if(policies.begin(), policies.end(),
                                   [](const Policy& each) { return each.name == "db"; });
    REQUIRE(made != policies.end());
    REQUIRE(made->ingress.size() == 2);
    CHECK(made->ingress[1].order < made->ingress[0].order);
}

TEST_CASE("without intentions pods are left as they are", "[consul]") {
    const auto loaded = load_yaml(pods);
    CHECK(service_of(loaded.bundle.inventory, "web").empty());
    CHECK(loaded.bundle.policies.empty());
}
