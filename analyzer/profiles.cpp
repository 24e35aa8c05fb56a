// SPDX-License-Identifier: Apache-2.0
#include "analyzer/profiles.h"

#include <algorithm>
#include <tuple>

namespace nspect::analyzer {
namespace {

bool acts_in(const Policy& policy, Direction direction) {
    return policy.isolates(direction) || !policy.rules(direction).empty();
}

bool uses_names(const PolicyRef& policy, Direction direction) {
    const auto& rules = policy.rules(direction);
    return std::any_of(rules.begin(), rules.end(), [](const auto& r) { return !r.names.empty(); });
}

}  // namespace

std::size_t Profiles::KeyHash::operator()(const Key& key) const noexcept {
    std::size_t hash = key.size();
    for (const std::uint32_t part : key) {
        hash = (hash ^ part) * 0x9e3779b97f4a7c15ULL + (hash >> 31U);
    }
    return hash;
}

Profiles::Profiles(Direction direction, const World& world, Rulebook& rules,
                   const EndpointClasses& classes)
    : direction_(direction),
      world_(world),
      rules_(rules),
      classes_(classes),
      peers_(direction, rules, classes) {
    group_policies();
    compile_all();
}

void Profiles::group_policies() {
    std::unordered_map<Key, std::uint32_t, KeyHash> index;
    class_bundles_.resize(classes_.count());
    for (std::uint32_t i = 0; i < world_.policies.size(); ++i) {
        if (!acts_in(world_.policies[i], direction_)) continue;
        const PolicyRef& policy = rules_.policies()[i];
        const auto next = static_cast<std::uint32_t>(bundles_.size());
        const auto [entry, fresh] = index.try_emplace(policy.subjects, next);
        if (fresh) {
            bundles_.emplace_back();
            bundle_names_.push_back(false);
            IdSet subjects;
            for (const std::uint32_t term : policy.subjects) {
                subjects = unite(subjects, classes_.pods[term]);
            }
            for (const std::uint32_t id : subjects) class_bundles_[id].push_back(next);
        }
        bundles_[entry->second].push_back(i);
        if (uses_names(policy, direction_)) bundle_names_[entry->second] = true;
    }
}

std::vector<std::uint32_t> Profiles::policies_of(std::uint32_t class_id) const {
    std::vector<std::uint32_t> policies;
    for (const std::uint32_t bundle : class_bundles_[class_id]) {
        policies.insert(policies.end(), bundles_[bundle].begin(), bundles_[bundle].end());
    }
    std::sort(policies.begin(), policies.end());
    return policies;
}

void Profiles::compile_all() {
    std::unordered_map<Key, std::uint32_t, KeyHash> index;
    state_.assign(peers_.size(), 0);
    profile_of_.resize(classes_.count());
    for (std::uint32_t id = 0; id < classes_.count(); ++id) {
        Key key = class_bundles_[id];
        const bool names =
            direction_ == Direction::ingress &&
            std::any_of(key.begin(), key.end(), [&](auto bundle) { return bundle_names_[bundle]; });
        const std::uint32_t signature = names ? classes_.signature[id] : 0;
        key.push_back(signature);
        const auto [entry, fresh] = index.try_emplace(std::move(key), 0);
        if (fresh) entry->second = compile(program_of(policies_of(id), signature));
        profile_of_[id] = entry->second;
    }
}

Profiles::Program Profiles::program_of(const std::vector<std::uint32_t>& policies,
                                       std::uint32_t signature) {
    struct Entry {
        std::uint32_t stage;
        double order;
        std::uint32_t policy;
        std::uint32_t rule;
        auto operator<=>(const Entry&) const = default;
    };
    Program program;
    std::map<Stage, std::uint32_t> stages;
    for (const std::uint32_t i : policies) stages.emplace(world_.policies[i].stage, 0);
    for (auto& [stage, number] : stages) {
        number = static_cast<std::uint32_t>(program.layers.size());
        program.layers.push_back(stage.layer);
    }
    program.isolates.assign(stages.size(), false);
    std::vector<Entry> entries;
    for (const std::uint32_t i : policies) {
        const Policy& policy = world_.policies[i];
        const std::uint32_t stage = stages[policy.stage];
        if (policy.isolates(direction_)) program.isolates[stage] = true;
        const auto& rules = rules_.policies()[i].rules(direction_);
        for (std::uint32_t rule = 0; rule < rules.size(); ++rule) {
            entries.push_back({stage, rules[rule].order, i, rule});
        }
        program.selected = true;
        program.isolated = program.isolated || policy.isolates(direction_);
    }
    std::sort(entries.begin(), entries.end());
    for (const Entry& entry : entries) {
        const RuleRef& rule = rules_.policies()[entry.policy].rules(direction_)[entry.rule];
        add_rule(rule, entry.stage, signature, program);
    }
    canonicalise(program.steps, rules_.traffic());
    return program;
}

void Profiles::add_rule(const RuleRef& rule, std::uint32_t stage, std::uint32_t signature,
                        Program& program) {
    if (!rule.names.empty() && direction_ == Direction::egress) {
        add_named_egress(rule, stage, program);
        return;
    }
    const TrafficId traffic = resolved(rule, signature);
    if (traffic == TrafficPool::none) return;
    program.steps.push_back({stage, rule.action, peer_set(rule.peers), traffic});
}

/// A port name means another number on each destination: one step per set of named ports that peers
/// have, then one for what the rule names by number.
void Profiles::add_named_egress(const RuleRef& rule, std::uint32_t stage, Program& program) {
    const std::uint32_t whole = peer_set(rule.peers);
    std::map<std::uint32_t, TrafficId> by_signature;
    for (std::uint32_t signature = 1; signature < classes_.signatures.size(); ++signature) {
        const TrafficId traffic = resolved(rule, signature);
        if (traffic != rule.traffic) by_signature[signature] = traffic;
    }
    for (const auto& [signature, traffic] : by_signature) {
        Key key{whole, signature};
        const auto known = peer_set_index_.find(key);
        std::uint32_t set = 0;
        if (known != peer_set_index_.end()) {
            set = known->second;
        } else {
            PeerSet some;
            const PeerSet& from = peer_sets_[whole];
            for (std::uint32_t peer = 0; peer < peers_.size() && !peers_.is_outside(peer); ++peer) {
                const bool listed = std::binary_search(from.ids.begin(), from.ids.end(), peer);
                const bool alike = classes_.signature[peers_.class_at(peer)] == signature;
                if (listed != from.inverted && alike) some.ids.push_back(peer);
            }
            set = add_peer_set(std::move(key), std::move(some));
        }
        program.steps.push_back({stage, rule.action, set, traffic});
    }
    if (rule.traffic != TrafficPool::none) {
        program.steps.push_back({stage, rule.action, whole, rule.traffic});
    }
}

TrafficId Profiles::resolved(const RuleRef& rule, std::uint32_t signature) {
    TrafficId traffic = rule.traffic;
    for (const NameRef& wanted : rule.names) {
        for (const NamedPort& port : classes_.signatures[signature]) {
            if (port.name != wanted.name) continue;
            if (wanted.protocol && *wanted.protocol != port.protocol) continue;
            const auto number = TrafficSet::of(port.protocol, {port.port, port.port});
            traffic = rules_.traffic().unite(traffic, rules_.traffic().intern(number));
        }
    }
    return traffic;
}

/// The order of neighbours with the same action does not matter: sorted, and those with the same
/// peers joined, equal programs look equal.
void Profiles::canonicalise(std::vector<Step>& steps, TrafficPool& traffic) {
    const auto same_run = [](const Step& a, const Step& b) {
        return a.stage == b.stage && a.action == b.action;
    };
    std::vector<Step> result;
    for (auto first = steps.begin(); first != steps.end();) {
        auto end = first;
        while (end != steps.end() && same_run(*first, *end)) ++end;
        std::sort(first, end, [](const Step& a, const Step& b) { return a.peers < b.peers; });
        const std::size_t start = result.size();
        for (; first != end; ++first) {
            if (result.size() > start && result.back().peers == first->peers) {
                result.back().traffic = traffic.unite(result.back().traffic, first->traffic);
            } else {
                result.push_back(*first);
            }
        }
    }
    steps = std::move(result);
}

std::uint32_t Profiles::peer_set(const std::vector<PeerRef>& peers) {
    Key key{~0U};  // never the number of a set, which begins the other kind of key
    for (const PeerRef& peer : peers) {
        key.push_back(static_cast<std::uint32_t>(peer.kind));
        key.push_back(peer.term);
        key.push_back(peer.within);
    }
    const auto known = peer_set_index_.find(key);
    if (known != peer_set_index_.end()) return known->second;
    return add_peer_set(std::move(key), peers_.resolve(peers));
}

std::uint32_t Profiles::add_peer_set(Key key, PeerSet set) {
    const auto number = static_cast<std::uint32_t>(peer_sets_.size());
    peer_sets_.push_back(std::move(set));
    peer_set_index_.emplace(std::move(key), number);
    return number;
}

std::uint32_t Profiles::compile(const Program& program) {
    Key key{program.selected, program.isolated};
    for (const bool isolates : program.isolates) key.push_back(isolates);
    for (const Layer layer : program.layers) key.push_back(static_cast<std::uint32_t>(layer));
    for (const Step& step : program.steps) {
        const auto action = static_cast<std::uint32_t>(step.action);
        key.insert(key.end(), {2 + step.stage, action, step.peers, step.traffic});
    }
    const auto next = static_cast<std::uint32_t>(profiles_.size());
    const auto [entry, fresh] = program_index_.try_emplace(std::move(key), next);
    if (!fresh) return entry->second;
    Profile profile{groups_for(program), {}, program.selected, program.isolated};
    for (const auto& matched : groups_[profile.groups].matched) {
        profile.traffic.push_back(evaluate(program, matched));
    }
    profiles_.push_back(std::move(profile));
    return next;
}

std::uint32_t Profiles::groups_for(const Program& program) {
    Key key;
    for (const Step& step : program.steps) key.push_back(step.peers);
    const auto known = group_index_.find(key);
    if (known != group_index_.end()) return known->second;
    const auto number = static_cast<std::uint32_t>(groups_.size());
    groups_.push_back(group_peers(key));
    group_index_.emplace(std::move(key), number);
    return number;
}

/// Follows each listed peer through the sets: peers with the same history are one group.
PeerGroups Profiles::group_peers(const std::vector<std::uint32_t>& peer_sets) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> history{{0, 0}};  // (before, set)
    std::vector<std::uint32_t> touched;
    std::vector<std::uint32_t> usual;  // sets that name everyone not listed in them
    for (std::uint32_t i = 0; i < peer_sets.size(); ++i) {
        const PeerSet& set = peer_sets_[peer_sets[i]];
        if (set.inverted) usual.push_back(i);
        std::unordered_map<std::uint32_t, std::uint32_t> next;
        for (const std::uint32_t peer : set.ids) {
            const std::uint32_t before = state_[peer];
            if (before == 0) touched.push_back(peer);
            const auto fresh = static_cast<std::uint32_t>(history.size());
            const auto [entry, is_new] = next.try_emplace(before, fresh);
            if (is_new) history.emplace_back(before, i);
            state_[peer] = entry->second;
        }
    }
    std::sort(touched.begin(), touched.end());
    PeerGroups groups;
    groups.matched.push_back(usual);
    std::unordered_map<std::uint32_t, std::uint32_t> number;
    groups.listed.reserve(touched.size());
    for (const std::uint32_t peer : touched) {
        const auto fresh = static_cast<std::uint32_t>(groups.matched.size());
        const auto [entry, is_new] = number.try_emplace(state_[peer], fresh);
        groups.listed.emplace_back(peer, entry->second);
        if (is_new) {
            std::vector<std::uint32_t> toggled;
            for (auto at = state_[peer]; at != 0; at = history[at].first) {
                toggled.push_back(history[at].second);
            }
            std::vector<std::uint32_t> matched;
            std::set_symmetric_difference(usual.begin(), usual.end(), toggled.rbegin(),
                                          toggled.rend(), std::back_inserter(matched));
            groups.matched.push_back(std::move(matched));
        }
        state_[peer] = 0;
    }
    return groups;
}

