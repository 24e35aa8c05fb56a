// SPDX-License-Identifier: Apache-2.0
#include "analyzer/audit.h"

#include <catch2/catch.hpp>

#include "analyzer/identity.h"
#include "analyzer/stitch.h"
#include "tests/analyzer/recording_builder.h"
#include "tests/analyzer/worlds.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;
using namespace nspect::worlds;

namespace {

/// web, db and job, and a policy: db takes TCP 5432 from web.
struct Shop {
    RecordingBuilder recording;
    World world;

    Shop() {
        recording.container("web", "10.0.0.1", {{"app", "web"}})
            .container("db", "10.0.0.2", {{"app", "db"}})
            .container("job", "10.0.0.3", {{"app", "job"}});
        Policy policy = network_policy("default", "db-in", {{"app", "db"}}, true, false);
        policy.where = {"netpol.yaml", 1, 1, ""};
        policy.ingress = {
            rule(Action::allow, {Peer{pods_in("default", {{"app", "web"}})}}, tcp(5432))};
        policy.ingress[0].where = {"netpol.yaml", 8, 5, ""};
        world.policies = {policy};
    }

    Audit audit(OutsideBy outside = OutsideBy::asked) {
        world.inventory = with_recording(std::move(world.inventory), recording.recording());
        const auto conversations = stitch(recording.recording(), world.inventory);
        const PolicyEngine engine(world);
        return analyzer::audit(engine, conversations, recording.recording(), {}, {outside});
    }
};

const Finding* find(const Audit& audit, const std::string& code) {
    const auto found = std::find_if(audit.findings.begin(), audit.findings.end(),
                                    [&](const Finding& f) { return f.code == code; });
    return found == audit.findings.end() ? nullptr : &*found;
}

const GraphEdge& edge(const Audit& audit, const std::string& from, const std::string& to) {
    for (const auto& each : audit.graph.edges) {
        if (audit.graph.nodes[each.from].label == from && audit.graph.nodes[each.to].label == to) {
            return each;
        }
    }
    FAIL("no edge " + from + " -> " + to);
    return audit.graph.edges.front();
}

}  // namespace

TEST_CASE("traffic that policy allows by a rule is used, and nothing is found") {
    Shop shop;
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).veth("web").veth("db");
    const auto audit = shop.audit();
    CHECK(edge(audit, "web", "db").state == EdgeState::allowed_used);
    CHECK(edge(audit, "web", "db").rules.front() ==
          "NetworkPolicy default/db-in ingress rule 1 (netpol.yaml:8:5) allows it");
    CHECK(find(audit, "denied-but-flowed") == nullptr);
    CHECK(find(audit, "allowed-never-used") == nullptr);
}

TEST_CASE("traffic that policy denies and that passes is the gravest finding") {
    Shop shop;
    shop.recording.tcp("10.0.0.3:40000", "10.0.0.2:5432").isn(1, 2).veth("job").veth("db");
    const auto audit = shop.audit();
    const auto* finding = find(audit, "denied-but-flowed");
    REQUIRE(finding != nullptr);
    CHECK(finding->severity == Severity::high);
    CHECK(finding->subject == "default/job[Container] -> default/db[Container] TCP 5432");
    CHECK(to_string(*finding->location) == "netpol.yaml:1:1");
    REQUIRE(finding->evidence.size() == 2);
    CHECK(finding->evidence[0].starts_with("1 conversation, first 2026-01-01T00:00:01"));
    CHECK(finding->evidence[1] ==
          "NetworkPolicy default/db-in (netpol.yaml:1:1) isolates for ingress, and none of its "
          "rules names the peer");
    CHECK(audit.graph.edges[*finding->edge].state == EdgeState::denied_flowed);
    CHECK(audit.findings.front().code == "denied-but-flowed");
}

TEST_CASE("a refusal by the server itself proves that a denied packet passed") {
    Shop shop;
    auto flow = shop.recording.tcp("10.0.0.3:40000", "10.0.0.2:5432").isn(1, std::nullopt);
    flow.outcome(Outcome::refused).veth("job");
    SECTION("seen at the server") {
        flow.veth("db");
        CHECK(find(shop.audit(), "denied-but-flowed") != nullptr);
    }
    SECTION("answered on the way") {
        const auto audit = shop.audit();
        CHECK(find(audit, "denied-but-flowed") == nullptr);
        CHECK(find(audit, "denied-and-blocked") != nullptr);
    }
}

