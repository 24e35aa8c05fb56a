// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "analyzer/lint_facts.h"

namespace nspect::analyzer {
namespace {

constexpr std::size_t most_steps = 60'000'000;
constexpr std::size_t most_named = 5;

/// A rule in the order in which one list of policies asks.
struct Entry {
    std::uint32_t stage = 0;
    double order = 0;
    RuleName name;

    auto operator<=>(const Entry&) const = default;
};

/// Why nothing is left for a rule: who took it, and in which place.
struct Takers {
    std::vector<RuleName> rules;
    std::optional<std::size_t> isolating;  ///< the policy whose stage ends before

    void add(const RuleName& name) {
        if (rules.size() >= most_named) return;
        if (std::find(rules.begin(), rules.end(), name) == rules.end()) rules.push_back(name);
    }
};

/// The policies that one or more classes have, in one direction: what comes when.
struct Program {
    std::vector<Entry> entries;
    std::vector<Layer> layers;                          // by stage
    std::vector<std::optional<std::size_t>> isolating;  // by stage: a policy
    bool mixed = false;  // several stages or actions: only then can anything be hidden
};

Program program_of(const LintFacts& facts, Direction direction,
                   const std::vector<std::uint32_t>& policies) {
    Program program;
    std::map<Stage, std::uint32_t> stages;
    for (const std::uint32_t i : policies) stages.emplace(facts.policy(i).stage, 0);
    for (auto& [stage, number] : stages) {
        number = static_cast<std::uint32_t>(program.layers.size());
        program.layers.push_back(stage.layer);
    }
    program.isolating.resize(stages.size());
    program.mixed = stages.size() > 1;
    std::optional<Action> action;
    for (const std::uint32_t i : policies) {
        const std::uint32_t stage = stages[facts.policy(i).stage];
        if (facts.policy(i).isolates(direction) && !program.isolating[stage]) {
            program.isolating[stage] = i;
        }
        const auto& rules = facts.policy(i).rules(direction);
        for (std::size_t r = 0; r < rules.size(); ++r) {
            program.entries.push_back({stage, rules[r].order, {i, direction, r}});
            program.mixed = program.mixed || (action && *action != rules[r].action);
            action = rules[r].action;
        }
    }
    std::sort(program.entries.begin(), program.entries.end());
    return program;
}

/// Walks through every program with every group of peers its rules can tell apart, and notes which
/// rules ever have something left to decide.
class Reach {
public:
    explicit Reach(LintFacts& facts) : facts_(facts) {
        for (std::size_t i = 0; i < facts_.world.policies.size(); ++i) {
            starts_.push_back(count_);
            count_ += facts_.policy(i).ingress.size() + facts_.policy(i).egress.size();
        }
        reached_.resize(count_, false);
        takers_.resize(count_);
    }

    void find() {
        for (const auto direction : both_directions) walk_all(direction);
        if (steps_ > most_steps) {
            facts_.report_incomplete("rule-never-reached", "not all pods' policies were followed");
            return;
        }
        facts_.each_rule([&](const RuleName& name) {
            const Takers& takers = takers_[number(name)];
            const bool hidden =
                !reached_[number(name)] && (!takers.rules.empty() || takers.isolating.has_value());
            if (hidden) report(name, takers);
        });
    }

private:
    std::size_t number(const RuleName& name) const {
        const bool egress = name.direction == Direction::egress;
        return starts_[name.policy] + name.rule +
               (egress ? facts_.policy(name.policy).ingress.size() : 0);
    }

    void walk_all(Direction direction) {
        std::map<std::vector<std::uint32_t>, std::uint32_t> seen;
        state_.assign(facts_.universe(direction), 0);
        for (std::uint32_t id = 0; id < facts_.compiled.classes.count(); ++id) {
            auto policies = facts_.compiled.profiles(direction).policies_of(id);
            if (policies.empty()) continue;
            const auto [entry, fresh] = seen.try_emplace(std::move(policies), id);
            if (fresh && steps_ <= most_steps) walk(direction, entry->first);
        }
    }

