// SPDX-License-Identifier: Apache-2.0
#include "analyzer/explain.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "analyzer/entrances.h"
#include "analyzer/judge.h"

namespace nspect::analyzer {
namespace {

using Effect = Reason::Effect;

/// The points at which an answer may change, per protocol.
class Cuts {
public:
    Cuts() {
        for (const Protocol protocol : by_number) {
            starts(protocol).insert(has_ports(protocol) ? 1 : 0);
        }
    }

    void add(const TrafficSet& traffic) {
        for (const Protocol protocol : by_number) {
            for (const PortRange& range : traffic.ports(protocol).intervals()) {
                starts(protocol).insert(range.first.number);
                if (range.last.number < last_of(protocol)) {
                    starts(protocol).insert(range.last.number + 1U);
                }
            }
        }
    }

    /// Asks once per piece, and puts pieces with equal answers together.
    Explanation share_out(const std::function<Verdict(const TrafficPoint&)>& decide) const {
        Explanation explanation;
        for (const Protocol protocol : by_number) {
            const auto& firsts = starts_[static_cast<std::size_t>(protocol)];
            for (auto first = firsts.begin(); first != firsts.end(); ++first) {
                const auto next = std::next(first);
                const unsigned last = next == firsts.end() ? last_of(protocol) : *next - 1;
                const PortRange piece{port(*first), port(last)};
                put(explanation, TrafficSet::of(protocol, piece), decide({protocol, piece.first}));
            }
        }
        put(explanation, TrafficSet::of(Protocol::other), decide({Protocol::other, {}}));
        std::stable_sort(explanation.blocks.begin(), explanation.blocks.end(),
                         [](const ExplainBlock& a, const ExplainBlock& b) {
                             return a.verdict.allowed() && !b.verdict.allowed();
                         });
        return explanation;
    }

private:
    static constexpr std::array by_number{Protocol::tcp, Protocol::udp, Protocol::sctp,
                                          Protocol::icmp, Protocol::icmp6};

    static Port port(unsigned number) { return Port{static_cast<std::uint16_t>(number)}; }
    static unsigned last_of(Protocol protocol) { return has_ports(protocol) ? 65535 : 255; }
    std::set<unsigned>& starts(Protocol protocol) {
        return starts_[static_cast<std::size_t>(protocol)];
    }
    static void put(Explanation& explanation, const TrafficSet& piece, Verdict verdict) {
        for (ExplainBlock& block : explanation.blocks) {
            if (block.verdict != verdict) continue;
            block.traffic = block.traffic | piece;
            return;
        }
        explanation.blocks.push_back({piece, std::move(verdict)});
    }

