// SPDX-License-Identifier: Apache-2.0
#include "analyzer/lint.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "analyzer/rule_evidence.h"
#include "tests/analyzer/worlds.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::worlds;

namespace {

World shop() {
    World world;
    add_pod(world.inventory, {"shop", "web", {{"app", "web"}}, {"10.0.0.1"}});
    add_pod(world.inventory, {"shop", "db", {{"app", "database"}}, {"10.0.0.2"}});
    return world;
}

std::vector<Finding> found(const World& world, const std::string& code,
                           const LintInput& input = {}) {
    const PolicyEngine engine(world);
    auto findings = lint(engine, input).findings;
    std::erase_if(findings, [&](const Finding& each) { return each.code != code; });
    return findings;
}

Policy db_in(std::vector<Rule> rules) {
    Policy policy = network_policy("shop", "db-in", {{"app", "database"}}, true, false);
    policy.ingress = std::move(rules);
    for (std::size_t i = 0; i < policy.ingress.size(); ++i) policy.ingress[i].index = i + 1;
    return policy;
}

Policy admin(const std::string& name, double priority, std::vector<Rule> rules) {
    Policy policy = admin_policy(name, pods_anywhere(), priority);
    policy.ingress = std::move(rules);
    for (auto& rule : policy.ingress) rule.order = priority;
    return policy;
}

const PodPeer web = pods_in("shop", {{"app", "web"}});

}  // namespace

TEST_CASE("a word that differs in digits alone is no near miss") {
    World world = shop();
    add_pod(world.inventory, {"shop", "shard", {{"app", "shard-1"}}});
    const std::string asked = GENERATE("shard-2", "sherd-1");
    world.policies = {network_policy("shop", "p", {{"app", asked}}, true, false)};
    CHECK(found(world, "selects-nothing").size() == 1);
    CHECK(found(world, "near-miss-label").size() == (asked == "sherd-1" ? 1 : 0));
}

TEST_CASE("of two equal rules the first one stays, and a rule for nobody is in none") {
    World world = shop();
    world.policies = {db_in({rule(Action::allow, {Peer{web}}, tcp(5432)),
                             rule(Action::allow, {Peer{web}}, tcp(5432)),
                             rule(Action::allow, {Peer{pods_in("shop", {{"app", "x"}})}})})};
    const auto contained = found(world, "rule-contained");
    REQUIRE(contained.size() == 1);
    CHECK(contained[0].subject == "NetworkPolicy shop/db-in ingress rule 2");
}

TEST_CASE("a rule for pods is not contained in a block that may not reach pods") {
    World world = shop();
    const Rule block = rule(
        Action::allow,
        {AddressPeer{IpSet{IpPrefix::parse("10.0.0.0/8")->range()}, PodsByAddress::undefined}});
    world.policies = {db_in({rule(Action::allow, {Peer{web}}, tcp(5432)), block})};
    CHECK(found(world, "rule-contained").empty());
    world.options.ip_block_pods_settled = true;
    CHECK(found(world, "rule-contained").size() == 1);
}

TEST_CASE("a rule is never reached when several before it take all of it together") {
    World world = shop();
    const auto ports = [](std::uint16_t first, std::uint16_t last) {
        return TrafficSet::of(Protocol::tcp, {{first}, {last}});
    };
    const std::uint16_t split = GENERATE(as<std::uint16_t>{}, 100, 99);
    world.policies = {admin("a", 1,
                            {rule(Action::deny, {Peer{pods_anywhere()}}, ports(1, split)),
                             rule(Action::deny, {Peer{pods_anywhere()}}, ports(101, 200)),
                             rule(Action::allow, {Peer{web}}, ports(50, 150))})};
    CHECK(found(world, "rule-never-reached").size() == (split == 100 ? 1 : 0));
}

TEST_CASE("a rule behind one whose condition is not evaluated may be reached") {
    World world = shop();
    Rule first = rule(Action::deny, {Peer{pods_anywhere()}});
    if (GENERATE(false, true)) first.condition = "an HTTP condition";
    const bool conditional = first.narrower();
    world.policies = {admin("a", 1, {first, rule(Action::allow, {Peer{web}})})};
    CHECK(found(world, "rule-never-reached").size() == (conditional ? 0 : 1));
}

TEST_CASE("policies of one priority conflict only where both would decide") {
    World world = shop();
    const auto both = Peer{pods_anywhere()};
    const std::uint16_t taken = GENERATE(as<std::uint16_t>{}, 22, 23);
    world.policies = {
        admin("a", 5,
              {rule(Action::allow, {both}, tcp(taken)), rule(Action::deny, {both}, tcp(22))}),
        admin("b", 5, {rule(Action::allow, {both}, tcp(22))})};
    CHECK(found(world, "conflicting-priorities").size() == (taken == 22 ? 0 : 1));
}

