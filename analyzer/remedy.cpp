// SPDX-License-Identifier: Apache-2.0
#include "analyzer/remedy.h"

#include <algorithm>
#include <map>
#include <utility>

#include "analyzer/endpoint_classes.h"
#include "analyzer/explain.h"
#include "analyzer/generate_labels.h"

namespace nspect::analyzer {
namespace {

using Effect = Reason::Effect;

bool is_admin(PolicyKind kind) {
    return kind == PolicyKind::admin_network_policy || kind == PolicyKind::cluster_network_policy ||
           kind == PolicyKind::baseline_admin_network_policy;
}

class Finder {
public:
    Finder(const PolicyEngine& engine, const Who& from, const Who& to, const TrafficPoint& point,
           const IpSet& outside)
        : engine_(engine),
          inventory_(engine.world().inventory),
          from_(from),
          to_(to),
          point_(point),
          outside_(outside),
          selectors_(inventory_) {}

    Remedies find() {
        const Verdict verdict = engine_.decide(from_, to_, point_);
        if (verdict.allowed()) return {};
        if (!verdict.egress.allowed) open(Direction::egress, verdict.egress);
        if (!verdict.ingress.allowed) open(Direction::ingress, verdict.ingress);
        result_.sufficient = result_.in_the_way.empty() && is_enough();
        return std::move(result_);
    }

private:
    void open(Direction direction, const DirectionVerdict& verdict);
    void open_stage(Direction direction, const Reason& reason);
    void add(Direction direction, Policy policy, Rule rule, std::optional<Location> before);
    void overrule(Direction direction, const Policy& denying, const Rule& rule);
    void stands_in_the_way(Direction direction, const Reason& reason);

    const Who& subject(Direction direction) const {
        return direction == Direction::egress ? from_ : to_;
    }
    const Who& peer(Direction direction) const {
        return direction == Direction::egress ? to_ : from_;
    }
    const WorkloadId& workload(const Who& who) const {
        return inventory_.workload_of(inventory_.endpoints()[*who.endpoint]);
    }
    PodPeer pods_of(const Who& who);
    std::optional<Peer> peer_of(const Who& who);
    bool closes_nothing(Direction direction, const PodPeer& subject) const;
    std::string short_name(const Who& who) const;
    bool is_enough();
    bool only_opens(const PolicyEngine& after) const;

    const PolicyEngine& engine_;
    const Inventory& inventory_;
    const Who& from_;
    const Who& to_;
    TrafficPoint point_;
    const IpSet& outside_;
    WorkloadSelectors selectors_;
    Remedies result_;
};

std::string Finder::short_name(const Who& who) const {
    if (who.endpoint) return workload(who).name;
    const auto& ranges = outside_.intervals();
    if (ranges.size() != 1 || ranges.front().first != ranges.front().last) return "outside";
    std::string name = to_string(who.address);
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == '.' || c == ':'; }, '-');
    return name;
}

PodPeer Finder::pods_of(const Who& who) {
    const Endpoint& endpoint = inventory_.endpoints()[*who.endpoint];
    PodPeer pods;
    pods.namespace_name = workload(who).namespace_name;
    pods.pods = Selector::matching(selectors_.of(endpoint.workload).labels);
    return pods;
}

/// Pods on the host network are known by the addresses of their node alone.
std::optional<Peer> Finder::peer_of(const Who& who) {
    IpSet addresses;
    if (!who.endpoint) return AddressPeer{outside_, PodsByAddress::undefined};
    if (!inventory_.endpoints()[*who.endpoint].host_network) return pods_of(who);
    for (const IpAddress& each : known_addresses(inventory_, *who.endpoint)) {
        addresses.insert({each, each});
    }
    if (addresses.empty()) return std::nullopt;
    return AddressPeer{addresses, PodsByAddress::undefined};
}

void Finder::stands_in_the_way(Direction direction, const Reason& reason) {
    const World& world = engine_.world();
    std::string text = std::string(to_string(direction)) + ": " + reason_kind(world, reason) + " " +
                       reason_name(world, reason);
    const std::string rule = reason_rule(world, direction, reason);
    if (!rule.empty()) text += ", rule " + rule;
    const std::string where = to_string(reason_location(world, direction, reason));
    if (!where.empty()) text += " at " + where;
    auto& list = result_.in_the_way;
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
}

void Finder::add(Direction direction, Policy policy, Rule rule, std::optional<Location> before) {
    const Who& who = subject(direction);
    rule.ports = {{TrafficSet::of(point_.protocol, {point_.port, point_.port}), "", std::nullopt}};
    policy.subjects = {pods_of(who)};
    // Both directions may end up in one namespace.
    policy.name = "allow-" + short_name(from_) + "-to-" + short_name(to_) +
                  (direction == Direction::ingress ? "-in" : "-out");
    rule.name = policy.name;
    (direction == Direction::ingress ? policy.ingress : policy.egress) = {std::move(rule)};
    Remedy remedy{direction, std::move(policy), std::move(before), {}};
    const std::size_t own = inventory_.endpoints()[*who.endpoint].workload;
    const bool by_labels = remedy.policy.subjects.front() == pods_of(who);
    for (const std::size_t other : selectors_.of(own).also) {
        if (!by_labels) break;
        remedy.selects.push_back(to_string(inventory_.workloads()[other].id));
    }
    result_.additions.push_back(std::move(remedy));
}