TrafficId Profiles::governed(Layer layer) {
    return rules_.traffic().intern(governed_by(layer));
}

/// Stages are sorted by layer; what one layer allows and what it has no say in goes to the next.
TrafficId Profiles::evaluate(const Program& program, const std::vector<std::uint32_t>& matched) {
    TrafficPool& pool = rules_.traffic();
    TrafficId result = TrafficPool::all;
    auto next = matched.begin();
    for (std::uint32_t stage = 0; stage < program.isolates.size();) {
        const Layer layer = program.layers[stage];
        TrafficId allowed = pool.subtract(TrafficPool::all, governed(layer));
        TrafficId undecided = governed(layer);
        for (; stage < program.isolates.size() && program.layers[stage] == layer; ++stage) {
            TrafficId passed = TrafficPool::none;
            for (; next != matched.end() && program.steps[*next].stage == stage; ++next) {
                const Step& step = program.steps[*next];
                const TrafficId hit = pool.intersect(step.traffic, undecided);
                if (step.action == Action::allow) allowed = pool.unite(allowed, hit);
                if (step.action == Action::pass) passed = pool.unite(passed, hit);
                undecided = pool.subtract(undecided, hit);
            }
            if (program.isolates[stage]) undecided = TrafficPool::none;
            undecided = pool.unite(undecided, passed);
        }
        result = pool.intersect(result, pool.unite(allowed, undecided));
    }
    return result;
}

TrafficId Profiles::traffic(std::uint32_t class_id, std::uint32_t peer) const {
    const Profile& profile = profiles_[profile_of_[class_id]];
    const auto& listed = groups_[profile.groups].listed;
    const auto found = std::lower_bound(
        listed.begin(), listed.end(), peer,
        [](const auto& entry, std::uint32_t wanted) { return entry.first < wanted; });
    const bool is_listed = found != listed.end() && found->first == peer;
    return profile.traffic[is_listed ? found->second : 0];
}

}  // namespace nspect::analyzer
