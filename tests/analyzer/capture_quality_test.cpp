// SPDX-License-Identifier: Apache-2.0
// How far a recording can be trusted, and what it says of names nobody could resolve.
#include "analyzer/capture_quality.h"

#include <catch2/catch.hpp>

#include "analyzer/audit_names.h"
#include "analyzer/identity.h"
#include "tests/analyzer/recording_builder.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;

namespace {

RecordingBuilder shop() {
    RecordingBuilder r;
    r.container("web", "10.0.0.1").container("dns", "10.0.0.53");
    return r;
}

bool says(const std::vector<std::string>& sentences, std::string_view part) {
    for (const auto& each : sentences) {
        if (each.find(part) != std::string::npos) return true;
    }
    return false;
}

void fail(RecordingBuilder& r, const char* name, NameProblem problem, Duration when = 1s) {
    r.recording().name_failures.push_back({test::at(when), r.veth_of("web"),
                                           *IpAddress::parse("10.0.0.1"),
                                           *IpAddress::parse("10.0.0.53"), name, problem});
}

std::vector<Finding> findings(RecordingBuilder& r) {
    return name_findings(r.recording(), with_recording(Inventory(), r.recording()));
}

}  // namespace

TEST_CASE("a whole recording needs no warning") {
    auto r = shop();
    r.recording().info.asked_for = 3600s;
    CHECK_FALSE(is_lossy(r.recording()));
    CHECK(capture_warnings(r.recording()).empty());
}

TEST_CASE("losses are told by source and time, and make silence unsafe") {
    auto r = shop();
    r.recording().losses = {{test::at(1s), test::at(2s), "veth-web", "kernel", 5, ""},
                            {test::at(8s), test::at(9s), "veth-web", "kernel", 7, ""},
                            {test::at(3s), test::at(3s), "job", "target", 1, "it was gone"}};
    const auto warnings = capture_warnings(r.recording());
    CHECK(is_lossy(r.recording()));
    CHECK(says(warnings, "Lost at veth-web: 12 (kernel) between"));
    CHECK(says(warnings, "Not covered at"));
    CHECK(says(warnings, "job, it was gone"));
    CHECK(says(warnings, "not safe to act on"));
}

TEST_CASE("who came and went without a name is told, and makes nothing unsafe") {
    auto r = shop();
    r.recording().losses = {{test::at(3s), test::at(3s), "recorder", "name", 2, "it was gone"}};
    const auto warnings = capture_warnings(r.recording());
    CHECK_FALSE(is_lossy(r.recording()));
    CHECK(says(warnings, "Not named at"));
    CHECK(says(warnings, "(2 times)"));
    CHECK_FALSE(says(warnings, "not safe"));
}

TEST_CASE("a recording that ended before its time says so") {
    auto r = shop();
    r.recording().info.asked_for = 7200s;
    CHECK(is_lossy(r.recording()));
    CHECK(says(capture_warnings(r.recording()), "Recorded for 3600 s of the 7200 s asked for."));
}

TEST_CASE("conversations without start or without one direction are counted") {
    Conversation whole;
    whole.outcome = Outcome::established;
    whole.sent = whole.received = {1, 40};
    Conversation open = whole;
    open.outcome = Outcome::mid_stream;
    Conversation one_way = whole;
    one_way.received = {};
    CHECK(capture_warnings(Recording(), HalfSeen({whole})).empty());
    CHECK(capture_warnings(Recording(), HalfSeen({whole, open, one_way})) ==
          std::vector<std::string>{"Half seen: 1 without their start, 1 in one direction only."});
}

TEST_CASE("what an endpoint did not send is told apart from what was not watched") {
    auto r = shop();
    const auto inventory = with_recording(Inventory(), r.recording());
    const auto web = inventory.owner_of(*IpAddress::parse("10.0.0.1"), test::at(1s));
    REQUIRE(web);
    CHECK(says(silence_words(r.recording(), inventory, {*web}, true),
               "nothing of it was seen at veth-web (web)"));
    auto unwatched = r.recording();
    unwatched.vantages.clear();
    CHECK(says(silence_words(unwatched, inventory, {*web}, true), "was not recorded"));
}

TEST_CASE("a name that failed is a finding of who asked") {
    auto r = shop();
    fail(r, "db.shop", NameProblem::server_failure);
    fail(r, "db.shop", NameProblem::server_failure, 70s);
    fail(r, "cache.shop", NameProblem::unanswered);
    const auto all = findings(r);
    REQUIRE(all.size() == 2);
    CHECK(all[0].code == "dns-server-failure");
    CHECK(all[0].subject == "default/web[Container]");
    CHECK(says(all[0].evidence, "db.shop of 10.0.0.53, in 2 minutes between"));
    CHECK(all[1].code == "dns-unanswered");
}

TEST_CASE("a search list is no failure where one of its names was found") {
    auto r = shop();
    fail(r, "db.web.svc.cluster.local", NameProblem::no_such_name);
    fail(r, "db.svc.cluster.local", NameProblem::no_such_name);
    SECTION("found") {
        r.name("10.0.0.1", "db.shop.svc.cluster.local", "10.0.0.2", 2s);
        CHECK(findings(r).empty());
    }
    SECTION("found by somebody else, or long after") {
        r.name("10.0.0.9", "db.shop.svc.cluster.local", "10.0.0.2", 2s);
        r.name("10.0.0.1", "db.shop.svc.cluster.local", "10.0.0.2", 600s);
        REQUIRE(findings(r).size() == 1);
        CHECK(findings(r)[0].code == "dns-no-such-name");
    }
}

TEST_CASE("a name with its search list is told once, and evidence is bounded") {
    auto r = shop();
    fail(r, "gone", NameProblem::no_such_name);
    fail(r, "gone.shop.svc", NameProblem::no_such_name);
    REQUIRE(findings(r).size() == 1);
    CHECK(findings(r)[0].evidence.size() == 1);
    for (int i = 100; i < 150; ++i) {
        fail(r, ("n" + std::to_string(i)).c_str(), NameProblem::no_such_name);
    }
    REQUIRE(findings(r).size() == 1);
    CHECK(findings(r)[0].evidence.size() == 11);
    CHECK(findings(r)[0].evidence.back() == "41 more names");
}