TEST_CASE("a namespace is closed by one policy for all its pods, of any tier") {
    World world = shop();
    CHECK(found(world, "no-default-deny").size() == 2);
    SECTION("by NetworkPolicy") {
        world.policies = {network_policy("shop", "deny", {}, true, true)};
    }
    SECTION("by the baseline") {
        Policy policy = baseline_policy(pods_anywhere());
        policy.ingress = {rule(Action::deny, {Peer{pods_anywhere()}})};
        policy.egress = {rule(Action::deny, {Peer{AnyPeer{}}})};
        world.policies = {policy};
    }
    CHECK(found(world, "no-default-deny").empty());
}

TEST_CASE("DNS is open where a rule names its port, its pods, or everything") {
    World world = shop();
    add_pod(world.inventory, {"kube-system", "coredns", {{"k8s-app", "kube-dns"}}});
    Policy policy = network_policy("shop", "out", {{"app", "web"}}, false, true);
    struct Case {
        std::vector<Peer> peers;
        TrafficSet traffic;
        bool blocked;
    };
    const TrafficSet all = TrafficSet::all();
    const std::vector<Case> cases{
        {{pods_in("kube-system", {{"k8s-app", "kube-dns"}})}, all, false},
        {{pods_anywhere()}, TrafficSet::of(Protocol::udp), false},
        {{AddressPeer{block("10.96.0.10/32")}}, all, false},
        {{AnyPeer{}}, all, false},
        {{pods_in("kube-system", {{"k8s-app", "dns"}})}, all, true},
        {{pods_in("shop", {})}, all, true},
        {{AnyPeer{}}, tcp(443), true},
        {{}, all, true},
    };
    for (std::size_t i = 0; i < cases.size(); ++i) {
        INFO("case " << i);
        policy.egress = {rule(Action::allow, cases[i].peers, cases[i].traffic)};
        world.policies = {policy};
        CHECK(found(world, "dns-blocked").size() == (cases[i].blocked ? 1 : 0));
    }
}

TEST_CASE("rules are counted, and how long nobody hit one is said with what was lost") {
    World world = shop();
    world.policies = {db_in({rule(Action::allow, {Peer{web}}, tcp(5432)),
                             rule(Action::allow, {Peer{web}}, tcp(9000))})};
    const Timestamp start = *parse_timestamp("2026-01-01T00:00:00Z");
    Conversation talk;
    talk.client = {{ip("10.0.0.1"), 40000}, 0, std::nullopt, std::nullopt, ""};
    talk.server = {{ip("10.0.0.2"), 5432}, 1, std::nullopt, std::nullopt, ""};
    talk.first = start + std::chrono::hours(1);
    talk.last = start + std::chrono::hours(2);
    talk.outcome = Outcome::established;
    const std::vector<Conversation> talks{talk, talk};
    const PolicyEngine engine(world);
    const auto rules = rule_evidence(engine, talks);
    REQUIRE(rules.size() == 2);
    CHECK(rules[0] == RuleEvidence{0, Direction::ingress, 0, 2, talk.first, talk.last});
    CHECK(rules[1].hits == 0);

    Recording context;
    context.info.started = start;
    context.info.ended = start + std::chrono::hours(24 * 9);
    LintInput input;
    input.conversations = &talks;
    input.context = &context;
    CHECK(found(world, "rule-never-hit", input).size() == 2);  // both: one not for a week
    input.unused_after = std::chrono::hours(24 * 30);
    const auto unused = found(world, "rule-never-hit", input);
    REQUIRE(unused.size() == 1);
    CHECK(unused[0].severity == Severity::info);
    CHECK(unused[0].message.find("shorter than") != std::string::npos);
    context.losses.push_back({start, start, "eth0", "kernel", 3, ""});
    input.unused_after = std::chrono::hours(24);
    for (const auto& each : found(world, "rule-never-hit", input)) {
        CHECK(each.message.find("no proof") != std::string::npos);
    }
}

TEST_CASE("what documents get wrong is a finding with its place") {
    const World world = shop();
    Diagnostics diagnostics;
    diagnostics.add({Diagnostic::Severity::warning,
                     "NP001",
                     "unknown field \"podSelectr\"",
                     "did you mean podSelector?",
                     {"a.yaml", 6, 3, ""},
                     "  podSelectr: {}",
                     10});
    LintInput input;
    input.documents = &diagnostics;
    const auto findings = found(world, "NP001", input);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].severity == Severity::medium);
    CHECK(to_string(*findings[0].location) == "a.yaml:6:3");
    CHECK(findings[0].evidence.back() == "did you mean podSelector?");
}
