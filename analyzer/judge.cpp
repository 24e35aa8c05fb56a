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
    return in_namespace && term.pods.matches(*pod.labels) &&
           (!term.service_account || *term.service_account == pod.service_account);
}

bool has_address_in(const Facts& facts, const IpSet& set) {
    return std::any_of(facts.addresses.begin(), facts.addresses.end(),
                       [&](const IpAddress& address) { return set.contains(address); });
}

bool matches(const World& world, const Policy& policy, const Peer& peer, const Facts& facts,
             const Reading& reading) {
    if (std::holds_alternative<AnyPeer>(peer)) return true;
    if (const auto* pods = std::get_if<PodPeer>(&peer)) {
        return describes(policy, *pods, facts, reading);
    }
    if (const auto* block = std::get_if<AddressPeer>(&peer)) {
        if (facts.is_pod && !reaches_pods(block->pods, world.options)) return false;
        const bool left_open = block->pods == PodsByAddress::undefined && facts.is_pod;
        if (left_open && !reading.blocks_reach_pods) return false;
        return has_address_in(facts, block->addresses);
    }
    const Selector& chosen = std::get<NodePeer>(peer).nodes;
    const auto& nodes = world.inventory.nodes();
    return std::any_of(nodes.begin(), nodes.end(), [&](const Node& node) {
        const auto owns = [&](const IpAddress& address) {
            return std::find(node.addresses.begin(), node.addresses.end(), address) !=
                   node.addresses.end();
        };
        return chosen.matches(node.labels) &&
               std::any_of(facts.addresses.begin(), facts.addresses.end(), owns);
    });
}

bool names_peer(const World& world, const Policy& policy, const Rule& rule, const Facts& peer,
                const Reading& reading) {
    return std::any_of(rule.peers.begin(), rule.peers.end(), [&](const Peer& candidate) {
        return matches(world, policy, candidate, peer, reading);
    });
}

/// A rule of a policy that selects the subject, in the order rules are asked.
struct Candidate {
    double stage = 0;
    double order = 0;
    std::size_t policy = 0;
    std::size_t rule = 0;
    auto operator<=>(const Candidate&) const = default;
};

/// One judgement: the policies that select the subject under one reading, stage by stage.
class Judge {
public:
    Judge(const World& world, Direction direction, const std::vector<std::size_t>& policies,
          const Facts& subject, const Facts& peer, const TrafficPoint& point,
          const Reading& reading);

    DirectionVerdict verdict() const;
    TrafficSet permitted() const;
    /// Whether each outcome is possible when rules marked `narrower` may or may not match.
    void collect_outcomes(bool& can_allow, bool& can_deny) const;

private:
    enum class Match { no_peer, no_port, unresolved, yes };

    const Policy& policy(std::size_t index) const { return world_.policies[index]; }
    const Rule& rule(const Candidate& c) const {
        return policy(c.policy).rules(direction_)[c.rule];
    }
    Match match(const Candidate& candidate) const;
    bool isolates(double stage) const;
    bool ask_stage(double stage, DirectionVerdict& verdict) const;
    void explain_denial(double stage, DirectionVerdict& verdict) const;

    const World& world_;
    Direction direction_;
    const Facts& peer_;
    const Facts& destination_;
    TrafficPoint point_;
    Reading reading_;
    std::vector<std::size_t> selecting_;
    std::vector<Candidate> candidates_;
    std::vector<double> stages_;
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
        stages_.push_back(p.stage.order);
        for (std::size_t i = 0; i < rules.size(); ++i) {
            candidates_.push_back({p.stage.order, rules[i].order, index, i});
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

bool Judge::isolates(double stage) const {
    return std::any_of(selecting_.begin(), selecting_.end(), [&](std::size_t index) {
        return policy(index).stage.order == stage && policy(index).isolates(direction_);
    });
}

/// Whether the stage decided. All rules of the deciding order that say the same are named.
bool Judge::ask_stage(double stage, DirectionVerdict& verdict) const {
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
void Judge::explain_denial(double stage, DirectionVerdict& verdict) const {
    for (const std::size_t index : selecting_) {
        if (policy(index).stage.order != stage || !policy(index).isolates(direction_)) continue;
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

DirectionVerdict Judge::verdict() const {
    DirectionVerdict verdict;
    for (const std::size_t index : selecting_) {
        verdict.isolated = verdict.isolated || policy(index).isolates(direction_);
    }
    for (const double stage : stages_) {
        if (ask_stage(stage, verdict)) return verdict;
    }
    verdict.reasons.push_back({Effect::default_allow, std::nullopt, std::nullopt});
    return verdict;
}

TrafficSet Judge::permitted() const {
    TrafficSet allowed;
    TrafficSet undecided = TrafficSet::all();
    for (const double stage : stages_) {
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

void Judge::collect_outcomes(bool& can_allow, bool& can_deny) const {
    bool reaches = true;  // some choice of narrower rules leaves the point undecided so far
    for (const double stage : stages_) {
        if (!reaches) return;
        bool passes = false;
        bool falls_through = true;
        for (const Candidate& candidate : candidates_) {
            if (candidate.stage != stage || match(candidate) != Match::yes) continue;
            const Rule& asked = rule(candidate);
            can_allow = can_allow || asked.action == Action::allow;
            can_deny = can_deny || asked.action == Action::deny;
            passes = passes || asked.action == Action::pass;
            if (asked.narrower) continue;
            falls_through = false;
            break;
        }
        if (falls_through && isolates(stage)) {
            can_deny = true;
            falls_through = false;
        }
        reaches = passes || falls_through;
    }
    if (reaches) can_allow = true;
}

/// Readings that could matter for these parties; the first is the one that verdicts are given by.
std::vector<Reading> readings(const Facts& subject, const Facts& peer) {
    std::vector<Reading> result{{}};
    const bool host_network =
        (subject.is_pod && subject.host_network) || (peer.is_pod && peer.host_network);
    const bool by_address = peer.is_pod && !peer.addresses.empty();
    if (by_address) result.push_back({false, true});
    if (host_network) result.push_back({true, false});
    if (host_network && by_address) result.push_back({false, false});
    return result;
}

}  // namespace

Facts facts_of(const Inventory& inventory, std::size_t endpoint, std::optional<IpFamily> family) {
    const Endpoint& pod = inventory.endpoints()[endpoint];
    const Namespace& space = inventory.namespace_of(pod);
    Facts facts;
    facts.namespace_name = space.name;
    facts.namespace_labels = &space.labels;
    facts.labels = &pod.labels;
    facts.ports = &pod.ports;
    facts.addresses = known_addresses(inventory, endpoint);
    if (family) {
        std::erase_if(facts.addresses, [&](const IpAddress& a) { return a.family() != *family; });
    }
    facts.host_network = pod.host_network;
    facts.service_account = pod.service_account;
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
    return Judge(world, direction, policies, subject, peer, {}, {}).permitted();
}

DirectionVerdict judge(const World& world, Direction direction,
                       const std::vector<std::size_t>& policies, const Facts& subject,
                       const Facts& peer, const TrafficPoint& point) {
    std::optional<DirectionVerdict> verdict;
    bool can_allow = false;
    bool can_deny = false;
    for (const Reading& reading : readings(subject, peer)) {
        const Judge judgement(world, direction, policies, subject, peer, point, reading);
        if (!verdict) verdict = judgement.verdict();
        judgement.collect_outcomes(can_allow, can_deny);
    }
    verdict->uncertain = can_allow && can_deny;
    return *std::move(verdict);
}

}  // namespace nspect::analyzer