/// An admin rule that comes first: in a policy of the next lower priority, or in the same one.
void Finder::overrule(Direction direction, const Policy& denying, const Rule& rule) {
    const auto named = peer_of(peer(direction));
    if (!named) return;
    Policy policy;
    policy.kind = denying.kind;
    policy.stage = denying.stage;
    const bool alone = denying.kind == PolicyKind::baseline_admin_network_policy;
    const bool has_room = !alone && denying.priority >= 1;
    policy.priority = has_room ? denying.priority - 1 : denying.priority;
    Rule opening;
    opening.action = Action::allow;
    opening.order = rule.order - 0.5;
    opening.peers = {*named};
    if (auto* block = std::get_if<AddressPeer>(&opening.peers.front())) {
        block->pods = PodsByAddress::yes;
    }
    add(direction, std::move(policy), std::move(opening),
        has_room ? std::nullopt : std::optional(rule.where));
}

/// Whether every pod it describes is isolated by NetworkPolicy or its like as it is.
bool Finder::closes_nothing(Direction direction, const PodPeer& subject) const {
    const World& world = engine_.world();
    const auto isolates = [&](std::size_t index) {
        const Policy& policy = world.policies[index];
        return policy.isolates(direction) && policy.stage == Stage{namespace_stage, "namespace"};
    };
    for (std::size_t i = 0; i < inventory_.endpoints().size(); ++i) {
        const Endpoint& endpoint = inventory_.endpoints()[i];
        if (subject.namespace_name != inventory_.workload_of(endpoint).namespace_name) continue;
        if (!subject.pods.matches(policy_labels(endpoint))) continue;
        const auto policies = engine_.policies_of(i, direction);
        if (std::none_of(policies.begin(), policies.end(), isolates)) return false;
    }
    return true;
}

void Finder::open_stage(Direction direction, const Reason& reason) {
    const Policy& denying = engine_.world().policies[*reason.policy];
    const auto named = peer_of(peer(direction));
    const Stage usual{namespace_stage, "namespace"};
    if (denying.stage != usual || !named) return stands_in_the_way(direction, reason);
    const bool added = std::any_of(
        result_.additions.begin(), result_.additions.end(),
        [&](const Remedy& each) { return each.direction == direction && !each.before; });
    if (added) return;  // one opening serves for all that isolate
    Policy policy;
    policy.kind = PolicyKind::network_policy;
    policy.namespace_name = workload(subject(direction)).namespace_name;
    // A NetworkPolicy isolates whom it selects: only those may be selected who are isolated
    // already.
    policy.subjects = {pods_of(subject(direction))};
    if (!closes_nothing(direction, policy.subjects.front())) policy.subjects = denying.subjects;
    const bool is_safe = policy.subjects.size() == 1 &&
                         policy.subjects.front().namespace_name == policy.namespace_name &&
                         closes_nothing(direction, policy.subjects.front());
    if (!is_safe) return stands_in_the_way(direction, reason);
    policy.stage = usual;
    policy.isolates_ingress = direction == Direction::ingress;
    policy.isolates_egress = direction == Direction::egress;
    Rule rule;
    rule.order = network_policy_order;
    rule.peers = {*named};
    add(direction, std::move(policy), std::move(rule), std::nullopt);
}

void Finder::open(Direction direction, const DirectionVerdict& verdict) {
    for (const Reason& reason : verdict.reasons) {
        if (!reason.policy || reason.effect == Effect::pass || reason.effect == Effect::allow) {
            continue;
        }
        const Policy& denying = engine_.world().policies[*reason.policy];
        if (reason.effect != Effect::deny) {
            open_stage(direction, reason);
        } else if (is_admin(denying.kind)) {
            overrule(direction, denying, denying.rules(direction)[*reason.rule]);
        } else {
            stands_in_the_way(direction, reason);
        }
    }
}

/// Additions come first in document order, as the one that is put in front of a rule does. One that
/// would close anything else is no remedy: said, and given for what it is.
bool Finder::is_enough() {
    if (result_.additions.empty()) return false;
    World changed = engine_.world();
    for (const Remedy& each : result_.additions) {
        changed.policies.insert(changed.policies.begin(), each.policy);
    }
    const PolicyEngine after(changed);
    if (!after.decide(from_, to_, point_).allowed()) return false;
    if (only_opens(after)) return true;
    result_.in_the_way.push_back("policies that these would take the place of for other pods");
    return false;
}

/// Asked of one endpoint per class of the world with the additions.
bool Finder::only_opens(const PolicyEngine& after) const {
    std::map<std::pair<std::size_t, std::size_t>, std::size_t> members;
    for (std::size_t i = 0; i < inventory_.endpoints().size(); ++i) {
        members.emplace(std::pair(after.class_of(i), engine_.class_of(i)), i);
    }
    for (const Remedy& each : result_.additions) {
        const bool egress = each.direction == Direction::egress;
        for (const auto& [subject_class, subject] : members) {
            const auto policies = after.policies_of(subject, each.direction);
            if (policies.size() == engine_.policies_of(subject, each.direction).size()) continue;
            for (const auto& [peer_class, peer] : members) {
                const Who a = Who::of_endpoint(egress ? subject : peer);
                const Who b = Who::of_endpoint(egress ? peer : subject);
                const auto before = engine_.allowed(each.direction, a, b);
                if (!after.allowed(each.direction, a, b).contains(before)) return false;
            }
        }
    }
    return true;
}

}  // namespace

Remedies remedies(const PolicyEngine& engine, const Who& from, const Who& to,
                  const TrafficPoint& point, const IpSet& outside) {
    return Finder(engine, from, to, point, outside).find();
}

}  // namespace nspect::analyzer
