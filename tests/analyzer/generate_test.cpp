// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate.h"

#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "tests/analyzer/generated_shop.h"
#include "tests/analyzer/policy_text.h"
#include "tests/analyzer/worlds.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;
using namespace nspect::worlds;
using Lines = std::vector<std::string>;

TEST_CASE("a recorded conversation becomes a rule at either end, and nothing else does") {
    Shop shop;
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).veth("web").veth("db");
    shop.recording.tcp("10.0.0.1:40001", "10.0.0.2:5432").isn(3, 4).at(9s).veth("web").veth("db");
    const auto made = shop.generate();
    CHECK(text_of(made) ==
          Lines{"data/nspect-db app=db in [{kubernetes.io/metadata.name=shop}/app=web : TCP 5432] "
                "out",
                "shop/nspect-web app=web in out [{kubernetes.io/metadata.name=data}/app=db : TCP "
                "5432]"});
    for (const auto& each : made.policies) {
        CHECK(each.policy.isolates_ingress);
        CHECK(each.policy.isolates_egress);
    }
    CHECK(made.proof.sound);
    CHECK(made.proof.generated.allowed == 1);
    CHECK(made.proof.generated.used == 1);
    CHECK(made.proof.in_force.allowed == 6);
    CHECK(made.proof.excess.empty());
    CHECK(made.policies[0].ingress_notes.at(0).at(0) ==
          "shop (app=web) TCP 5432: 2 conversations, 2026-01-01T00:00:01Z to "
          "2026-01-01T00:00:10Z");
}

TEST_CASE("default deny covers each namespace and names who is cut off") {
    Shop shop;
    shop.options.default_deny = true;
    shop.container("idle", "10.0.0.9", "shop", {{"app", "idle"}});
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).veth("web").veth("db");
    const auto made = shop.generate();
    REQUIRE(made.policies.size() == 4);
    CHECK(text_of(made.policies[1].policy) == "data/nspect-default-deny everything in out");
    CHECK(mentions(made.policies[2].notes,
                   "shop/idle[Container] is cut off entirely: nothing was recorded of it"));
    CHECK(made.proof.sound);
}

TEST_CASE("attempts that failed are not permitted, and are listed with the reason") {
    Shop shop;
    auto flow = shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:22").isn(1, std::nullopt);
    const auto [outcome, reason] =
        GENERATE(table<Outcome, std::string>({{Outcome::refused, "refused"},
                                              {Outcome::unanswered, "unanswered"},
                                              {Outcome::rejected, "rejected on the way"}}));
    flow.outcome(outcome).veth("web").veth("db");
    const auto made = shop.generate();
    CHECK(made.policies.empty());
    REQUIRE(made.proof.left_out.size() == 1);
    CHECK(made.proof.left_out[0].subject == "shop/web[Container] -> data/db[Container] TCP 22");
    CHECK(made.proof.left_out[0].reason == reason);
    CHECK(made.proof.sound);
}

TEST_CASE("what goes to every station or to a group is no rule's peer") {
    Shop shop;
    shop.recording.udp("10.0.0.1:40000", "10.0.0.255:9999").to_all().veth("web");
    shop.recording.udp("10.0.0.1:5353", "224.0.0.251:5353").outcome(Outcome::one_way).veth("web");
    const auto made = shop.generate();
    CHECK(made.policies.empty());
    REQUIRE(made.proof.left_out.size() == 2);
    CHECK(made.proof.left_out[0].subject == "shop/web[Container] -> broadcast UDP 9999");
    CHECK(made.proof.left_out[1].subject == "shop/web[Container] -> multicast UDP 5353");
    for (const auto& each : made.proof.left_out) {
        CHECK(each.reason == "multicast and broadcast are not what NetworkPolicy is about");
    }
}

TEST_CASE("what the policies in force deny stays out, also where it passed") {
    Shop shop;
    shop.world.policies = {network_policy("data", "deny", {{"app", "db"}}, true, false)};
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).veth("web").veth("db");
    const auto made = shop.generate();
    CHECK(made.policies.empty());
    REQUIRE(made.proof.left_out.size() == 1);
    CHECK(made.proof.left_out[0].reason == "denied by the policies in force, though it passed");
}

