// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "analyzer/lint_facts.h"

namespace nspect::analyzer {
namespace {

/// About a second of comparing rules.
constexpr std::size_t most_comparisons = 20'000'000;

bool same_policy(const Policy& a, const Policy& b) {
    return std::tie(a.kind, a.namespace_name, a.name) == std::tie(b.kind, b.namespace_name, b.name);
}

/// A policy as the engine sees it, in numbers: equal ones do the same to the pods there are.
using Form = std::vector<std::uint64_t>;

Form form_of(LintFacts& facts, std::size_t index, std::map<Stage, std::uint64_t>& stages) {
    const Policy& policy = facts.policy(index);
    Form form{static_cast<std::uint64_t>(policy.kind),
              stages.try_emplace(policy.stage, stages.size()).first->second,
              facts.subject_number(index),
              (policy.isolates_ingress ? 1U : 0U) | (policy.isolates_egress ? 2U : 0U)};
    for (const auto direction : both_directions) {
        form.push_back(policy.rules(direction).size());
        for (std::size_t r = 0; r < policy.rules(direction).size(); ++r) {
            const RuleName name{index, direction, r};
            const RuleRef& ref = facts.ref(name);
            form.insert(form.end(), {static_cast<std::uint64_t>(ref.action),
                                     std::bit_cast<std::uint64_t>(ref.order),
                                     facts.peers_number(name), facts.traffic_of(name),
                                     facts.rule(name).narrower() ? 1U : 0U, ref.names.size()});
            for (const NameRef& port : ref.names) {
                form.push_back(port.name);
                form.push_back(port.protocol ? static_cast<std::uint64_t>(*port.protocol) + 1 : 0);
            }
        }
    }
    return form;
}

/// By policy: an earlier one that is the same in all but its name.
std::vector<std::optional<std::size_t>> duplicates(LintFacts& facts) {
    std::vector<std::optional<std::size_t>> found(facts.world.policies.size());
    std::map<Stage, std::uint64_t> stages;
    std::map<Form, std::size_t> known;
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (facts.subjects(i).empty()) continue;
        const auto [entry, fresh] = known.try_emplace(form_of(facts, i, stages), i);
        if (!fresh && !same_policy(facts.policy(entry->second), facts.policy(i))) {
            found[i] = entry->second;
        }
    }
    return found;
}

/// What the rule may name at most is all numbered traffic of the protocols that its names may have.
bool names_within(LintFacts& facts, const RuleName& inner, const RuleName& outer) {
    const auto& theirs = facts.ref(outer).names;
    for (const NameRef& name : facts.ref(inner).names) {
        if (std::find(theirs.begin(), theirs.end(), name) != theirs.end()) continue;
        const TrafficSet any = name.protocol
                                   ? TrafficSet::of(*name.protocol, all_ports)
                                   : TrafficSet::of(Protocol::tcp) | TrafficSet::of(Protocol::udp) |
                                         TrafficSet::of(Protocol::sctp);
        const TrafficId wanted = facts.traffic.intern(any);
        if (facts.traffic.subtract(wanted, facts.traffic_of(outer)) != TrafficPool::none) {
            return false;
        }
    }
    return true;
}

class Containment {
public:
    explicit Containment(LintFacts& facts) : facts_(facts), duplicate_of_(duplicates(facts)) {
        for (std::size_t i = 0; i < facts_.world.policies.size(); ++i) {
            const Policy& policy = facts_.policy(i);
            for (const auto direction : both_directions) {
                for (const Rule& rule : policy.rules(direction)) {
                    actions_[{policy.stage, direction}] |= 1U << static_cast<unsigned>(rule.action);
                }
            }
        }
    }

    void find() {
        for (std::size_t i = 0; i < facts_.world.policies.size(); ++i) {
            if (facts_.subjects(i).empty() || duplicate_of_[i]) continue;
            for (const auto direction : both_directions) {
                if (!facts_.policy(i).rules(direction).empty()) look(i, direction);
            }
        }
        if (skipped_ > 0) {
            facts_.report_incomplete("rule-contained", std::to_string(skipped_) +
                                                           " policies were not compared to all "
                                                           "others");
        }
    }

private:
    void look(std::size_t policy, Direction direction) {
        const std::uint32_t first_class = facts_.subjects(policy).front();
        auto& candidates = policies_[direction == Direction::ingress ? 0 : 1];
        const auto [entry, fresh] = candidates.try_emplace(first_class);
        if (fresh) {
            entry->second = facts_.compiled.profiles(direction).policies_of(first_class);
        }
        std::vector<bool> reported(facts_.policy(policy).rules(direction).size(), false);
        for (const std::uint32_t other : entry->second) {
            if (compared_ > most_comparisons) {
                ++skipped_;
                return;
            }
            ++compared_;
            const bool comparable = !duplicate_of_[other] &&
                                    facts_.policy(other).stage == facts_.policy(policy).stage &&
                                    subjects_within(policy, other);
            if (comparable) compare(policy, other, direction, reported);
        }
    }

