// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_warnings.h"

#include <catch2/catch.hpp>

#include "analyzer/generate_notes.h"
#include "tests/analyzer/generated_shop.h"
#include "tests/analyzer/policy_text.h"
#include "tests/analyzer/worlds.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;
using namespace nspect::worlds;
using Lines = std::vector<std::string>;

namespace {

Lines cut_off(const Generated& made) {
    Lines lines;
    for (const auto& each : made.proof.cut_off) lines.push_back(each.workload + ": " + each.reason);
    return lines;
}

const GeneratedPolicy& default_deny_of(const Generated& made, const std::string& place) {
    for (const auto& each : made.policies) {
        if (each.place == place && each.policy.name.ends_with("default-deny")) return each;
    }
    FAIL("no default deny for " + place);
    return made.policies.front();
}

/// web listens on 8080 behind a Service and an Ingress.
void publish(Shop& shop, const std::string& type, bool by_name = false) {
    Service service;
    service.namespace_name = "shop";
    service.name = "front";
    service.type = type;
    service.has_selector = true;
    service.selector = Selector::matching({{"app", "web"}});
    service.ports = {{"http", Port{80}, Protocol::tcp, "", Port{8080}, Port{30080}}};
    if (by_name) service.ports[0].target_name = "http";
    shop.world.inventory.add_service(service);
}

/// Pods that manifests declare, with a port of their own.
void declare_web(Shop& shop) {
    auto& inventory = shop.world.inventory;
    Endpoint pod;
    pod.name = "web";
    pod.workload = inventory.ensure_workload({"shop", "web", "Container"});
    pod.labels = {{"app", "web"}};
    pod.ports = {{"http", Port{8080}, Protocol::tcp}};
    inventory.add_endpoint(std::move(pod));
}

bool is_warned_of(const Generated& made, const std::string& way) {
    return mentions(made.warnings, way + " leads to shop/web[Container] TCP 8080");
}

}  // namespace

TEST_CASE("the proof lists who is cut off entirely, and why; the default deny says the same") {
    const auto dialect =
        GENERATE(Dialect::kubernetes, Dialect::admin, Dialect::cilium, Dialect::calico);
    CAPTURE(static_cast<int>(dialect));
    Shop shop;
    shop.options.default_deny = true;
    shop.options.dialect = dialect;
    shop.options.exclude = {*parse_exclusion("workload=shop/scan")};
    shop.container("idle", "10.0.0.9", "shop", {{"app", "idle"}});
    shop.container("shy", "10.0.0.10", "shop", {{"app", "shy"}});
    shop.container("scan", "10.0.0.11", "shop", {{"app", "scan"}});
    shop.container("probed", "10.0.0.12", "shop", {{"app", "probed"}});
    shop.recording.host("10.0.0.254");
    auto& made = shop.recording;
    made.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).veth("web").veth("db");
    made.tcp("10.0.0.10:40000", "10.0.0.2:22").isn(3, 4).outcome(Outcome::refused).veth("shy");
    made.tcp("10.0.0.11:40000", "10.0.0.2:22").isn(5, 6).veth("scan").veth("db");
    made.tcp("10.0.0.11:40001", "10.0.0.2:23").isn(7, 8).veth("scan").veth("db");
    made.tcp("10.0.0.254:40000", "10.0.0.12:8080").isn(9, 10).veth("probed");
    const auto generated = shop.generate();
    const Lines expected{
        "shop/idle[Container]: nothing was recorded of it with anyone else",
        "shop/probed[Container]: only its own node was seen reaching it, which needs no rule",
        "shop/scan[Container]: all 2 conversations recorded of it are left out on purpose",
        "shop/shy[Container]: the one conversation recorded of it is left out on purpose"};
    CHECK(cut_off(generated) == expected);
    const auto& notes = default_deny_of(generated, "shop").notes;
    for (const auto& each : generated.proof.cut_off) {
        CHECK(mentions(notes, each.workload + " is cut off entirely: " + each.reason));
    }
    CHECK_FALSE(mentions(notes, "shop/web"));
    CHECK_FALSE(mentions(default_deny_of(generated, "data").notes, "cut off entirely"));
    CHECK(generated.proof.sound);
}

TEST_CASE("what was denied by the policies in force leaves its ends cut off, not unseen") {
    Shop shop;
    shop.options.default_deny = true;
    shop.world.policies = {network_policy("data", "deny", {{"app", "db"}}, true, false)};
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).veth("web").veth("db");
    const auto made = shop.generate();
    CHECK(cut_off(made) ==
          Lines{"data/db[Container]: the one conversation recorded of it is left out on purpose",
                "shop/web[Container]: the one conversation recorded of it is left out on purpose"});
}

TEST_CASE("nobody is cut off where nothing isolates, or a kept policy lets something pass") {
    Shop shop;
    shop.container("idle", "10.0.0.9", "shop", {{"app", "idle"}});
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).veth("web").veth("db");
    SECTION("no default deny") {
        shop.options.default_deny = false;
        CHECK(cut_off(shop.generate()).empty());
    }
    SECTION("a kept policy") {
        shop.options.default_deny = true;
        auto kept = network_policy("shop", "idle", {{"app", "idle"}}, true, false);
        kept.ingress = {rule(Action::allow, {pods_in("shop")})};
        shop.options.keep = {kept};
        CHECK(cut_off(shop.generate()).empty());
    }
}

