// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <catch2/catch.hpp>

#include "analyzer/generate_check.h"
#include "analyzer/generate_limits.h"
#include "tests/analyzer/generated_shop.h"
#include "tests/analyzer/policy_text.h"
#include "tests/analyzer/worlds.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;
using namespace nspect::worlds;
using Lines = std::vector<std::string>;

namespace {

PodPeer pods(const std::string& place, Labels labels) {
    PodPeer peer;
    peer.namespace_name = place;
    peer.pods = Selector::matching(labels);
    return peer;
}

Rule rule(Peer peer, std::uint16_t port) {
    Rule made;
    made.peers = {std::move(peer)};
    made.ports = {{TrafficSet::of(Protocol::tcp, {Port{port}, Port{port}}), "", {}}};
    return made;
}

void two_edges(Shop& shop) {
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).veth("web").veth("db");
    shop.recording.tcp("10.0.0.1:40001", "10.0.0.2:5432").isn(3, 4).at(9s).veth("web").veth("db");
    shop.recording.tcp("10.0.0.1:40002", "10.0.0.2:9100").isn(5, 6).veth("web").veth("db");
}

Replay replay(Shop& shop, std::vector<Policy> proposed) {
    const auto all = shop.conversations();
    const PolicyEngine in_force(shop.world);
    World next = shop.world;
    next.policies = std::move(proposed);
    const PolicyEngine after(next);
    return analyzer::replay(in_force, after, all, shop.options);
}

}  // namespace

TEST_CASE("a replay names what would break, by whom, when, and the smallest rule against it") {
    Shop shop;
    two_edges(shop);
    auto policy = network_policy("data", "db", {{"app", "db"}}, true, false);
    policy.ingress = {rule(pods("shop", {{"app", "web"}}), 9100)};
    const auto replayed = replay(shop, {policy});
    CHECK(replayed.conversations == 3);
    CHECK(replayed.allowed == 1);
    REQUIRE(replayed.broken.size() == 1);
    const auto& broken = replayed.broken[0];
    CHECK(broken.subject == "shop/web[Container] -> data/db[Container] TCP 5432");
    CHECK(broken.conversations == 2);
    CHECK(broken.first == at(1s));
    CHECK(to_seconds(broken.last) == to_seconds(at(10s)));
    CHECK(broken.clients == Lines{"shop/web"});
    CHECK(mentions(broken.reasons, "data/db"));
    REQUIRE(broken.remedy.size() == 1);
    CHECK(text_of(broken.remedy[0].policy) ==
          "data/nspect-allow-db app=db in [{kubernetes.io/metadata.name=shop}/app=web : TCP 5432] "
          "out");
    CHECK(broken.remedy[0].policy.isolates_ingress);
    CHECK_FALSE(broken.remedy[0].policy.isolates_egress);
}

TEST_CASE("a replay against policies that fit finds nothing") {
    Shop shop;
    two_edges(shop);
    const auto replayed = replay(shop, {});
    CHECK(replayed.broken.empty());
    CHECK(replayed.allowed == 3);
}

TEST_CASE("where both ends deny, both need a rule") {
    Shop shop;
    two_edges(shop);
    const auto replayed = replay(shop, {network_policy("data", "in", {}, true, false),
                                        network_policy("shop", "out", {}, false, true)});
    REQUIRE(replayed.broken.size() == 2);
    std::set<std::string> names;
    for (const auto& broken : replayed.broken) {
        CHECK(broken.remedy.size() == 2);
        for (const auto& each : broken.remedy) names.insert(each.policy.name);
    }
    CHECK(names == std::set<std::string>{"nspect-allow-db", "nspect-allow-db-2", "nspect-allow-web",
                                         "nspect-allow-web-2"});
}

TEST_CASE("a denial that stands before NetworkPolicy has no remedy among them") {
    Shop shop;
    two_edges(shop);
    Policy deny;
    deny.kind = PolicyKind::cluster_network_policy;
    deny.name = "deny";
    deny.stage = {admin_stage, "admin"};
    deny.subjects = {PodPeer{}};
    auto all = rule(PodPeer{}, 5432);
    all.action = Action::deny;
    deny.ingress = {all};
    const auto replayed = replay(shop, {deny});
    REQUIRE(replayed.broken.size() == 1);
    CHECK(replayed.broken[0].remedy.empty());
}