    bool subjects_within(std::size_t inner, std::size_t outer) {
        const std::uint32_t a = facts_.subject_number(inner);
        const std::uint32_t b = facts_.subject_number(outer);
        if (a == b) return true;
        const auto [entry, fresh] = within_.try_emplace(std::uint64_t{a} << 32U | b, false);
        if (fresh) {
            const IdSet& some = facts_.subject_set(a);
            const IdSet& all = facts_.subject_set(b);
            entry->second = some.size() <= all.size() &&
                            std::includes(all.begin(), all.end(), some.begin(), some.end());
        }
        return entry->second;
    }

    void compare(std::size_t policy, std::size_t other, Direction direction,
                 std::vector<bool>& reported) {
        for (std::size_t r = 0; r < reported.size(); ++r) {
            const RuleName inner{policy, direction, r};
            for (std::size_t q = 0;
                 !reported[r] && q < facts_.policy(other).rules(direction).size(); ++q) {
                const RuleName outer{other, direction, q};
                ++compared_;
                if (inner == outer || !covers(outer, inner) || !counts(outer, inner)) continue;
                report(inner, outer);
                reported[r] = true;
            }
        }
    }

    bool covers(const RuleName& outer, const RuleName& inner) {
        const RuleRef& a = facts_.ref(outer);
        const RuleRef& b = facts_.ref(inner);
        if (a.action != b.action || facts_.rule(outer).narrower()) return false;
        if (facts_.traffic.subtract(facts_.traffic_of(inner), facts_.traffic_of(outer)) !=
            TrafficPool::none) {
            return false;
        }
        if (!names_within(facts_, inner, outer)) return false;
        const auto mine = facts_.peers_number(inner);
        const auto theirs = facts_.peers_number(outer);
        if (mine == theirs) return !nobody(inner, mine);
        const auto [entry, fresh] = peers_within_.try_emplace(std::uint64_t{mine} << 32U | theirs);
        if (fresh) {
            const LintFacts::Peers& some = facts_.peers(inner);
            const LintFacts::Peers& all = facts_.peers(outer);
            entry->second =
                !nobody(inner, mine) && contains(all.sure, some.sure) &&
                (contains(all.by_block, some.by_block) || contains(all.sure, some.by_block));
        }
        return entry->second;
    }

    bool nobody(const RuleName& name, std::uint32_t number) {
        const auto [entry, fresh] = nobody_.try_emplace(number);
        if (fresh) {
            const LintFacts::Peers& peers = facts_.peers(name);
            const std::uint32_t universe = facts_.universe(name.direction);
            entry->second = is_empty(peers.sure, universe) && is_empty(peers.by_block, universe);
        }
        return entry->second;
    }

    /// Whether the inner rule could go: the outer one comes before it, or nothing of another action
    /// stands between. Of two equal rules the first one stays.
    bool counts(const RuleName& outer, const RuleName& inner) {
        const double a = facts_.ref(outer).order;
        const double b = facts_.ref(inner).order;
        const bool before = std::tie(a, outer) < std::tie(b, inner);
        if (before) return true;
        const auto& policy = facts_.policy(inner.policy);
        const unsigned actions = actions_[{policy.stage, inner.direction}];
        if (!std::has_single_bit(actions)) return false;
        const bool same =
            facts_.subject_number(outer.policy) == facts_.subject_number(inner.policy) &&
            !facts_.rule(inner).narrower() && covers(inner, outer);
        return !same;
    }

    void report(const RuleName& inner, const RuleName& outer) {
        const bool same = inner.policy == outer.policy;
        auto& finding = facts_.report("rule-contained", Severity::low, inner,
                                      same ? "another rule of the policy says all that it says"
                                           : "a rule of another policy says all that it says");
        finding.evidence.push_back("contained in " + facts_.title(outer));
        const IdSet& subjects = facts_.subjects(inner.policy);
        finding.evidence.push_back("held against " + facts_.workloads(subjects) +
                                   ", and the peers known now");
    }

    LintFacts& facts_;
    std::vector<std::optional<std::size_t>> duplicate_of_;
    std::map<std::pair<Stage, Direction>, unsigned> actions_;  // as bits
    std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> policies_[2];
    std::unordered_map<std::uint64_t, bool> within_;
    std::unordered_map<std::uint64_t, bool> peers_within_;
    std::unordered_map<std::uint32_t, bool> nobody_;
    std::size_t compared_ = 0;
    std::size_t skipped_ = 0;
};

/// Two policies of one priority, rule by rule.
class Conflicts {
public:
    explicit Conflicts(LintFacts& facts) : facts_(facts) {}