TEST_CASE("DNS is allowed to the resolver that was really asked") {
    Shop shop;
    SECTION("a pod") {
        shop.recording.udp("10.0.0.1:40000", "10.0.0.53:53").payload(1).veth("web").veth("dns");
        const auto made = shop.generate();
        CHECK(text_of(named(made, "nspect-web").policy) ==
              "shop/nspect-web app=web in out [{kubernetes.io/metadata.name=kube-system}/"
              "k8s-app=kube-dns : UDP 53]");
        CHECK(mentions(named(made, "nspect-web").egress_notes.at(0), "DNS"));
    }
    SECTION("a node-local cache at a link-local address") {
        shop.recording.udp("10.0.0.1:40000", "169.254.20.10:53").payload(1).veth("web");
        const auto made = shop.generate();
        CHECK(text_of(named(made, "nspect-web").policy) ==
              "shop/nspect-web app=web in out [169.254.20.10-169.254.20.10 : UDP 53]");
        CHECK(mentions(named(made, "nspect-web").egress_notes.at(0), "node-local"));
    }
}

TEST_CASE("a Service's port becomes the port its pods listen on") {
    Shop shop;
    Service service;
    service.namespace_name = "data";
    service.name = "db";
    service.has_selector = true;
    service.selector = Selector::matching({{"app", "db"}});
    service.addresses = {ip("10.96.0.10")};
    service.ports = {{"", Port{80}, Protocol::tcp, "", Port{8080}, std::nullopt}};
    shop.world.inventory.add_service(service);
    auto flow = shop.recording.tcp("10.0.0.1:40000", "10.96.0.10:80").isn(1, 2).veth("web");
    SECTION("the pod behind it was seen") {
        flow.as("10.0.0.1:40000", "10.0.0.2:8080").veth("db");
    }
    SECTION("only its selector tells") {}
    const auto made = shop.generate();
    CHECK(text_of(named(made, "nspect-web").policy) ==
          "shop/nspect-web app=web in out [{kubernetes.io/metadata.name=data}/app=db : TCP 8080]");
    CHECK(made.proof.sound);
}

TEST_CASE("replies of a conversation whose start was not seen open no ephemeral port") {
    const bool answered = GENERATE(true, false);
    CAPTURE(answered);
    Shop shop;
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432")
        .isn(1, 2)
        .outcome(answered ? Outcome::established : Outcome::unanswered)
        .veth("web")
        .veth("db");
    shop.recording.tcp("10.0.0.2:5432", "10.0.0.1:40001")
        .outcome(Outcome::mid_stream)
        .direction(DirectionEvidence::port_numbers)
        .veth("web");
    shop.recording.tcp("10.0.0.2:50000", "10.0.0.1:40002")
        .outcome(Outcome::mid_stream)
        .direction(DirectionEvidence::port_numbers)
        .veth("web");
    const auto made = shop.generate();
    std::set<std::string> reasons;
    for (const auto& each : made.proof.left_out) reasons.insert(each.reason);
    const std::string unclear = "its start was not seen, and neither port tells who is the server";
    CHECK(reasons.count(unclear) == 1);
    // Who answered is known to listen, and what comes from there is web's own conversation.
    CHECK(reasons.count("its start was not seen: these are replies") == (answered ? 0U : 1U));
    CHECK(reasons.size() == (answered ? 1U : 3U));
    for (const auto& each : made.policies) {
        if (each.policy.name != "nspect-db") CHECK(each.policy.ingress.empty());
    }
    if (!answered) return;
    CHECK(named(made, "nspect-web").policy.egress.size() == 1);
    CHECK(named(made, "nspect-db").policy.ingress.size() == 1);
}