    void walk(Direction direction, const std::vector<std::uint32_t>& policies) {
        const Program program = program_of(facts_, direction, policies);
        const bool news = std::any_of(program.entries.begin(), program.entries.end(),
                                      [&](const Entry& e) { return !reached_[number(e.name)]; });
        if (!news) return;
        if (!program.mixed) {
            for (const Entry& entry : program.entries) reached_[number(entry.name)] = true;
            return;
        }
        for (const auto& matched : groups(program)) evaluate(program, matched);
    }

    /// For each group of peers that the rules treat alike, the entries that name it. One group is
    /// everyone whom no list of names contains.
    std::vector<std::vector<std::uint32_t>> groups(const Program& program) {
        std::vector<std::pair<std::uint32_t, std::uint32_t>> history{{0, 0}};
        std::vector<std::uint32_t> touched;
        std::vector<std::uint32_t> usual;
        for (std::uint32_t i = 0; i < program.entries.size(); ++i) {
            const auto& peers = facts_.peers(program.entries[i].name);
            if (peers.sure.inverted || peers.by_block.inverted) usual.push_back(i);
            const IdSet ids = toggled(peers);
            steps_ += ids.size() + 1;
            std::unordered_map<std::uint32_t, std::uint32_t> next;
            for (const std::uint32_t peer : ids) {
                const std::uint32_t before = state_[peer];
                if (before == 0) touched.push_back(peer);
                const auto fresh = static_cast<std::uint32_t>(history.size());
                const auto [entry, is_new] = next.try_emplace(before, fresh);
                if (is_new) history.emplace_back(before, i);
                state_[peer] = entry->second;
            }
        }
        std::set<std::uint32_t> ends;
        for (const std::uint32_t peer : touched) ends.insert(std::exchange(state_[peer], 0));
        std::vector<std::vector<std::uint32_t>> result{usual};
        for (std::uint32_t end : ends) {
            std::vector<std::uint32_t> different;
            for (; end != 0; end = history[end].first) different.push_back(history[end].second);
            std::vector<std::uint32_t> matched;
            std::set_symmetric_difference(usual.begin(), usual.end(), different.rbegin(),
                                          different.rend(), std::back_inserter(matched));
            result.push_back(std::move(matched));
        }
        return result;
    }

    /// Peers for whom the rule does otherwise than for everyone not listed.
    static IdSet toggled(const LintFacts::Peers& peers) {
        const PeerSet& a = peers.sure;
        const PeerSet& b = peers.by_block;
        if (!a.inverted && !b.inverted) return unite(a.ids, b.ids);
        if (a.inverted && b.inverted) return intersect(a.ids, b.ids);
        IdSet rest;
        const IdSet& missing = a.inverted ? a.ids : b.ids;
        const IdSet& named = a.inverted ? b.ids : a.ids;
        std::set_difference(missing.begin(), missing.end(), named.begin(), named.end(),
                            std::back_inserter(rest));
        return rest;
    }

    void evaluate(const Program& program, const std::vector<std::uint32_t>& matched) {
        TrafficPool& pool = facts_.traffic;
        TrafficId undecided = TrafficPool::none;
        std::vector<std::uint32_t> takers;  // of this layer, as entries
        std::optional<std::size_t> isolating;
        auto next = matched.begin();
        for (std::uint32_t stage = 0; stage < program.layers.size(); ++stage) {
            if (stage == 0 || program.layers[stage] != program.layers[stage - 1]) {
                undecided = pool.intern(governed_by(program.layers[stage]));
                takers.clear();
                isolating.reset();
            }
            TrafficId passed = TrafficPool::none;
            while (next != matched.end() && program.entries[*next].stage == stage) {
                next = run(program, next, matched.end(), undecided, passed, takers, isolating);
            }
            if (program.isolating[stage] && undecided != TrafficPool::none) {
                undecided = TrafficPool::none;
                isolating = program.isolating[stage];
            }
            undecided = pool.unite(undecided, passed);
        }
    }

    using Next = std::vector<std::uint32_t>::const_iterator;