TEST_CASE("a denied attempt that got nowhere says where it ended") {
    Shop shop;
    shop.recording.tcp("10.0.0.3:40000", "10.0.0.2:5432")
        .isn(1, std::nullopt)
        .outcome(Outcome::unanswered)
        .veth("job");
    const auto audit = shop.audit();
    const auto* finding = find(audit, "denied-and-blocked");
    REQUIRE(finding != nullptr);
    CHECK(finding->severity == Severity::low);
    CHECK(finding->evidence.back() == "1 seen at veth-job (job), never at veth-db (db)");
    CHECK(edge(audit, "job", "db").state == EdgeState::denied_blocked);
    CHECK(find(audit, "lost-in-between") == nullptr);
}

TEST_CASE("an allowed request without answer is found, and where it was lost") {
    Shop shop;
    auto flow = shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, std::nullopt);
    flow.outcome(Outcome::unanswered).veth("web");
    SECTION("it reached the server") {
        flow.veth("db");
        const auto audit = shop.audit();
        CHECK(find(audit, "allowed-but-unanswered") != nullptr);
        CHECK(find(audit, "lost-in-between") == nullptr);
    }
    SECTION("it did not") {
        const auto audit = shop.audit();
        CHECK(find(audit, "allowed-but-unanswered") != nullptr);
        REQUIRE(find(audit, "lost-in-between") != nullptr);
        CHECK(find(audit, "lost-in-between")->message ==
              "packets left veth-web (web) and never reached veth-db (db)");
    }
}

TEST_CASE(
    "an edge counts what was lost, names where most of it was, and counts what was sent again") {
    Shop shop;
    const auto talk = [&](unsigned number) {
        auto flow = shop.recording.tcp("10.0.0.1:" + std::to_string(40000 + number), "10.0.0.2:80");
        return flow.isn(number, std::nullopt).outcome(Outcome::unanswered);
    };
    auto& sightings = shop.recording.recording().sightings;
    talk(1).inside("web");
    sightings.back().retransmits = 5;
    talk(2).inside("web").veth("web");
    sightings.back().retransmits = 2;
    talk(3).inside("web").veth("web");
    // Some of its packets came through, and the others were sent again.
    shop.recording.tcp("10.0.0.3:42000", "10.0.0.2:80").isn(7, 8).veth("job").veth("db");
    sightings.back().sent = {3, 200};
    (sightings.rbegin() + 1)->retransmits = 1;
    shop.recording.tcp("10.0.0.1:41000", "10.0.0.3:80").isn(9, 10).veth("web").veth("job");
    const auto audit = shop.audit();
    const auto& lost = edge(audit, "web", "db");
    CHECK(lost.lost == 3);
    CHECK(lost.lost_between ==
          std::pair<std::string, std::string>("veth-web (web)", "veth-db (db)"));
    CHECK(lost.retransmitting == 2);
    CHECK(lost.retransmits == 7);
    const auto& part = edge(audit, "job", "db");
    CHECK(part.lost == 1);
    CHECK(part.lost_between.second == "veth-db (db)");
    const auto& whole = edge(audit, "web", "job");
    CHECK(whole.lost == 0);
    CHECK(whole.lost_between.first.empty());
    CHECK(whole.retransmitting == 0);
}

TEST_CASE("a rule nobody needed is found at its line, with what it opens") {
    Shop shop;
    shop.recording.tcp("10.0.0.3:40000", "10.0.0.1:80").isn(1, 2).veth("job").veth("web");
    SECTION("nothing was lost") {
        const auto audit = shop.audit();
        const auto* finding = find(audit, "allowed-never-used");
        REQUIRE(finding != nullptr);
        CHECK(finding->subject == "NetworkPolicy default/db-in ingress rule 1");
        CHECK(to_string(*finding->location) == "netpol.yaml:8:5");
        CHECK(finding->evidence.back() ==
              "opens default/web[Container] -> default/db[Container] TCP 5432");
        CHECK(edge(audit, "web", "db").state == EdgeState::allowed_unused);
        CHECK(edge(audit, "web", "db").declared_traffic == tcp(5432));
        CHECK_FALSE(audit.lossy);
    }
    SECTION("something was lost") {
        shop.recording.recording().losses.push_back(
            {test::at(1s), test::at(2s), "any@host", "kernel", 7, ""});
        const auto audit = shop.audit();
        CHECK(audit.lossy);
        CHECK(find(audit, "allowed-never-used")->message.find("no proof") != std::string::npos);
        REQUIRE(find(audit, "capture-loss") != nullptr);
        CHECK(find(audit, "capture-loss")->subject == "any@host");
    }
}

