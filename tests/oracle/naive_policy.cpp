// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/naive_policy.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace nspect::oracle {
namespace {

using analyzer::IpBlockPods;
using analyzer::Who;
using analyzer::World;

/// Section 2: the addresses a party is known by.
std::vector<IpAddress> addresses(const World& world, const Who& who) {
    if (!who.endpoint) return {who.address};
    const Endpoint& pod = world.inventory.endpoints()[*who.endpoint];
    std::vector<IpAddress> own = world.inventory.addresses_of(*who.endpoint);
    if (!own.empty() || !pod.host_network || pod.node.empty()) return own;
    for (const Node& node : world.inventory.nodes()) {
        if (node.name == pod.node) return node.addresses;
    }
    return own;
}

std::set<IpFamily> families(const World& world, const Who& who) {
    std::set<IpFamily> result;
    for (const auto& address : addresses(world, who)) result.insert(address.family());
    if (result.empty()) result = {IpFamily::v4, IpFamily::v6};
    return result;
}

/// Section 2: the addresses that count over one family.
std::vector<IpAddress> addresses_over(const World& world, const Who& who, IpFamily family) {
    std::vector<IpAddress> counted = addresses(world, who);
    if (families(world, who).size() < 2) return counted;
    std::erase_if(counted, [&](const IpAddress& a) { return a.family() != family; });
    return counted;
}

/// Section 4: pods by namespace, labels and service account.
bool describes(const World& world, const Policy& policy, const PodPeer& term, const Who& who) {
    if (!who.endpoint) return false;
    const Endpoint& pod = world.inventory.endpoints()[*who.endpoint];
    const bool plugin_counts_it = world.options.host_network_pods.value_or(true);
    const bool host_network_counts =
        (policy.kind == PolicyKind::network_policy && plugin_counts_it) ||
        policy.selects_host_network;
    if (pod.host_network && !host_network_counts) return false;
    const Namespace& space = world.inventory.namespace_of(pod);
    if (term.namespace_name && *term.namespace_name != space.name) return false;
    if (!term.namespace_name && !term.namespaces.matches(space.labels)) return false;
    return term.pods.matches(policy_labels(pod));
}

bool is_node_address(const World& world, const Selector& chosen, const IpAddress& address) {
    for (const Node& node : world.inventory.nodes()) {
        if (!chosen.matches(node.labels)) continue;
        if (std::find(node.addresses.begin(), node.addresses.end(), address) !=
            node.addresses.end()) {
            return true;
        }
    }
    return false;
}

bool is_domain_address(const World& world, const DomainPeer& peer, const IpAddress& address) {
    if (world.domains.empty()) return true;
    return std::any_of(world.domains.begin(), world.domains.end(), [&](const auto& entry) {
        return matches_domain(peer, entry.first) && entry.second.contains(address);
    });
}

bool names(const World& world, const Policy& policy, const Peer& peer, const Who& who,
           IpFamily family) {
    if (std::holds_alternative<AnyPeer>(peer)) return true;
    const auto own = addresses_over(world, who, family);
    const auto any_own = [&](const auto& holds) {
        return std::any_of(own.begin(), own.end(), holds);
    };
    const bool never = who.endpoint && world.options.ip_block_pods == IpBlockPods::never;
    if (const auto* pods = std::get_if<PodPeer>(&peer)) {
        if (!describes(world, policy, *pods, who)) return false;
        if (!pods->addresses) return true;
        return !never && any_own([&](const auto& a) { return pods->addresses->contains(a); });
    }
    if (const auto* block = std::get_if<AddressPeer>(&peer)) {
        const bool always = block->pods == PodsByAddress::always;
        if ((never && !always) || (who.endpoint && block->pods == PodsByAddress::no)) return false;
        return any_own([&](const auto& a) {
            return block->addresses.contains(a) &&
                   (block->nodes || !is_node_address(world, Selector{}, a));
        });
    }
    if (const auto* domains = std::get_if<DomainPeer>(&peer)) {
        return !who.endpoint &&
               any_own([&](const auto& a) { return is_domain_address(world, *domains, a); });
    }
    const Selector& nodes = std::get<NodePeer>(peer).nodes;
    const bool on_some_node =
        who.endpoint && world.inventory.endpoints()[*who.endpoint].host_network;
    if (on_some_node && nodes.matches_everything()) return true;
    return any_own([&](const auto& a) { return is_node_address(world, nodes, a); });
}

/// Section 5: ports by number, or by name on the destination.
bool names_point(const World& world, const Rule& rule, const Who& destination,
                 const TrafficPoint& point) {
    if (rule.all_ports) return true;
    for (const PortMatch& match : rule.ports) {
        if (match.name.empty()) {
            if (match.traffic.contains(point)) return true;
            continue;
        }
        if (!destination.endpoint) continue;
        for (const auto& port : world.inventory.endpoints()[*destination.endpoint].ports) {
            const bool is_it = port.name == match.name &&
                               (!match.name_protocol || *match.name_protocol == port.protocol);
            if (is_it && point == TrafficPoint{port.protocol, port.port}) return true;
        }
    }
    return false;
}

enum class Answer { allow, deny, next_stage };

/// Section 3, one stage: rules in ascending order, ties in document order.
Answer ask_stage(const World& world, Direction direction, const Stage& stage, const Who& subject,
                 const Who& peer, const TrafficPoint& point, IpFamily family) {
    struct Asked {
        const Policy* policy;
        const Rule* rule;
    };
    std::vector<Asked> rules;
    bool isolates = false;
    for (const Policy& policy : world.policies) {
        const bool selected =
            std::any_of(policy.subjects.begin(), policy.subjects.end(),
                        [&](const auto& s) { return describes(world, policy, s, subject); });
        if (policy.stage != stage || !selected) continue;
        isolates = isolates || policy.isolates(direction);
        for (const Rule& rule : policy.rules(direction)) rules.push_back({&policy, &rule});
    }
    std::stable_sort(rules.begin(), rules.end(),
                     [](const Asked& a, const Asked& b) { return a.rule->order < b.rule->order; });
    const Who& destination = direction == Direction::egress ? peer : subject;
    for (const auto& [policy, rule] : rules) {
        const bool named = std::any_of(
            rule->peers.begin(), rule->peers.end(),
            [&, p = policy](const auto& entry) { return names(world, *p, entry, peer, family); });
        if (!named || !names_point(world, *rule, destination, point)) continue;
        if (rule->action == Action::allow) return Answer::allow;
        return rule->action == Action::deny ? Answer::deny : Answer::next_stage;
    }
    return isolates ? Answer::deny : Answer::next_stage;
}

bool side_allows(const World& world, Direction direction, const Who& subject, const Who& peer,
                 const TrafficPoint& point, IpFamily family) {
    if (!subject.endpoint) return true;
    std::map<Layer, std::set<Stage>> layers;
    for (const Policy& policy : world.policies) layers[policy.stage.layer].insert(policy.stage);
    for (const auto& [layer, stages] : layers) {
        if (!governed_by(layer).contains(point)) continue;
        Answer answer = Answer::next_stage;
        for (const Stage& stage : stages) {
            answer = ask_stage(world, direction, stage, subject, peer, point, family);
            if (answer != Answer::next_stage) break;
        }
        if (answer == Answer::deny) return false;
    }
    return true;
}

/// Section 2: the families in which two parties can meet.
std::set<IpFamily> meeting(const World& world, const Who& from, const Who& to) {
    const auto a = families(world, from);
    const auto b = families(world, to);
    std::set<IpFamily> common;
    for (const IpFamily family : {IpFamily::v4, IpFamily::v6}) {
        if (a.contains(family) && b.contains(family)) common.insert(family);
    }
    if (common.empty()) common = {IpFamily::v4, IpFamily::v6};
    for (const Who* who : {&from, &to}) {
        if (who->family && common.contains(*who->family)) common = {*who->family};
    }
    return common;
}

bool is_self(const Who& from, const Who& to) {
    return from.endpoint && to.endpoint && *from.endpoint == *to.endpoint;
}

}  // namespace

bool allowed(const World& world, const Who& from, const Who& to, const TrafficPoint& point) {
    if (is_self(from, to)) return true;
    for (const IpFamily family : meeting(world, from, to)) {
        if (side_allows(world, Direction::egress, from, to, point, family) &&
            side_allows(world, Direction::ingress, to, from, point, family)) {
            return true;
        }
    }
    return false;
}

bool allowed(const World& world, Direction direction, const Who& from, const Who& to,
             const TrafficPoint& point) {
    if (is_self(from, to)) return true;
    const bool egress = direction == Direction::egress;
    for (const IpFamily family : meeting(world, from, to)) {
        if (side_allows(world, direction, egress ? from : to, egress ? to : from, point, family)) {
            return true;
        }
    }
    return false;
}

}  // namespace nspect::oracle
