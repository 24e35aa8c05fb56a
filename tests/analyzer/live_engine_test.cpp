// SPDX-License-Identifier: Apache-2.0
// A thousand random changes, one at a time: each answer is that of an engine made from scratch.
#include "analyzer/live_engine.h"

#include <cstdlib>
#include <iostream>
#include <random>

#include <catch2/catch.hpp>

#include "tests/analyzer/random_world.h"
#include "tests/analyzer/worlds.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::worlds;

namespace {

unsigned seed() {
    const char* given = std::getenv("NSPECT_SEED");
    const unsigned chosen =
        given != nullptr ? static_cast<unsigned>(std::atol(given)) : std::random_device{}();
    std::cout << "changes: NSPECT_SEED=" << chosen << std::endl;
    return chosen;
}

/// A world that changes, and beside it the plain list of what is in it.
class Changing {
public:
    explicit Changing(unsigned seed) : random_(seed), worlds_(seed), start_(worlds_.make()) {
        policies_ = start_.policies;
        for (std::size_t i = 0; i < policies_.size(); ++i) {
            policies_[i].name += "-" + std::to_string(i);
        }
        start_.policies = policies_;
        live_.emplace(start_);
        for (std::size_t i = 0; i < start_.inventory.endpoints().size(); ++i) alive_.push_back(i);
    }

    void change() {
        const unsigned what = static_cast<unsigned>(random_() % 5);
        if (what == 0 && alive_.size() > 2) {
            const std::size_t victim = random_() % alive_.size();
            live_->remove_endpoint(alive_[victim]);
            alive_.erase(alive_.begin() + static_cast<std::ptrdiff_t>(victim));
        } else if (what == 1 && alive_.size() < 14) {
            add_pod_like_one();
        } else if (what == 2 && policies_.size() > 1) {
            const std::size_t victim = random_() % policies_.size();
            REQUIRE(live_->remove_policy(policy_title(policies_[victim])));
            policies_.erase(policies_.begin() + static_cast<std::ptrdiff_t>(victim));
        } else {
            set_policy();
        }
    }

    /// From scratch, over the inventory as the live one has it: about one in `share` of the
    /// sources, with everyone.
    std::string disagreement(std::size_t share) {
        World now = live_->world();
        now.policies = policies_;
        const PolicyEngine fresh(now);
        std::vector<Who> parties;
        for (const Who& who : worlds_.parties(now)) {
            if (!who.endpoint || live_->is_alive(*who.endpoint)) parties.push_back(who);
        }
        for (const Who& from : parties) {
            if (random_() % share != 0) continue;
            for (const Who& to : parties) {
                if (live_->allowed(from, to) != fresh.allowed(from, to)) return "both sides";
                for (const Direction direction : {Direction::ingress, Direction::egress}) {
                    if (live_->allowed(direction, from, to) != fresh.allowed(direction, from, to))
                        return std::string(to_string(direction));
                }
            }
        }
        return {};
    }

private:
    void add_pod_like_one() {
        const World other = worlds_.make();
        const auto& endpoints = other.inventory.endpoints();
        const std::size_t chosen = random_() % endpoints.size();
        Endpoint pod = endpoints[chosen];
        WorkloadId id = other.inventory.workload_of(pod);
        id.name = pod.name = "new-" + std::to_string(++made_);
        alive_.push_back(live_->add_endpoint(id, pod, other.inventory.addresses_of(chosen)));
    }

    /// One that replaces another comes last, as the live engine has it.
    void set_policy() {
        const World other = worlds_.make();
        Policy policy = other.policies[random_() % other.policies.size()];
        if (random_() % 2 == 0 && !policies_.empty()) {
            const std::size_t old = random_() % policies_.size();
            policy.kind = policies_[old].kind;
            policy.namespace_name = policies_[old].namespace_name;
            policy.name = policies_[old].name;
            policies_.erase(policies_.begin() + static_cast<std::ptrdiff_t>(old));
        } else {
            policy.name = "new-" + std::to_string(++made_);
        }
        policies_.push_back(policy);
        live_->set_policy({policy});
    }

    std::mt19937 random_;
    RandomWorld worlds_;
    World start_;
    std::optional<LiveEngine> live_;
    std::vector<Policy> policies_;
    std::vector<std::size_t> alive_;
    int made_ = 0;
};

}  // namespace

TEST_CASE("after each of a thousand changes the answers are those from scratch") {
    unsigned next = seed();
    for (int world = 0; world < 4; ++world, ++next) {
        Changing changing(next);
        for (int change = 0; change < 300; ++change) {
            changing.change();
            const std::string wrong = changing.disagreement(change % 25 == 0 ? 1 : 8);
            INFO("seed " << next << ", change " << change << ": " << wrong);
            REQUIRE(wrong.empty());
        }
    }
}

TEST_CASE("a policy that is not there cannot be removed") {
    LiveEngine live{World{}};
    CHECK_FALSE(live.remove_policy("NetworkPolicy shop/none"));
    CHECK(live.changes() == 0);
}

TEST_CASE("after many changes the world is compiled anew") {
    LiveEngine live{World{}};
    for (std::size_t i = 0; i + 1 < LiveEngine::most_changes; ++i) {
        live.set_policy({network_policy("a", "same", {}, true, true)});
    }
    CHECK(live.world().policies.size() == LiveEngine::most_changes - 1);
    live.set_policy({network_policy("a", "same", {}, true, true)});
    CHECK(live.world().policies.size() == 1);
    CHECK(live.changes() == 0);
}