    std::array<std::set<unsigned>, by_number.size()> starts_;
};

void add_rules(const PolicyEngine& engine, Direction direction, std::size_t subject,
               const Facts& destination, Cuts& cuts) {
    for (const std::size_t index : engine.policies_of(subject, direction)) {
        for (const Rule& rule : engine.world().policies[index].rules(direction)) {
            cuts.add(traffic_of(rule, destination));
        }
    }
}

Facts facts(const PolicyEngine& engine, const Who& who) {
    return who.endpoint ? facts_of(engine.world().inventory, *who.endpoint) : facts_of(who.address);
}

/// The entrances' part of a verdict: those that lead to the point, else all that do not.
DirectionVerdict through_entrances(const std::vector<WayIn>& ways, const TrafficPoint& point) {
    DirectionVerdict verdict;
    for (const WayIn& way : ways) {
        if (!way.ports.contains(point)) continue;
        verdict.reasons.push_back({Effect::allow, {}, {}, way.entrance, way.service});
    }
    if (!verdict.reasons.empty()) return verdict;
    verdict.allowed = false;
    for (const WayIn& way : ways) {
        verdict.reasons.push_back({Effect::backend_not_port, {}, {}, way.entrance, way.service});
    }
    return verdict;
}

/// Both must allow; a reason of what allows says nothing about a denial by the other.
DirectionVerdict both(DirectionVerdict ways, DirectionVerdict policies) {
    if (policies.allowed && !ways.allowed) return ways;
    if (!policies.allowed && ways.allowed) return policies;
    ways.isolated = policies.isolated;
    ways.depends_on = policies.depends_on;
    for (const Reason& reason : policies.reasons) {
        if (reason.effect != Effect::default_allow) ways.reasons.push_back(reason);
    }
    return ways;
}

}  // namespace

bool Explanation::all_allowed_by_default() const {
    const auto by_default = [](const DirectionVerdict& side) {
        return side.allowed && side.reasons.size() == 1 &&
               side.reasons.front().effect == Effect::default_allow;
    };
    return std::all_of(blocks.begin(), blocks.end(), [&](const ExplainBlock& block) {
        return by_default(block.verdict.egress) && by_default(block.verdict.ingress);
    });
}

Explanation explain(const PolicyEngine& engine, const Who& from, const Who& to) {
    Cuts cuts;
    const Facts destination = facts(engine, to);
    if (from.endpoint) {
        add_rules(engine, Direction::egress, *from.endpoint, destination, cuts);
    }
    if (to.endpoint) add_rules(engine, Direction::ingress, *to.endpoint, destination, cuts);
    return cuts.share_out(
        [&](const TrafficPoint& point) { return engine.decide(from, to, point); });
}

Explanation explain_entrance(const PolicyEngine& engine, std::size_t endpoint) {
    const Inventory& inventory = engine.world().inventory;
    std::vector<WayIn> ways = ways_in(inventory);
    std::erase_if(ways, [&](const WayIn& way) { return way.endpoint != endpoint; });
    const Facts target = facts_of(inventory, endpoint);
    const Facts controller = ingress_controller_facts();
    const auto policies = engine.policies_of(endpoint, Direction::ingress);
    Cuts cuts;
    add_rules(engine, Direction::ingress, endpoint, target, cuts);
    for (const WayIn& way : ways) cuts.add(way.ports);
    return cuts.share_out([&](const TrafficPoint& point) {
        Verdict verdict;
        verdict.egress.reasons.push_back({Effect::default_allow, {}, {}});
        verdict.ingress =
            both(through_entrances(ways, point),
                 judge(engine.world(), Direction::ingress, policies, target, controller, point));
        return verdict;
    });
}

TrafficPoint first_point(const TrafficSet& traffic) {
    for (const Protocol protocol :
         {Protocol::tcp, Protocol::udp, Protocol::sctp, Protocol::icmp, Protocol::icmp6}) {
        const auto& ports = traffic.ports(protocol).intervals();
        if (!ports.empty()) return {protocol, ports.front().first};
    }
    return {Protocol::other, {}};
}

std::vector<std::size_t> denying_policies(const DirectionVerdict& verdict) {
    std::set<std::size_t> policies;
    for (const Reason& reason : verdict.reasons) {
        const bool denies = reason.effect != Effect::pass && reason.effect != Effect::allow;
        if (!verdict.allowed && denies && reason.policy) policies.insert(*reason.policy);
    }
    return {policies.begin(), policies.end()};
}

std::string_view to_string(Reason::Effect effect) {
    switch (effect) {
        case Effect::deny:
            return "deny";
        case Effect::pass:
            return "pass";
        case Effect::no_rule_matches_peer:
            return "no-rule-matches-peer";
        case Effect::rule_matches_peer_not_port:
            return "rule-matches-peer-not-port";
        case Effect::rule_named_port_unresolved:
            return "rule-named-port-unresolved";
        case Effect::backend_not_port:
            return "backend-not-port";
        case Effect::allow:
        case Effect::default_allow:
            break;
    }
    return "allow";
}

std::string reason_kind(const World& world, const Reason& reason) {
    if (reason.policy) return std::string(to_string(world.policies[*reason.policy].kind));
    if (reason.entrance) return world.inventory.entrances()[*reason.entrance].kind;
    return "default";
}

std::string reason_name(const World& world, const Reason& reason) {
    const auto join = [](const std::string& space, const std::string& name) {
        return space.empty() ? name : space + "/" + name;
    };
    if (reason.policy) {
        const Policy& policy = world.policies[*reason.policy];
        return join(policy.namespace_name, policy.name);
    }
    if (!reason.entrance) return {};
    const Entrance& entrance = world.inventory.entrances()[*reason.entrance];
    return join(entrance.namespace_name, entrance.name);
}

std::string reason_rule(const World& world, Direction direction, const Reason& reason) {
    if (!reason.policy || !reason.rule) return {};
    const Policy& policy = world.policies[*reason.policy];
    const Rule& rule = policy.rules(direction)[*reason.rule];
    return policy.kind == PolicyKind::network_policy ? std::to_string(rule.index) : rule.name;
}

Location reason_location(const World& world, Direction direction, const Reason& reason) {
    if (reason.entrance) return world.inventory.entrances()[*reason.entrance].where;
    if (!reason.policy) return {};
    const Policy& policy = world.policies[*reason.policy];
    return reason.rule ? policy.rules(direction)[*reason.rule].where : policy.where;
}

}  // namespace nspect::analyzer