TEST_CASE("what is open only because nothing isolates it is never called unused") {
    Shop shop;
    shop.world.policies.clear();
    const auto audit = shop.audit();
    CHECK(find(audit, "allowed-never-used") == nullptr);
    CHECK(audit.graph.edges.empty());
}

TEST_CASE("a workload no policy selects is unprotected, and its edges amber") {
    Shop shop;
    shop.recording.tcp("10.0.0.3:40000", "10.0.0.1:80").isn(1, 2).veth("job").veth("web");
    const auto audit = shop.audit();
    CHECK(edge(audit, "job", "web").state == EdgeState::unprotected);
    const auto* finding = find(audit, "unprotected-workload");
    REQUIRE(finding != nullptr);
    CHECK(finding->subject == "default/job[Container]");
    CHECK(finding->severity == Severity::medium);
}

TEST_CASE("peers that nobody is known to own are found") {
    Shop shop;
    SECTION("from a private address, which should be known") {
        shop.recording.tcp("10.9.9.9:40000", "10.0.0.1:80").isn(1, 2).veth("web");
        const auto audit = shop.audit();
        const auto* finding = find(audit, "unknown-peer");
        REQUIRE(finding != nullptr);
        CHECK(finding->severity == Severity::medium);
        CHECK(finding->subject == "10.9.9.0/24 -> default/web[Container] TCP 80");
    }
    SECTION("to the internet without a name") {
        shop.recording.tcp("10.0.0.1:40000", "203.0.113.5:443").isn(1, 2).veth("web");
        const auto audit = shop.audit();
        REQUIRE(find(audit, "unknown-peer") != nullptr);
        CHECK(find(audit, "unknown-peer")->severity == Severity::low);
    }
    SECTION("not where the name is known") {
        shop.recording.name("10.0.0.1", "api.example.org", "203.0.113.5");
        shop.recording.tcp("10.0.0.1:40000", "203.0.113.5:443").isn(1, 2).veth("web");
        const auto audit = shop.audit();
        CHECK(find(audit, "unknown-peer") == nullptr);
        CHECK(edge(audit, "web", "api.example.org").conversations == 1);
    }
}

