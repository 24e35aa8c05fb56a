// SPDX-License-Identifier: Apache-2.0
#include "analyzer/judge.h"

#include <algorithm>

#include "analyzer/endpoint_classes.h"
#include "analyzer/terms.h"

namespace nspect::analyzer {
namespace {

using Effect = Reason::Effect;

bool sees_host_network(const Policy& policy, const Reading& reading) {
    if (policy.selects_host_network) return true;
    return policy.kind == PolicyKind::network_policy && reading.host_network_pods;
}

bool describes(const Policy& policy, const PodPeer& term, const Facts& pod,
               const Reading& reading) {
    if (!pod.is_pod || (pod.host_network && !sees_host_network(policy, reading))) return false;
    const bool in_namespace = term.namespace_name ? *term.namespace_name == pod.namespace_name
                                                  : term.namespaces.matches(*pod.namespace_labels);
    return in_namespace && term.pods.matches(pod.labels);
}

bool has_address_in(const Facts& facts, const IpSet& set) {
    return std::any_of(facts.addresses.begin(), facts.addresses.end(),
                       [&](const IpAddress& address) { return set.contains(address); });
}

bool matches(const World& world, const Policy& policy, const Peer& peer, const Facts& facts,
             const Reading& reading) {
    if (std::holds_alternative<AnyPeer>(peer)) return true;
    if (const auto* pods = std::get_if<PodPeer>(&peer)) {
        const bool by_address =
            !pods->addresses || (reaches_pods(PodsByAddress::yes, world.options) &&
                                 has_address_in(facts, *pods->addresses));
        return by_address && describes(policy, *pods, facts, reading);
    }
    if (const auto* block = std::get_if<AddressPeer>(&peer); block != nullptr && facts.is_pod) {
        const bool left_open = block->pods == PodsByAddress::undefined;
        if (!reaches_pods(block->pods, world.options)) return false;
        if (left_open && !reading.blocks_reach_pods) return false;
    }
    if (std::holds_alternative<DomainPeer>(peer) && facts.is_pod) return false;
    if (const auto* nodes = std::get_if<NodePeer>(&peer)) {
        const bool on_some_node = facts.is_pod && facts.host_network;
        if (on_some_node && nodes->nodes.matches_everything()) return true;
    }
    return has_address_in(facts, addresses_named(peer, world));
}

bool names_peer(const World& world, const Policy& policy, const Rule& rule, const Facts& peer,
                const Reading& reading) {
    return std::any_of(rule.peers.begin(), rule.peers.end(), [&](const Peer& candidate) {
        return matches(world, policy, candidate, peer, reading);
    });
}

/// A rule of a policy that selects the subject, in the order rules are asked.
struct Candidate {
    Stage stage;
    double order = 0;
    std::size_t policy = 0;
    std::size_t rule = 0;
    auto operator<=>(const Candidate&) const = default;
};

struct Outcomes {
    bool allow = false;
    bool deny = false;
};

/// One judgement: the policies that select the subject under one reading, stage by stage.
class Judge {
public:
    Judge(const World& world, Direction direction, const std::vector<std::size_t>& policies,
          const Facts& subject, const Facts& peer, const TrafficPoint& point,
          const Reading& reading);

    DirectionVerdict verdict() const;
    TrafficSet permitted() const;
    /// The outcomes that are possible when rules with a condition may or may not match.
    Outcomes outcomes() const;

private:
    enum class Match { no_peer, no_port, unresolved, yes };

    const Policy& policy(std::size_t index) const { return world_.policies[index]; }
    const Rule& rule(const Candidate& c) const {
        return policy(c.policy).rules(direction_)[c.rule];
    }
    Match match(const Candidate& candidate) const;
    bool isolates(const Stage& stage) const;
    /// The stages of each layer.
    std::vector<std::vector<Stage>> layers() const;
    bool has_say(const std::vector<Stage>& layer) const {
        return governed_by(layer.front().layer).contains(point_);
    }
    DirectionVerdict ask_layer(const std::vector<Stage>& stages) const;
    bool ask_stage(const Stage& stage, DirectionVerdict& verdict) const;
    void explain_denial(const Stage& stage, DirectionVerdict& verdict) const;
    TrafficSet permitted_by(const std::vector<Stage>& stages, TrafficSet undecided) const;
    Outcomes outcomes_of(const std::vector<Stage>& stages) const;
    bool has_condition(const Rule& rule) const;