    /// Neighbours of one action do not hide each other: that is for rule-contained to say.
    Next run(const Program& program, Next first, Next end, TrafficId& undecided, TrafficId& passed,
             std::vector<std::uint32_t>& takers, const std::optional<std::size_t>& isolating) {
        TrafficPool& pool = facts_.traffic;
        const Entry& head = program.entries[*first];
        const Action action = facts_.ref(head.name).action;
        TrafficId taken = TrafficPool::none;
        const std::size_t before = takers.size();
        for (; first != end; ++first) {
            const Entry& entry = program.entries[*first];
            const RuleRef& ref = facts_.ref(entry.name);
            if (entry.stage != head.stage || ref.action != action) break;
            ++steps_;
            const TrafficId named = facts_.traffic_of(entry.name);
            if (pool.intersect(most_of(entry.name), undecided) != TrafficPool::none) {
                reached_[number(entry.name)] = true;
            } else if (!reached_[number(entry.name)]) {
                blame(program, entry.name, takers, before, isolating);
            }
            if (facts_.rule(entry.name).narrower()) continue;
            const TrafficId hit = pool.intersect(named, undecided);
            if (hit == TrafficPool::none) continue;
            taken = pool.unite(taken, hit);
            takers.push_back(*first);
        }
        undecided = pool.subtract(undecided, taken);
        if (action == Action::pass) passed = pool.unite(passed, taken);
        return first;
    }

    /// The most a rule may name: port names may be any port.
    TrafficId most_of(const RuleName& name) {
        TrafficId most = facts_.traffic_of(name);
        for (const NameRef& port : facts_.ref(name).names) {
            const auto any = port.protocol ? TrafficSet::of(*port.protocol) : TrafficSet::all();
            most = facts_.traffic.unite(most, facts_.traffic.intern(any));
        }
        return most;
    }

    void blame(const Program& program, const RuleName& name,
               const std::vector<std::uint32_t>& takers, std::size_t before,
               const std::optional<std::size_t>& isolating) {
        Takers& blamed = takers_[number(name)];
        const TrafficId wanted = most_of(name);
        for (std::size_t i = 0; i < before; ++i) {
            const RuleName& taker = program.entries[takers[i]].name;
            const TrafficId common = facts_.traffic.intersect(wanted, facts_.traffic_of(taker));
            if (common != TrafficPool::none) blamed.add(taker);
        }
        if (isolating) blamed.isolating = isolating;
    }

    bool is_tie(const RuleName& a, const RuleName& b) const {
        const Policy& one = facts_.policy(a.policy);
        const Policy& two = facts_.policy(b.policy);
        return a.policy != b.policy && one.stage == two.stage &&
               facts_.ref(a).order == facts_.ref(b).order && one.priority == two.priority;
    }

    /// A pass hands what was to be denied to later stages; a tie is decided by a name.
    bool is_shadowed_deny(const RuleName& name, const Takers& takers) const {
        if (facts_.ref(name).action != Action::deny) return false;
        return std::any_of(takers.rules.begin(), takers.rules.end(), [&](const RuleName& taker) {
            return facts_.ref(taker).action == Action::pass || is_tie(name, taker);
        });
    }

    void report(const RuleName& name, const Takers& takers) {
        const bool deny = is_shadowed_deny(name, takers);
        auto& finding =
            deny ? facts_.report("deny-shadowed", Severity::high, name,
                                 "the deny never takes effect: all it names is passed on, or "
                                 "decided at the same priority, before it is asked")
                 : facts_.report("rule-never-reached", Severity::medium, name,
                                 "the rule never decides: all it names is decided before");
        for (const RuleName& taker : takers.rules) {
            finding.evidence.push_back(facts_.title(taker) + ": " +
                                       std::string(to_string(facts_.ref(taker).action)) +
                                       (is_tie(name, taker) ? " (of the same priority)" : ""));
        }
        if (takers.isolating) {
            finding.evidence.push_back(facts_.title(*takers.isolating) +
                                       " denies what its stage leaves");
        }
    }

    LintFacts& facts_;
    std::vector<std::size_t> starts_;  // by policy: the number of its first rule
    std::size_t count_ = 0;
    std::vector<bool> reached_;
    std::vector<Takers> takers_;
    std::vector<std::uint32_t> state_;  // scratch, by peer
    std::size_t steps_ = 0;
};

}  // namespace

void find_never_reached(LintFacts& facts) {
    Reach(facts).find();
}

}  // namespace nspect::analyzer