TEST_CASE("what was denied or failed while recording is not held against new policies") {
    Shop shop;
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:22")
        .isn(1, std::nullopt)
        .outcome(Outcome::refused)
        .veth("web")
        .veth("db");
    const auto replayed = replay(shop, {network_policy("data", "in", {}, true, false)});
    CHECK(replayed.broken.empty());
    REQUIRE(replayed.left_out.size() == 1);
    CHECK(replayed.left_out[0].reason == "refused");
}

TEST_CASE("what kept policies allow needs no generated rule") {
    Shop shop;
    two_edges(shop);
    auto kept = network_policy("data", "by-hand", {{"app", "db"}}, true, false);
    kept.ingress = {rule(pods("shop", {{"app", "web"}}), 5432)};
    shop.options.keep = {kept};
    const auto made = shop.generate();
    CHECK(text_of(named(made, "nspect-db").policy) ==
          "data/nspect-db app=db in [{kubernetes.io/metadata.name=shop}/app=web : TCP 9100] out");
    CHECK(mentions(named(made, "nspect-db").notes, "beside NetworkPolicy data/by-hand"));
    CHECK(made.proof.sound);
    CHECK(made.proof.generated.allowed == 2);
}

TEST_CASE("excluded conversations get no rule and are listed") {
    const auto text =
        GENERATE("port=9100", "port=tcp/9000-9200", "workload=shop/web,port=9100",
                 "label=app=db,port=9100", "address=10.0.0.0/24,port=9100", "finding=x,port=9100");
    CAPTURE(text);
    Shop shop;
    two_edges(shop);
    Finding finding;
    finding.code = "x";
    finding.subject = "shop/web[Container] -> data/db[Container] TCP 9100";
    shop.options.findings = {finding};
    shop.options.exclude = {*parse_exclusion(text)};
    const auto made = shop.generate();
    CHECK(text_of(named(made, "nspect-db").policy) ==
          "data/nspect-db app=db in [{kubernetes.io/metadata.name=shop}/app=web : TCP 5432] out");
    REQUIRE(made.proof.left_out.size() == 1);
    CHECK(made.proof.left_out[0].reason == "excluded by " + std::string(text));
}

TEST_CASE("exclusions that do not hold exclude nothing") {
    const auto text = GENERATE("port=udp/9100", "workload=shop/db", "label=app=x", "label=tier",
                               "address=10.9.0.0/24", "finding=x", "outcome=one-way");
    CAPTURE(text);
    Shop shop;
    two_edges(shop);
    shop.options.exclude = {*parse_exclusion(text)};
    CHECK(shop.generate().proof.left_out.empty());
}

TEST_CASE("an exclusion that makes no sense is an error") {
    const auto text =
        GENERATE("", "port", "port=x", "port=quic/1", "outcome=fine", "address=x", "color=red");
    CAPTURE(text);
    CHECK_FALSE(parse_exclusion(text));
}

TEST_CASE("what was seen too rarely is left out when asked") {
    Shop shop;
    two_edges(shop);
    shop.options.min_count = 2;
    const auto made = shop.generate();
    CHECK(named(made, "nspect-web").policy.egress.size() == 1);
    REQUIRE(made.proof.left_out.size() == 1);
    CHECK(made.proof.left_out[0].reason == "seen fewer than 2 times");
}

TEST_CASE("policies of whole namespaces name no pod") {
    Shop shop;
    two_edges(shop);
    shop.options.granularity = Granularity::whole_namespace;
    const auto made = shop.generate();
    CHECK(
        text_of(made) ==
        Lines{"data/nspect-namespace everything in [{kubernetes.io/metadata.name=shop}/everything "
              ": TCP 5432: TCP 9100] out",
              "shop/nspect-namespace everything in out "
              "[{kubernetes.io/metadata.name=data}/everything : TCP 5432: TCP 9100]"});
}

