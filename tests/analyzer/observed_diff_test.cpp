// SPDX-License-Identifier: Apache-2.0
#include "analyzer/observed_diff.h"

#include <catch2/catch.hpp>

#include "analyzer/identity.h"
#include "analyzer/stitch.h"
#include "tests/analyzer/recording_builder.h"
#include "tests/analyzer/worlds.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;

namespace {

struct Side : RecordingBuilder {
    Side() {
        container("web", "10.0.0.1").container("db", "10.0.0.2").container("job", "10.0.0.3");
    }
    /// Web asks db, `times` times.
    Side& talk(int times = 1, Outcome outcome = Outcome::established) {
        for (int i = 0; i < times; ++i) {
            tcp("10.0.0.1:" + std::to_string(40000 + i), "10.0.0.2:5432")
                .isn(1000U + static_cast<unsigned>(i), 7U)
                .outcome(outcome)
                .veth("web");
        }
        return *this;
    }
    Audit audited(std::vector<Policy> policies = {}) {
        World world;
        world.policies = std::move(policies);
        world.inventory = with_recording({}, recording());
        const auto conversations = stitch(recording(), world.inventory);
        const PolicyEngine engine(world);
        return audit(engine, conversations, recording());
    }
};

}  // namespace

TEST_CASE("two recordings of the same edges do not differ") {
    const auto same = diff(Side().talk(1).audited(), Side().talk(3).audited());
    CHECK(same.empty());
    CHECK(same.same == 1);
    CHECK(same.added.empty());
    const auto refused = [] { return Side().talk(1, Outcome::refused).audited(); };
    CHECK(diff(refused(), refused()).empty());
}

TEST_CASE("an edge in one recording only is new or gone, and so are workloads") {
    const auto nothing = Side().audited();
    const auto talked = Side().talk().audited();
    const auto added = diff(nothing, talked);
    REQUIRE(added.rows.size() == 1);
    CHECK(to_string(added.rows[0].type) == "added");
    CHECK_FALSE(added.rows[0].before);
    CHECK(added.added.size() == 2);
    const auto removed = diff(talked, nothing);
    REQUIRE(removed.rows.size() == 1);
    CHECK(to_string(removed.rows[0].type) == "removed");
    CHECK_FALSE(removed.rows[0].after);
    CHECK(removed.removed == added.added);
}

TEST_CASE("what policy never let pass and passes now is a change") {
    const auto deny = worlds::network_policy("default", "deny", {}, true, true);
    const auto changed = diff(Side().talk().audited(), Side().talk().audited({deny}));
    REQUIRE(changed.rows.size() == 1);
    CHECK(changed.rows[0].what == std::vector<std::string>{"denied-flowed, was unprotected"});
}

TEST_CASE("an edge that gets through no more is a change") {
    const auto changed =
        diff(Side().talk().audited(), Side().talk(1, Outcome::unanswered).audited());
    REQUIRE(changed.rows.size() == 1);
    CHECK(changed.rows[0].what == std::vector<std::string>{"does not arrive, and did"});
}

TEST_CASE("ten times the bytes per second is a change, where there is enough to count") {
    const auto drifted = diff(Side().talk(2).audited(), Side().talk(20).audited());
    REQUIRE(drifted.rows.size() == 1);
    CHECK(drifted.rows[0].what == std::vector<std::string>{"10 times the bytes per second"});
    CHECK(diff(Side().talk(20).audited(), Side().talk(2).audited()).rows[0].what ==
          std::vector<std::string>{"1/10 of the bytes per second"});
    CHECK(diff(Side().talk(3).audited(), Side().talk(20).audited()).empty());
    CHECK(diff(Side().talk(0).talk(1).audited(), Side().talk(9).audited()).empty());  // too few
}

TEST_CASE("losses in either recording are told") {
    Side lossy;
    Loss loss;
    loss.count = 1;
    lossy.talk().recording().losses.push_back(loss);
    CHECK(diff(Side().talk().audited(), lossy.audited()).lossy);
    CHECK(diff(lossy.audited(), Side().talk().audited()).lossy);
    CHECK_FALSE(diff(Side().audited(), Side().talk().audited()).lossy);
}