TEST_CASE("workloads that no stable label tells apart share a policy that says so") {
    Shop shop;
    shop.container("a", "10.0.0.7", "twins", {{"app", "x"}, {"pod-template-hash", "aaaaaa"}});
    shop.container("b", "10.0.0.8", "twins", {{"app", "x"}, {"pod-template-hash", "bbbbbb"}});
    shop.recording.tcp("10.0.0.7:40000", "10.0.0.2:5432").isn(1, 2).veth("a").veth("db");
    const auto made = shop.generate();
    const auto& policy = named(made, "nspect-a");
    CHECK(text_of(policy.policy) ==
          "twins/nspect-a app=x in out [{kubernetes.io/metadata.name=data}/app=db : TCP 5432]");
    CHECK(mentions(policy.notes,
                   "no stable label tells twins/a[Container] from "
                   "twins/b[Container]: this applies to both"));
    CHECK(made.proof.sound);
    CHECK(mentions(made.proof.excess, "twins/b[Container] -> data/db[Container] TCP 5432"));
    CHECK_FALSE(mentions(made.proof.excess, "twins/a[Container]"));
}

TEST_CASE("addresses outside are listed while they are few, and share blocks when they are many") {
    Shop shop;
    SECTION("few, of both families") {
        shop.recording.tcp("10.0.0.1:40000", "203.0.113.5:443").isn(1, 2).veth("web");
        shop.recording.tcp("10.0.0.1:40001", "198.51.100.7:443").isn(3, 4).veth("web");
        const auto made = shop.generate();
        CHECK(text_of(named(made, "nspect-web").policy) ==
              "shop/nspect-web app=web in out [198.51.100.7-198.51.100.7 "
              "203.0.113.5-203.0.113.5 : TCP 443]");
        CHECK_FALSE(mentions(made.proof.excess, "203.0.113."));
    }
    SECTION("many") {
        for (std::uint32_t i = 0; i < 40; ++i) {
            const auto address = "203.0.113." + std::to_string(i * 4) + ":443";
            shop.recording.tcp("10.0.0.1:40000", address).isn(i, i).veth("web");
        }
        const auto made = shop.generate();
        CHECK(named(made, "nspect-web").policy.egress.at(0).peers.size() <= 16);
        CHECK(made.proof.sound);
        CHECK(mentions(made.proof.excess, "shop/web[Container] -> 203.0.113."));
    }
}

TEST_CASE("the metadata service is never opened without a warning") {
    Shop shop;
    shop.recording.tcp("10.0.0.1:40000", "169.254.169.254:80").isn(1, 2).veth("web");
    CHECK(mentions(named(shop.generate(), "nspect-web").egress_notes.at(0), "WARNING"));
}

TEST_CASE("probes from the own node need no rule, and ICMP cannot have one") {
    Shop shop;
    shop.recording.host("10.0.0.254");
    shop.recording.tcp("10.0.0.254:40000", "10.0.0.2:8080").isn(1, 2).veth("db");
    auto& sightings = shop.recording.recording().sightings;
    shop.recording.tcp("10.0.0.1:7", "10.0.0.2:8").veth("web");
    sightings.back().protocol = Protocol::icmp;
    const auto made = shop.generate();
    REQUIRE(made.policies.size() == 1);
    CHECK(mentions(made.policies[0].notes, "health probes"));
    REQUIRE(made.proof.left_out.size() == 1);
    CHECK(made.proof.left_out[0].subject == "shop/web[Container] -> data/db[Container] ICMP 8");
    CHECK(made.proof.sound);
}

TEST_CASE("only the namespaces asked for are covered") {
    Shop shop;
    shop.options.namespaces = {"data"};
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).veth("web").veth("db");
    const auto made = shop.generate();
    REQUIRE(made.policies.size() == 1);
    CHECK(made.policies[0].policy.name == "nspect-db");
}

TEST_CASE("stability says how long nothing new had appeared") {
    Shop shop;
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).at(0s, 600s).veth("web");
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:80").isn(3, 4).at(200s).veth("web");
    CHECK(shop.generate().proof.stability == "no new edge in the last " + to_words(400s) + " of " +
                                                 to_words(600s) + "; 2 of 2 edges seen once only");
}