TEST_CASE("only the namespaces named are isolated as a whole") {
    Shop shop;
    two_edges(shop);
    shop.options.default_deny_namespaces = {"data"};
    const auto made = shop.generate();
    REQUIRE(made.policies.size() == 3);
    CHECK(made.policies[0].policy.name == "nspect-db");
    CHECK(made.policies[1].policy.namespace_name == "data");
    CHECK(made.policies[1].policy.name == "nspect-default-deny");
}

TEST_CASE("more address blocks are listed when the budget allows") {
    Shop shop;
    for (std::uint32_t i = 0; i < 8; ++i) {
        const auto address = "203.0.113." + std::to_string(i * 16) + ":443";
        shop.recording.tcp("10.0.0.1:40000", address).isn(i, i).veth("web");
    }
    shop.options.external_budget = 2;
    CHECK(named(shop.generate(), "nspect-web").policy.egress.at(0).peers.size() == 2);
    shop.options.external_budget = 8;
    CHECK(named(shop.generate(), "nspect-web").policy.egress.at(0).peers.size() == 8);
}

TEST_CASE("names stand for addresses where the client had asked DNS for them") {
    Shop shop;
    shop.options.dialect = Dialect::cilium;
    shop.options.fqdn = true;
    shop.recording.name("10.0.0.1", "api.example.com", "203.0.113.5");
    shop.recording.tcp("10.0.0.1:40000", "203.0.113.5:443").isn(1, 2).veth("web");
    shop.recording.tcp("10.0.0.1:40001", "203.0.113.9:443").isn(3, 4).veth("web");
    const auto made = shop.generate();
    CHECK(text_of(named(made, "nspect-web").policy) ==
          "shop/nspect-web app=web in out [203.0.113.9-203.0.113.9 : TCP 443] "
          "[api.example.com : TCP 443]");
    CHECK(made.proof.sound);
}

TEST_CASE("a name that the dialect would refuse is written as its address, with a note") {
    const auto [dialect, name, fits] = GENERATE(table<Dialect, std::string, bool>({
        {Dialect::admin, "api.example.com", true},
        {Dialect::admin, "api.example.com.", true},
        {Dialect::admin, "a_b.example.com", true},
        {Dialect::admin, "intranet", false},
        {Dialect::admin, "_ldap.example.com", false},
        {Dialect::admin, "api-.example.com", false},
        {Dialect::admin, "*.example.com", false},
        {Dialect::admin, "a b.example.com", false},
        {Dialect::cilium, "intranet", true},
        {Dialect::cilium, "_ldap.example.com", true},
        {Dialect::cilium, "a..example.com", false},
        {Dialect::cilium, "*.example.com", false},
        {Dialect::cilium, "caf\xc3\xa9.example.com", false},
        {Dialect::calico, "intranet", true},
        {Dialect::calico, "-a.example.com", false},
        {Dialect::calico, "*", false},
    }));
    CAPTURE(static_cast<int>(dialect), name);
    Shop shop;
    shop.options.dialect = dialect;
    shop.options.fqdn = true;
    shop.recording.name("10.0.0.1", name, "203.0.113.5");
    shop.recording.tcp("10.0.0.1:40000", "203.0.113.5:443").isn(1, 2).veth("web");
    const auto made = shop.generate();
    const auto& policy = named(made, dialect == Dialect::admin ? "nspect-shop-web" : "nspect-web");
    const auto& peer = policy.policy.egress.at(0).peers.at(0);
    CHECK(std::holds_alternative<DomainPeer>(peer) == fits);
    CHECK(std::holds_alternative<AddressPeer>(peer) == !fits);
    CHECK(mentions(policy.egress_notes.at(0), "asked for as \"" + name) == !fits);
    CHECK(made.proof.sound);
}

TEST_CASE("a name longer than Cilium takes is written as its address") {
    std::string name;
    for (int i = 0; i < 26; ++i) name += "abcdefghi.";
    CHECK(can_name(Dialect::cilium, name.substr(0, 255)));
    CHECK_FALSE(can_name(Dialect::cilium, name.substr(0, 256)));
    CHECK_FALSE(can_name(Dialect::kubernetes, "example.com"));
    CHECK_FALSE(can_name(Dialect::cilium, ""));
    CHECK_FALSE(can_name(Dialect::cilium, "."));
}