TEST_CASE("the outside is drawn by name, by block, or as one") {
    Shop shop;
    Policy policy = network_policy("default", "web-out", {{"app", "web"}}, false, true);
    policy.egress = {rule(Action::allow, {Peer{AddressPeer{block("203.0.113.0/24")}}}, tcp(443))};
    shop.world.policies.push_back(policy);
    shop.recording.name("10.0.0.1", "api.example.org", "203.0.113.5");
    std::uint16_t port = 40000;
    const auto talk = [&](const std::string& to) {
        auto flow = shop.recording.tcp("10.0.0.1:" + std::to_string(++port), to + ":443");
        return flow.isn(port, port + 1U);
    };
    TlsSeen told;
    told.sni = "shop.example.net";
    talk("203.0.113.5").veth("web");
    talk("198.51.100.1").tls(told).veth("web");
    talk("198.51.100.2").veth("web");
    talk("192.0.2.9").veth("web");
    talk("10.9.9.9").veth("web");
    const auto names = [&](OutsideBy outside) {
        std::vector<std::string> list;
        for (const auto& node : shop.audit(outside).graph.nodes) {
            if (node.kind == GraphNode::Kind::external) list.push_back(node.id);
        }
        return list;
    };
    using List = std::vector<std::string>;
    CHECK(names(OutsideBy::asked) == List{"10.9.9.0/24", "api.example.org", "internet"});
    CHECK(names(OutsideBy::name) ==
          List{"10.9.9.0/24", "api.example.org", "internet", "shop.example.net (SNI)"});
    CHECK(names(OutsideBy::block) ==
          List{"10.9.9.0/24", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"});
    CHECK(names(OutsideBy::internet) == List{"10.9.9.0/24", "internet"});
    // What was allowed and what was not are one edge: the worse counts.
    CHECK(edge(shop.audit(OutsideBy::internet), "web", "internet").state ==
          EdgeState::denied_flowed);
    // That a client says so makes nobody known.
    const auto audit = shop.audit(OutsideBy::name);
    CHECK(std::any_of(audit.findings.begin(), audit.findings.end(), [](const Finding& each) {
        return each.subject.find("(SNI)") != std::string::npos;
    }));
}

TEST_CASE("the internet is one node, except for blocks that a rule sets apart") {
    Shop shop;
    Policy policy = network_policy("default", "web-out", {{"app", "web"}}, false, true);
    policy.egress = {rule(Action::allow, {Peer{AddressPeer{block("203.0.113.0/24")}}}, tcp(443))};
    shop.world.policies.push_back(policy);
    shop.recording.tcp("10.0.0.1:40000", "203.0.113.5:443").isn(1, 2).veth("web");
    shop.recording.tcp("10.0.0.1:40001", "203.0.113.6:443").isn(3, 4).veth("web");
    shop.recording.tcp("10.0.0.1:40002", "198.51.100.7:443").isn(5, 6).veth("web");
    shop.recording.tcp("10.0.0.1:40003", "9.9.9.9:443").isn(7, 8).veth("web");
    const auto audit = shop.audit();
    CHECK(edge(audit, "web", "203.0.113.0/24").conversations == 2);
    CHECK(edge(audit, "web", "203.0.113.0/24").state == EdgeState::allowed_used);
    CHECK(edge(audit, "web", "internet").conversations == 2);
    CHECK(edge(audit, "web", "internet").state == EdgeState::denied_flowed);
}

TEST_CASE("connections that were open already, and replies, count as passed") {
    Shop shop;
    shop.recording.tcp("10.0.0.3:40000", "10.0.0.2:5432")
        .outcome(Outcome::mid_stream)
        .veth("job")
        .veth("db");
    CHECK(find(shop.audit(), "denied-but-flowed") != nullptr);
}

TEST_CASE("a rule that is narrower than written makes the answer undecided") {
    Shop shop;
    shop.world.policies[0].ingress[0].condition = "an HTTP condition";
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).veth("web").veth("db");
    const auto audit = shop.audit();
    CHECK(find(audit, "depends-on-plugin") != nullptr);
    CHECK(edge(audit, "web", "db").state == EdgeState::undecided);
}

TEST_CASE("probes from the pod's own node are never stopped") {
    Shop shop;
    shop.recording.host("10.0.0.254");
    shop.recording.tcp("10.0.0.254:40000", "10.0.0.2:9999").isn(1, 2).veth("db");
    const auto audit = shop.audit();
    CHECK(find(audit, "denied-but-flowed") == nullptr);
    CHECK(edge(audit, "node-1", "db").state == EdgeState::allowed_used);
}

TEST_CASE("two audits of the same are the same") {
    Shop shop;
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).veth("web").veth("db");
    shop.recording.tcp("10.0.0.3:40000", "10.0.0.2:5432").isn(3, 4).veth("job").veth("db");
    const auto once = shop.audit();
    const auto twice = shop.audit();
    CHECK(once.graph == twice.graph);
    CHECK(once.findings == twice.findings);
}

TEST_CASE("the graph alone is that of the whole audit, one conversation after the other") {
    Shop shop;
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).veth("web").veth("db");
    shop.recording.tcp("10.0.0.3:40000", "10.0.0.2:5432").isn(3, 4).at(2s).veth("job").veth("db");
    shop.recording.tcp("10.0.0.3:40001", "10.0.0.1:80")
        .isn(5, std::nullopt)
        .at(3s)
        .outcome(Outcome::unanswered)
        .veth("job");
    const auto whole = shop.audit();
    REQUIRE(whole.graph.edges.size() == 3);
    REQUIRE_FALSE(whole.findings.empty());
    const PolicyEngine engine(shop.world);
    Auditor auditor(engine, shop.recording.recording(), {.findings = false});
    stitch_each(shop.recording.recording(), shop.world.inventory, [&](const Conversation& each) {
        auditor.take(each);
        return true;
    });
    const auto graph = auditor.finish();
    CHECK(graph.graph == whole.graph);
    CHECK(graph.edge_of.empty());
    CHECK(graph.conversations == whole.conversations);
    CHECK(graph.edges_by_state == whole.edges_by_state);
    CHECK(graph.findings.empty());
}
