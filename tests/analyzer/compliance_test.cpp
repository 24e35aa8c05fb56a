// SPDX-License-Identifier: Apache-2.0
#include "analyzer/compliance.h"

#include <algorithm>

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

/// web, db and job of one namespace, monitor of another; web talks to db.
struct Shop {
    RecordingBuilder recording;
    World world;
    ComplianceInput input{true, {}};

    Shop() {
        recording.container("web", "10.0.0.1", {{"app", "web"}})
            .container("db", "10.0.0.2", {{"app", "db"}});
    }

    /// Isolates everybody in both directions but for web to db on 5432.
    Shop& with_policies() {
        Policy deny = network_policy("default", "deny", {}, true, true);
        Policy in = network_policy("default", "db", {{"app", "db"}}, true, false);
        in.ingress = {rule(Action::allow, {Peer{pods_in("default", {{"app", "web"}})}}, tcp(5432))};
        Policy out = network_policy("default", "web", {{"app", "web"}}, false, true);
        out.egress = {rule(Action::allow, {Peer{pods_in("default", {{"app", "db"}})}}, tcp(5432))};
        world.policies = {deny, in, out};
        return *this;
    }

    std::vector<ComplianceCheck> checks() {
        world.inventory = with_recording(std::move(world.inventory), recording.recording());
        const auto conversations = stitch(recording.recording(), world.inventory);
        const PolicyEngine engine(world);
        const Audit audited = audit(engine, conversations, recording.recording());
        if (whole_scope) {
            for (std::size_t i = 0; i < world.inventory.endpoints().size(); ++i)
                input.scope.push_back(i);
        }
        return compliance(engine, audited, input);
    }
    bool whole_scope = false;
};

const ComplianceCheck& get(const std::vector<ComplianceCheck>& checks, const std::string& id) {
    const auto at = std::find_if(checks.begin(), checks.end(),
                                 [&](const ComplianceCheck& each) { return each.id == id; });
    REQUIRE(at != checks.end());
    return *at;
}

std::string status(const std::vector<ComplianceCheck>& checks, const std::string& id) {
    return std::string(to_string(get(checks, id).status));
}

}  // namespace

TEST_CASE("without manifests and traffic nothing is claimed") {
    Shop shop;
    shop.input.has_manifests = false;
    const auto checks = shop.checks();
    CHECK(checks.size() == 15);
    for (const auto& each : checks) {
        CAPTURE(each.id);
        CHECK(to_string(each.status) == "not observable");
        CHECK(!each.reason.empty());
        CHECK(each.evidence.empty());
    }
}

TEST_CASE("workloads that no policy isolates fail what is about policy, by name") {
    Shop shop;
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").veth("web").veth("db");
    const auto checks = shop.checks();
    for (const char* id : {"cis-5.3.2", "nsa-default-deny", "nsa-metadata", "nist-800-207-access"})
        CHECK(status(checks, id) == "fail");
    CHECK(get(checks, "cis-5.3.2").evidence == std::vector<std::string>{"namespace default"});
    CHECK(get(checks, "nsa-default-deny").evidence.front().ends_with(": ingress and egress"));
    CHECK(status(checks, "owasp-k07") == "not observable");  // one namespace only
    CHECK(status(checks, "nsa-enforced") == "not observable");
    CHECK(status(checks, "nist-800-207-least") == "not observable");  // no rule at all
}

TEST_CASE("policies that name what is used pass what is about policy") {
    Shop shop;
    shop.with_policies();
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").veth("web").veth("db");
    const auto checks = shop.checks();
    for (const char* id : {"cis-5.3.2", "nsa-default-deny", "nsa-metadata", "nist-800-207-access",
                           "nist-800-207-least"})
        CHECK(status(checks, id) == "pass");
}

TEST_CASE("what policy denies passes or does not, and without an attempt nobody knows") {
    Shop shop;
    shop.with_policies();
    shop.recording.tcp("10.0.0.2:40000", "10.0.0.1:80").veth("web").veth("db");
    CHECK(status(shop.checks(), "nsa-enforced") == "fail");
    Shop blocked;
    blocked.with_policies();
    blocked.recording.tcp("10.0.0.2:40000", "10.0.0.1:80").outcome(Outcome::unanswered).veth("db");
    CHECK(status(blocked.checks(), "nsa-enforced") == "pass");
}

TEST_CASE("plaintext between workloads fails encryption; certificates nobody saw are no pass") {
    Shop shop;
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").veth("web").veth("db");
    const auto checks = shop.checks();
    CHECK(status(checks, "nist-800-204-mtls") == "fail");
    CHECK(status(checks, "nist-800-207-encryption") == "fail");
    CHECK(status(checks, "nist-800-52r2-versions") == "not observable");
    CHECK(status(checks, "nist-800-52r2-certificates") == "not observable");
}

TEST_CASE("an attempt that carried nothing says nothing about encryption") {
    Shop shop;
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").outcome(Outcome::refused).veth("web");
    CHECK(status(shop.checks(), "nist-800-204-mtls") == "not observable");
}

TEST_CASE("PCI DSS is about what somebody named") {
    Shop shop;
    shop.with_policies();
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").veth("web").veth("db");
    shop.whole_scope = true;
    const auto checks = shop.checks();
    for (const char* id : {"pci-1.3.1", "pci-1.3.2", "pci-1.4.4"})
        CHECK(status(checks, id) == "pass");
    CHECK(status(checks, "pci-4.2.1") == "not observable");
}

TEST_CASE("a scope that the internet may reach, and talks with in clear, fails") {
    Shop shop;
    shop.recording.tcp("10.0.0.1:40000", "198.51.100.7:80").veth("web");
    shop.whole_scope = true;
    const auto checks = shop.checks();
    for (const char* id : {"pci-1.3.1", "pci-1.3.2", "pci-1.4.4", "pci-4.2.1"})
        CHECK(status(checks, id) == "fail");
}

TEST_CASE("a recording that lost packets does not prove that a rule is not needed") {
    Shop shop;
    shop.with_policies();
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").veth("web").veth("db");
    Loss loss;
    loss.source = "veth-web";
    loss.kind = "kernel";
    loss.count = 3;
    shop.recording.recording().losses.push_back(loss);
    CHECK(status(shop.checks(), "nist-800-207-least") == "not observable");
}

TEST_CASE("over losses nothing passes for what was not seen, and what was seen to fail fails") {
    Shop shop;
    shop.whole_scope = true;
    shop.with_policies();
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").veth("web").veth("db");
    const auto whole = shop.checks();
    for (const char* id : {"nist-800-207-access", "pci-1.3.1", "pci-1.3.2"})
        CHECK(status(whole, id) == "pass");
    shop.recording.recording().losses.push_back({at(1s), at(2s), "veth-web", "kernel", 3, ""});
    const auto lossy = shop.checks();
    for (const char* id : {"nist-800-207-access", "pci-1.3.1", "pci-1.3.2"}) {
        CHECK(status(lossy, id) == "not observable");
        CHECK(get(lossy, id).reason.find("lost while recording") != std::string::npos);
    }
    CHECK(status(lossy, "pci-1.4.4") == "pass");
    CHECK(status(lossy, "nist-800-207-encryption") == "fail");
}