    const World& world_;
    Direction direction_;
    const Facts& peer_;
    const Facts& destination_;
    TrafficPoint point_;
    Reading reading_;
    std::vector<std::size_t> selecting_;
    std::vector<Candidate> candidates_;
    std::vector<Stage> stages_;
};

Judge::Judge(const World& world, Direction direction, const std::vector<std::size_t>& policies,
             const Facts& subject, const Facts& peer, const TrafficPoint& point,
             const Reading& reading)
    : world_(world),
      direction_(direction),
      peer_(peer),
      destination_(direction == Direction::egress ? peer : subject),
      point_(point),
      reading_(reading) {
    for (const std::size_t index : policies) {
        const Policy& p = policy(index);
        const auto& rules = p.rules(direction);
        if (!p.isolates(direction) && rules.empty()) continue;
        if (!selects(p, subject, reading)) continue;
        selecting_.push_back(index);
        stages_.push_back(p.stage);
        for (std::size_t i = 0; i < rules.size(); ++i) {
            candidates_.push_back({p.stage, rules[i].order, index, i});
        }
    }
    std::sort(candidates_.begin(), candidates_.end());
    std::sort(stages_.begin(), stages_.end());
    stages_.erase(std::unique(stages_.begin(), stages_.end()), stages_.end());
}

Judge::Match Judge::match(const Candidate& candidate) const {
    const Rule& asked = rule(candidate);
    if (!names_peer(world_, policy(candidate.policy), asked, peer_, reading_)) {
        return Match::no_peer;
    }
    if (traffic_of(asked, destination_).contains(point_)) return Match::yes;
    const auto unresolved = [&](const PortMatch& ports) {
        Rule alone;
        alone.ports = {ports};
        return !ports.name.empty() && traffic_of(alone, destination_).empty();
    };
    const bool only_names =
        !asked.ports.empty() && std::all_of(asked.ports.begin(), asked.ports.end(), unresolved);
    return only_names ? Match::unresolved : Match::no_port;
}

bool Judge::isolates(const Stage& stage) const {
    return std::any_of(selecting_.begin(), selecting_.end(), [&](std::size_t index) {
        return policy(index).stage == stage && policy(index).isolates(direction_);
    });
}

/// Whether the stage decided. All rules of the deciding order that say the same are named.
bool Judge::ask_stage(const Stage& stage, DirectionVerdict& verdict) const {
    std::optional<Action> decided;
    double decided_order = 0;
    for (const Candidate& candidate : candidates_) {
        if (candidate.stage != stage) continue;
        if (decided && candidate.order != decided_order) break;
        if (match(candidate) != Match::yes) continue;
        const Action action = rule(candidate).action;
        if (decided && action != *decided) break;
        decided = action;
        decided_order = candidate.order;
        const Effect effect = action == Action::allow  ? Effect::allow
                              : action == Action::deny ? Effect::deny
                                                       : Effect::pass;
        verdict.reasons.push_back({effect, candidate.policy, candidate.rule});
    }
    if (decided && *decided != Action::pass) {
        verdict.allowed = *decided == Action::allow;
        return true;
    }
    if (decided || !isolates(stage)) return false;
    verdict.allowed = false;
    explain_denial(stage, verdict);
    return true;
}

/// For each isolating policy the nearest any of its rules came to allowing.
void Judge::explain_denial(const Stage& stage, DirectionVerdict& verdict) const {
    for (const std::size_t index : selecting_) {
        if (policy(index).stage != stage || !policy(index).isolates(direction_)) continue;
        const std::size_t before = verdict.reasons.size();
        for (const Candidate& candidate : candidates_) {
            if (candidate.policy != index) continue;
            const Match result = match(candidate);
            if (result == Match::no_peer) continue;
            const Effect effect = result == Match::unresolved ? Effect::rule_named_port_unresolved
                                                              : Effect::rule_matches_peer_not_port;
            verdict.reasons.push_back({effect, index, candidate.rule});
        }
        if (verdict.reasons.size() == before) {
            verdict.reasons.push_back({Effect::no_rule_matches_peer, index, std::nullopt});
        }
    }
}

std::vector<std::vector<Stage>> Judge::layers() const {
    std::vector<std::vector<Stage>> result;
    for (const Stage& stage : stages_) {
        if (result.empty() || result.back().front().layer != stage.layer) result.emplace_back();
        result.back().push_back(stage);
    }
    return result;
}

DirectionVerdict Judge::ask_layer(const std::vector<Stage>& stages) const {
    DirectionVerdict verdict;
    for (const Stage& stage : stages) {
        if (ask_stage(stage, verdict)) return verdict;
    }
    verdict.reasons.push_back({Effect::default_allow, std::nullopt, std::nullopt});
    return verdict;
}

/// What opens it in every layer, or what denies it in those that do.
DirectionVerdict Judge::verdict() const {
    DirectionVerdict verdict;
    for (const auto& layer : layers()) {
        if (!has_say(layer)) continue;
        DirectionVerdict one = ask_layer(layer);
        if (verdict.allowed && !one.allowed) verdict.reasons.clear();
        if (verdict.allowed || !one.allowed) {
            verdict.reasons.insert(verdict.reasons.end(), one.reasons.begin(), one.reasons.end());
        }
        verdict.allowed = verdict.allowed && one.allowed;
    }
    for (const std::size_t index : selecting_) {
        verdict.isolated = verdict.isolated || policy(index).isolates(direction_);
    }
    if (verdict.reasons.empty()) {
        verdict.reasons.push_back({Effect::default_allow, std::nullopt, std::nullopt});
    }
    return verdict;
}

TrafficSet Judge::permitted_by(const std::vector<Stage>& stages, TrafficSet undecided) const {
    TrafficSet allowed;
    for (const Stage& stage : stages) {
        TrafficSet passed;
        for (const Candidate& candidate : candidates_) {
            const Rule& asked = rule(candidate);
            if (candidate.stage != stage) continue;
            if (!names_peer(world_, policy(candidate.policy), asked, peer_, reading_)) continue;
            const TrafficSet hit = traffic_of(asked, destination_) & undecided;
            if (asked.action == Action::allow) allowed = allowed | hit;
            if (asked.action == Action::pass) passed = passed | hit;
            undecided = undecided - hit;
        }
        undecided = isolates(stage) ? passed : undecided | passed;
    }
    return allowed | undecided;
}

TrafficSet Judge::permitted() const {
    TrafficSet result = TrafficSet::all();
    for (const auto& layer : layers()) {
        const TrafficSet governed = governed_by(layer.front().layer);
        result = result & (permitted_by(layer, governed) | (TrafficSet::all() - governed));
    }
    return result;
}

/// A domain name is one where DNS answers are not known.
bool Judge::has_condition(const Rule& rule) const {
    const bool domains = std::any_of(rule.peers.begin(), rule.peers.end(), [](const Peer& peer) {
        return std::holds_alternative<DomainPeer>(peer);
    });
    return rule.narrower() || (domains && world_.domains.empty());
}

Outcomes Judge::outcomes_of(const std::vector<Stage>& stages) const {
    Outcomes possible;
    bool reaches = true;  // some choice of conditions leaves the point undecided so far
    for (const Stage& stage : stages) {
        if (!reaches) return possible;
        bool passes = false;
        bool falls_through = true;
        for (const Candidate& candidate : candidates_) {
            if (candidate.stage != stage || match(candidate) != Match::yes) continue;
            const Rule& asked = rule(candidate);
            possible.allow = possible.allow || asked.action == Action::allow;
            possible.deny = possible.deny || asked.action == Action::deny;
            passes = passes || asked.action == Action::pass;
            if (has_condition(asked)) continue;
            falls_through = false;
            break;
        }
        if (falls_through && isolates(stage)) {
            possible.deny = true;
            falls_through = false;
        }
        reaches = passes || falls_through;
    }
    possible.allow = possible.allow || reaches;
    return possible;
}

Outcomes Judge::outcomes() const {
    Outcomes possible{true, false};
    for (const auto& layer : layers()) {
        if (!has_say(layer)) continue;
        const Outcomes one = outcomes_of(layer);
        possible = {possible.allow && one.allow, possible.deny || one.deny};
    }
    return possible;
}

/// Readings that may matter for these parties, beside the usual one.
std::vector<std::pair<Reading, Dependency>> other_readings(const EngineOptions& options,
                                                           const Facts& subject,
                                                           const Facts& peer) {
    const Reading usual = usual_reading(options);
    const bool host_network =
        (subject.is_pod && subject.host_network) || (peer.is_pod && peer.host_network);
    const bool by_address = peer.is_pod && !peer.addresses.empty();
    std::vector<std::pair<Reading, Dependency>> others;
    if (by_address && !options.ip_block_pods_settled) {
        others.emplace_back(Reading{false, usual.host_network_pods}, Dependency::ip_block_pods);
    }
    if (host_network && !options.host_network_pods) {
        others.emplace_back(Reading{usual.blocks_reach_pods, false}, Dependency::host_network_pods);
    }
    return others;
}

}  // namespace

Reading usual_reading(const EngineOptions& options) {
    return {true, options.host_network_pods.value_or(true)};
}

Facts facts_of(const Inventory& inventory, std::size_t endpoint, std::optional<IpFamily> family) {
    const Endpoint& pod = inventory.endpoints()[endpoint];
    const Namespace& space = inventory.namespace_of(pod);
    Facts facts;
    facts.namespace_name = space.name;
    facts.namespace_labels = &space.labels;
    facts.labels = policy_labels(pod);
    facts.ports = &pod.ports;
    facts.addresses = known_addresses(inventory, endpoint);
    if (family) {
        std::erase_if(facts.addresses, [&](const IpAddress& a) { return a.family() != *family; });
    }
    facts.host_network = pod.host_network;
    return facts;
}

Facts facts_of(const IpAddress& address) {
    Facts facts;
    facts.is_pod = false;
    facts.addresses = {address};
    return facts;
}

bool selects(const Policy& policy, const Facts& subject, const Reading& reading) {
    return std::any_of(policy.subjects.begin(), policy.subjects.end(), [&](const PodPeer& term) {
        return describes(policy, term, subject, reading);
    });
}

TrafficSet traffic_of(const Rule& rule, const Facts& destination) {
    if (rule.all_ports) return TrafficSet::all();
    TrafficSet traffic;
    for (const PortMatch& match : rule.ports) {
        if (match.name.empty()) {
            traffic = traffic | match.traffic;
            continue;
        }
        if (!destination.is_pod || destination.ports == nullptr) continue;
        for (const ContainerPort& port : *destination.ports) {
            if (port.name != match.name) continue;
            if (match.name_protocol && *match.name_protocol != port.protocol) continue;
            traffic = traffic | TrafficSet::of(port.protocol, {port.port, port.port});
        }
    }
    return traffic;
}

TrafficSet permitted(const World& world, Direction direction,
                     const std::vector<std::size_t>& policies, const Facts& subject,
                     const Facts& peer) {
    const Reading reading = usual_reading(world.options);
    return Judge(world, direction, policies, subject, peer, {}, reading).permitted();
}

DirectionVerdict judge(const World& world, Direction direction,
                       const std::vector<std::size_t>& policies, const Facts& subject,
                       const Facts& peer, const TrafficPoint& point) {
    const auto under = [&](const Reading& reading) {
        return Judge(world, direction, policies, subject, peer, point, reading);
    };
    const Judge usual = under(usual_reading(world.options));
    DirectionVerdict verdict = usual.verdict();
    const auto others = other_readings(world.options, subject, peer);
    for (const auto& [reading, dependency] : others) {
        if (under(reading).verdict().allowed != verdict.allowed) {
            verdict.depends_on.push_back(dependency);
        }
    }
    if (others.size() == 2 && !verdict.uncertain() &&
        under({false, false}).verdict().allowed != verdict.allowed) {
        verdict.depends_on = {Dependency::ip_block_pods, Dependency::host_network_pods};
    }
    const Outcomes possible = usual.outcomes();
    if (possible.allow && possible.deny) verdict.depends_on.push_back(Dependency::rule_condition);
    return verdict;
}

}  // namespace nspect::analyzer
