// SPDX-License-Identifier: Apache-2.0
#include "analyzer/audit_verdicts.h"

#include <algorithm>
#include <optional>

#include "analyzer/mesh_ports.h"

namespace nspect::analyzer {
namespace {

const Location& place_of(const World& world, Direction direction, const Reason& reason) {
    const auto& policy = world.policies[*reason.policy];
    if (!reason.rule) return policy.where;
    const auto& rule = policy.rules(direction)[*reason.rule];
    return rule.where.file.empty() ? policy.where : rule.where;
}

std::string title(const World& world, Direction direction, const Reason& reason) {
    const auto& policy = world.policies[*reason.policy];
    std::string text = policy_title(policy);
    if (reason.rule) {
        const auto& rule = policy.rules(direction)[*reason.rule];
        text += ' ' + std::string(to_string(direction)) + " rule " + std::to_string(rule.index);
        if (!rule.name.empty()) text += " \"" + rule.name + '"';
    }
    const auto& place = place_of(world, direction, reason);
    return place.file.empty() ? text : text + " (" + to_string(place) + ')';
}

/// The directions that decided: of a denial those that deny, of a permission both.
template <class Visit>
void each_reason(const Judged& judged, Visit visit) {
    const bool denied = !judged.verdict.allowed();
    const auto side = [&](Direction direction, const DirectionVerdict& verdict) {
        if (denied && verdict.allowed) return;
        for (const auto& reason : verdict.reasons) visit(direction, reason);
    };
    side(Direction::egress, judged.verdict.egress);
    side(Direction::ingress, judged.verdict.ingress);
}

bool has_rule(const DirectionVerdict& verdict) {
    return std::any_of(verdict.reasons.begin(), verdict.reasons.end(), [](const Reason& reason) {
        return reason.effect == Reason::Effect::allow && reason.rule;
    });
}

}  // namespace

std::size_t Verdicts::KeyHash::operator()(const Key& key) const noexcept {
    std::uint64_t hash = key[0];
    for (const auto part : {key[1], key[2], key[3]}) {
        hash = (hash ^ (hash >> 31U)) * 0x9e3779b97f4a7c15ULL + part;
    }
    return hash ^ (hash >> 32U);
}

/// Classes of endpoints and of addresses in one row of numbers; the low bit is the family.
std::uint32_t Verdicts::number(const End& end, Direction as_peer_of) const {
    const std::size_t family = end.address.is_v4() ? 0 : 1;
    const auto place =
        end.kind == End::Kind::endpoint
            ? engine_.class_of(end.index)
            : engine_.class_count() + engine_.address_class_of(as_peer_of, end.address);
    return static_cast<std::uint32_t>(place * 2 + family);
}

bool Verdicts::never_stopped(const Talk& talk) const {
    return talk.within_one() || ends_.from_own_node(talk);
}

Verdicts::Key Verdicts::key(const Talk& talk) const {
    return {number(talk.client, Direction::ingress), number(talk.server, Direction::egress),
            (never_stopped(talk) ? 1U << 31U : 0U) |
                static_cast<std::uint32_t>(talk.point.protocol) << 16U | talk.point.port.number,
            talk.carried.value_or(Port{0}).number};
}

std::uint32_t Verdicts::of(const Talk& talk) {
    const auto [number, added] = known_.number(key(talk));
    if (added) {
        judged_.push_back(judge(talk));
        judged_.back().own_node = never_stopped(talk);
    }
    return number;
}

bool Verdicts::passes(const Talk& talk) {
    if (never_stopped(talk)) return true;
    if (carries_others(talk.point)) return all()[of(talk)].allowed();
    const auto [number, added] = asked_.number(key(talk));
    if (added) {
        const auto allowed = engine_.allowed(talk.client.who(), talk.server.who());
        passing_.push_back(allowed.contains(talk.point));
    }
    return passing_[number];
}

Judged Verdicts::judge(const Talk& talk) const {
    Judged judged;
    const Who from = talk.client.who();
    const Who to = talk.server.who();
    judged.verdict = carries_others(talk.point)
                         ? decide_through_mesh(engine_, from, to, talk.point, talk.carried)
                         : engine_.decide(from, to, talk.point);
    judged.inbound_declared = has_rule(judged.verdict.ingress);
    judged.outbound_declared = has_rule(judged.verdict.egress);
    const bool from_pod = talk.client.kind == End::Kind::endpoint;
    const bool to_pod = talk.server.kind == End::Kind::endpoint;
    judged.selected = (from_pod && engine_.selected(talk.client.index, Direction::egress)) ||
                      (to_pod && engine_.selected(talk.server.index, Direction::ingress));
    return judged;
}

std::string reason_in_words(const World& world, Direction direction, const Reason& reason) {
    const std::string way{to_string(direction)};
    const std::string unselected = direction == Direction::egress
                                       ? "no policy selects the source for egress"
                                       : "no policy selects the destination for ingress";
    if (reason.effect == Reason::Effect::backend_not_port) {
        return "the way in from outside leads to another port";
    }
    if (!reason.policy) return unselected;
    const auto who = title(world, direction, reason);
    switch (reason.effect) {
        case Reason::Effect::allow:
            return who + " allows it";
        case Reason::Effect::deny:
            return who + " denies it";
        case Reason::Effect::pass:
            return who + " passes it on";
        case Reason::Effect::no_rule_matches_peer:
            return who + " isolates for " + way + ", and none of its rules names the peer";
        case Reason::Effect::rule_matches_peer_not_port:
            return who + " names the peer, but not this port";
        case Reason::Effect::rule_named_port_unresolved:
            return who + " names the peer, and a port name the destination does not have";
        default:
            return unselected;
    }
}

std::vector<std::string> reasons_in_words(const World& world, const Judged& judged) {
    if (judged.own_node) return {"a pod's own node, and the pod itself, are never stopped"};
    std::vector<std::string> words;
    std::vector<bool> by_policy;
    each_reason(judged, [&](Direction direction, const Reason& reason) {
        auto text = reason_in_words(world, direction, reason);
        if (std::find(words.begin(), words.end(), text) == words.end()) {
            words.push_back(std::move(text));
            by_policy.push_back(reason.policy.has_value());
        }
    });
    // What a policy says stands before that none says anything.
    std::vector<std::string> sorted;
    for (const bool wanted : {true, false}) {
        for (std::size_t i = 0; i < words.size(); ++i) {
            if (by_policy[i] == wanted) sorted.push_back(std::move(words[i]));
        }
    }
    return sorted;
}

std::optional<Location> deciding_place(const World& world, const Judged& judged) {
    std::optional<Location> place;
    each_reason(judged, [&](Direction direction, const Reason& reason) {
        if (place || !reason.policy) return;
        const auto& found = place_of(world, direction, reason);
        if (!found.file.empty()) place = found;
    });
    return place;
}

}  // namespace nspect::analyzer