    void find() {
        std::map<std::tuple<PolicyKind, Stage, double>, std::vector<std::size_t>> groups;
        for (std::size_t i = 0; i < facts_.world.policies.size(); ++i) {
            const Policy& policy = facts_.policy(i);
            if (policy.kind != PolicyKind::admin_network_policy &&
                policy.kind != PolicyKind::cluster_network_policy) {
                continue;
            }
            groups[{policy.kind, policy.stage, policy.priority}].push_back(i);
        }
        for (const auto& [_, group] : groups) {
            for (auto a = group.begin(); a != group.end(); ++a) {
                for (auto b = std::next(a); b != group.end(); ++b) compare(*a, *b);
            }
        }
        if (steps_ > most_comparisons) {
            facts_.report_incomplete("conflicting-priorities",
                                     "not all policies of one priority were compared");
        }
    }

private:
    void compare(std::size_t a, std::size_t b) {
        if (++steps_ > most_comparisons) return;
        const IdSet common = intersect(facts_.subjects(a), facts_.subjects(b));
        if (common.empty()) return;
        for (const auto direction : both_directions) {
            for (std::size_t i = 0; i < facts_.policy(a).rules(direction).size(); ++i) {
                for (std::size_t j = 0; j < facts_.policy(b).rules(direction).size(); ++j) {
                    const RuleName one{a, direction, i};
                    const RuleName two{b, direction, j};
                    const auto traffic = disagreement(one, two);
                    if (!traffic) continue;
                    report(one, two, *traffic, common);
                    return;  // one example is enough
                }
            }
        }
    }

    const PeerSet& peers_of(const RuleName& name) { return facts_.peers(name).sure; }

    /// What the two rules decide differently for some peer, each with what its own policy decided
    /// before taken away.
    std::optional<TrafficSet> disagreement(const RuleName& one, const RuleName& two) {
        ++steps_;
        const bool differ = facts_.ref(one).action != facts_.ref(two).action &&
                            !facts_.rule(one).narrower() && !facts_.rule(two).narrower();
        TrafficPool& pool = facts_.traffic;
        if (!differ ||
            pool.intersect(facts_.traffic_of(one), facts_.traffic_of(two)) == TrafficPool::none) {
            return std::nullopt;
        }
        const PeerSet& a = peers_of(one);
        const PeerSet& b = peers_of(two);
        const std::uint32_t universe = facts_.universe(one.direction);
        if (!overlap(a, b, universe)) return std::nullopt;
        for (std::uint32_t peer = 0; peer < universe; ++peer) {
            if (!has(a, peer) || !has(b, peer)) continue;
            ++steps_;
            const TrafficId both = pool.intersect(left(one, peer), left(two, peer));
            if (both != TrafficPool::none) return pool[both];
        }
        return std::nullopt;
    }

    TrafficId left(const RuleName& name, std::uint32_t peer) {
        TrafficId traffic = facts_.traffic_of(name);
        for (RuleName before = name; before.rule > 0;) {
            --before.rule;
            if (has(peers_of(before), peer)) {
                traffic = facts_.traffic.subtract(traffic, facts_.traffic_of(before));
            }
        }
        return traffic;
    }

    void report(const RuleName& one, const RuleName& two, const TrafficSet& traffic,
                const IdSet& common) {
        const auto action = [&](const RuleName& name) {
            return std::string(to_string(facts_.ref(name).action));
        };
        auto& finding = facts_.report(
            "conflicting-priorities", Severity::high, one,
            "a policy of the same priority decides otherwise: which one wins is not defined");
        finding.evidence.push_back("this rule: " + action(one) + "; " + facts_.title(two) + ": " +
                                   action(two));
        finding.evidence.push_back("both decide about " + to_string(traffic) + " of " +
                                   facts_.workloads(common));
    }

    LintFacts& facts_;
    std::size_t steps_ = 0;
};

}  // namespace

void find_duplicates(LintFacts& facts) {
    const auto found = duplicates(facts);
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (!found[i]) continue;
        auto& finding = facts.report("duplicate-policy", Severity::low, i,
                                     "another policy selects the same pods and says the same");
        finding.evidence.push_back("the same as " + facts.title(*found[i]));
        finding.evidence.push_back("both select " + facts.workloads(facts.subjects(i)));
    }
}

void find_contained(LintFacts& facts) {
    Containment(facts).find();
}

void find_conflicts(LintFacts& facts) {
    Conflicts(facts).find();
}

}  // namespace nspect::analyzer
