// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analyzer/compiled.h"
#include "analyzer/lint.h"
#include "analyzer/lint_pods.h"

namespace nspect::analyzer {

/// A rule by its place in the world.
struct RuleName {
    std::size_t policy = 0;
    Direction direction = Direction::ingress;
    std::size_t rule = 0;

    auto operator<=>(const RuleName&) const = default;
    bool operator==(const RuleName&) const = default;
};

inline constexpr Direction both_directions[] = {Direction::ingress, Direction::egress};

/// Sets of peers: whether `inner` is all in `outer`; whether they have a peer in common; one peer.
bool contains(const PeerSet& outer, const PeerSet& inner);
bool overlap(const PeerSet& a, const PeerSet& b, std::uint32_t universe);
bool has(const PeerSet& set, std::uint32_t peer);
bool is_empty(const PeerSet& set, std::uint32_t universe);

/// What the lints share: the compiled world in the forms they ask for, each made once, and the
/// findings so far.
class LintFacts {
public:
    LintFacts(const PolicyEngine& policy_engine, const LintInput& given);

    const PolicyEngine& engine;
    const LintInput& input;
    const World& world;
    const PolicyEngine::Compiled& compiled;
    LintPods pods;
    TrafficPool traffic;
    std::vector<Finding> findings;
    std::vector<RuleEvidence> rules;  ///< with a recording
    Timestamp first{};                ///< the window it covers
    Timestamp last{};
    bool lossy = false;

    const Policy& policy(std::size_t index) const { return world.policies[index]; }
    const Rule& rule(const RuleName& name) const {
        return world.policies[name.policy].rules(name.direction)[name.rule];
    }
    const RuleRef& ref(const RuleName& name) const {
        return compiled.rules.policies()[name.policy].rules(name.direction)[name.rule];
    }
    /// Every rule of every policy.
    template <class Visit>
    void each_rule(Visit visit) const {
        for (std::size_t i = 0; i < world.policies.size(); ++i) {
            for (const auto direction : both_directions) {
                for (std::size_t r = 0; r < policy(i).rules(direction).size(); ++r) {
                    visit(RuleName{i, direction, r});
                }
            }
        }
    }

    /// Classes a policy selects; policies with equal subjects share a number.
    const IdSet& subjects(std::size_t policy) const {
        return subject_sets_[subject_number_[policy]];
    }
    std::uint32_t subject_number(std::size_t policy) const { return subject_number_[policy]; }
    const IdSet& subject_set(std::uint32_t number) const { return subject_sets_[number]; }
    /// Endpoints in these classes.
    std::size_t count(const IdSet& classes) const;
    /// One endpoint of the class.
    std::size_t representative(std::uint32_t class_id) const { return representatives_[class_id]; }
    /// Some of the workloads in these classes: "shop/web[Deployment], shop/db[StatefulSet] and 3
    /// more". The predicate says which endpoints count; absent, all.
    std::string workloads(const IdSet& classes, bool (*counts)(const Endpoint&) = nullptr) const;

    /// The peers of a rule as the engine has them. Those that only the reading of address blocks
    /// against pods makes part of it are in the second set.
    struct Peers {
        PeerSet sure;
        PeerSet by_block;
    };
    const Peers& peers(const RuleName& name) { return peer_sets_[peers_number(name)]; }
    std::uint32_t peers_number(const RuleName& name);
    std::uint32_t universe(Direction direction) const {
        return compiled.profiles(direction).peers().size();
    }

    /// What the rule names by number, in `traffic`.
    TrafficId traffic_of(const RuleName& name);

    /// A finding about a policy or one of its rules: subject and place are filled in.
    Finding& report(std::string_view code, Severity severity, std::size_t policy,
                    std::string message);
    Finding& report(std::string_view code, Severity severity, const RuleName& name,
                    std::string message);
    /// "ingress rule 2 of NetworkPolicy shop/db-in (netpol.yaml:14:5)".
    std::string title(const RuleName& name) const;
    std::string title(std::size_t policy) const;
    /// Once per lint: some things were not compared.
    void report_incomplete(std::string_view code, const std::string& what);

private:
    void number_subjects();
    void set_window();

    std::vector<std::size_t> representatives_;         // by class
    std::vector<std::vector<std::uint32_t>> members_;  // some endpoints, by class
    std::vector<std::uint32_t> subject_number_;
    std::vector<IdSet> subject_sets_;
    std::map<std::pair<bool, std::vector<PeerRef>>, std::uint32_t> peer_index_[2];  // by direction
    std::deque<Peers> peer_sets_;  // references stay good
    std::unordered_map<TrafficId, TrafficId> traffic_numbers_;
};

// The lints, by file. Each is a row of lint_table().
// lint_selection.cpp
void find_selects_nothing(LintFacts& facts);
void find_peer_selects_nothing(LintFacts& facts);
void find_near_misses(LintFacts& facts);
void find_rollout_pinned(LintFacts& facts);
// lint_mistakes.cpp
void find_and_or(LintFacts& facts);
void find_finished_jobs(LintFacts& facts);
void find_host_network(LintFacts& facts);
void find_direction_without_rules(LintFacts& facts);
// lint_rules.cpp
void find_duplicates(LintFacts& facts);
void find_contained(LintFacts& facts);
void find_conflicts(LintFacts& facts);
// lint_reach.cpp
void find_never_reached(LintFacts& facts);  // and deny-shadowed
// lint_open.cpp
void find_no_default_deny(LintFacts& facts);
void find_ingress_from_everywhere(LintFacts& facts);
void find_egress_to_everywhere(LintFacts& facts);
void find_blocks_covering_pods(LintFacts& facts);
void find_metadata_reachable(LintFacts& facts);
// lint_dns.cpp
void find_dns_blocked(LintFacts& facts);
// lint_ports.cpp
void find_unknown_port_names(LintFacts& facts);
void find_ports_nobody_opens(LintFacts& facts);
void find_service_ports(LintFacts& facts);
void find_service_targets(LintFacts& facts);
// lint_evidence.cpp
void find_never_hit(LintFacts& facts);

}  // namespace nspect::analyzer