TEST_CASE("warnings stand first among comments and are never cut") {
    Lines notes;
    for (int i = 0; i < 30; ++i) notes.push_back("note " + std::to_string(i));
    for (int i = 0; i < 25; ++i) notes.push_back("WARNING: " + std::to_string(i));
    bound(notes);
    REQUIRE(notes.size() == 26);
    for (std::size_t i = 0; i < 25; ++i) CHECK(notes[i] == "WARNING: " + std::to_string(i));
    CHECK(notes.back() == "and 30 more");
    Lines few{"a", "WARNING: b", "c"};
    bound(few);
    CHECK(few == Lines{"WARNING: b", "a", "c"});
}

TEST_CASE("a warning is heard beside any number of other addresses, and once for each policy") {
    Shop shop;
    shop.options.external_budget = 100;
    int isn = 0;
    for (int i = 0; i < 40; ++i) {
        const auto address = "169.254.169." + std::to_string(215 + i) + ":80";
        isn += 2;
        shop.recording.tcp("10.0.0.1:40000", address).isn(isn, isn + 1).veth("web");
    }
    const auto made = shop.generate();
    const std::string words = "the cloud metadata service, which hands out credentials";
    const auto& notes = named(made, "nspect-web").egress_notes.at(0);
    CHECK(mentions(notes, "WARNING: " + words));
    CHECK(notes.front().starts_with("WARNING: "));
    CHECK(std::count(made.warnings.begin(), made.warnings.end(),
                     "NetworkPolicy shop/nspect-web: " + words) == 1);
}

TEST_CASE("each part of a divided Calico rule by name warns") {
    Shop shop;
    shop.options.dialect = Dialect::calico;
    shop.options.fqdn = true;
    shop.recording.name("10.0.0.1", "api.example.com", "203.0.113.5");
    for (int i = 0; i < 60; ++i) {
        const auto server = "203.0.113.5:" + std::to_string(8000 + 2 * i);
        shop.recording.tcp("10.0.0.1:40000", server).isn(2 * i, 2 * i + 1).veth("web");
    }
    const auto made = shop.generate();
    const auto& policy = named(made, "nspect-web");
    REQUIRE(policy.policy.egress.size() == 2);
    for (const auto& notes : policy.egress_notes) {
        REQUIRE_FALSE(notes.empty());
        CHECK(notes.front().starts_with("WARNING: destination.domains"));
    }
}

TEST_CASE("a Service for the world whose clients were not seen has a warning") {
    const std::string type = GENERATE("LoadBalancer", "NodePort");
    const bool by_name = GENERATE(false, true);
    const auto dialect =
        GENERATE(Dialect::kubernetes, Dialect::admin, Dialect::cilium, Dialect::calico);
    CAPTURE(type, static_cast<int>(dialect));
    Shop shop;
    shop.options.dialect = dialect;
    declare_web(shop);
    publish(shop, type, by_name);
    const auto way = "Service shop/front (" + type + ")";
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).veth("web").veth("db");
    SECTION("nobody") {
        const auto made = shop.generate();
        // A ClusterNetworkPolicy denies no address.
        CHECK(is_warned_of(made, way) == (dialect != Dialect::admin));
        CHECK(made.warnings.size() == (dialect == Dialect::admin ? 0 : 1));
    }
    SECTION("another pod is nobody from outside") {
        shop.recording.tcp("10.0.0.2:40000", "10.0.0.1:8080").isn(3, 4).veth("web").veth("db");
        CHECK(is_warned_of(shop.generate(), way) == (dialect != Dialect::admin));
    }
    SECTION("a client on another port") {
        shop.recording.tcp("203.0.113.5:40000", "10.0.0.1:9090").isn(3, 4).veth("web");
        CHECK(is_warned_of(shop.generate(), way) == (dialect != Dialect::admin));
    }
    SECTION("a client") {
        shop.recording.tcp("203.0.113.5:40000", "10.0.0.1:8080").isn(3, 4).veth("web");
        CHECK(shop.generate().warnings.empty());
    }
}

TEST_CASE("a Service within the cluster needs no client") {
    Shop shop;
    declare_web(shop);
    publish(shop, "ClusterIP");
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).veth("web").veth("db");
    CHECK(shop.generate().warnings.empty());
}

TEST_CASE("an Ingress whose controller was not seen has a warning") {
    const auto dialect =
        GENERATE(Dialect::kubernetes, Dialect::admin, Dialect::cilium, Dialect::calico);
    CAPTURE(static_cast<int>(dialect));
    Shop shop;
    shop.options.dialect = dialect;
    declare_web(shop);
    publish(shop, "ClusterIP");
    shop.world.inventory.add_entrance(
        {"Ingress", "shop", "site", {{"shop", "front", "", Port{80}}}, {}});
    shop.container("nginx", "10.0.0.77", "ingress", {{"app", "ingress-nginx"}});
    shop.container("api", "10.0.0.78", "shop", {{"app", "api"}});
    auto& made = shop.recording;
    made.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).veth("web").veth("db");
    SECTION("nobody") {
        CHECK(is_warned_of(shop.generate(), "Ingress shop/site"));
    }
    SECTION("a pod of the same namespace is no controller") {
        made.tcp("10.0.0.78:40000", "10.0.0.1:8080").isn(3, 4).veth("api").veth("web");
        CHECK(is_warned_of(shop.generate(), "Ingress shop/site"));
    }
    SECTION("the controller") {
        made.tcp("10.0.0.77:40000", "10.0.0.1:8080").isn(3, 4).veth("nginx").veth("web");
        CHECK(shop.generate().warnings.empty());
    }
    SECTION("an address") {
        if (dialect == Dialect::admin) return;  // names none in ingress
        made.tcp("203.0.113.5:40000", "10.0.0.1:8080").isn(3, 4).veth("web");
        CHECK(shop.generate().warnings.empty());
    }
}
