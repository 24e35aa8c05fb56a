// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_dialect.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "analyzer/generate_limits.h"
#include "analyzer/generate_notes.h"

namespace nspect::analyzer {
namespace {

using Notes = std::vector<std::string>;

std::vector<Rule>& rules_of(Policy& policy, Direction direction) {
    return direction == Direction::ingress ? policy.ingress : policy.egress;
}

std::vector<Notes>& notes_of(GeneratedPolicy& made, Direction direction) {
    return direction == Direction::ingress ? made.ingress_notes : made.egress_notes;
}

void add_rule(GeneratedPolicy& made, Direction direction, Rule rule, Notes notes) {
    auto& rules = rules_of(made.policy, direction);
    rule.index = rules.size() + 1;
    rules.push_back(std::move(rule));
    notes_of(made, direction).push_back(std::move(notes));
}

/// Cilium tells pods, nodes and the world apart by identity, and a CIDR names the world alone.
class CiliumWriter {
public:
    explicit CiliumWriter(const Inventory& inventory) : inventory_(inventory), roles_(inventory) {}

    GeneratedPolicy write(GeneratedPolicy policy) {
        GeneratedPolicy made = policy;
        made.policy.kind = PolicyKind::cilium_network_policy;
        for (const auto direction : {Direction::ingress, Direction::egress}) {
            rules_of(made.policy, direction).clear();
            notes_of(made, direction).clear();
            auto& rules = rules_of(policy.policy, direction);
            for (std::size_t i = 0; i < rules.size(); ++i) {
                write(made, direction, std::move(rules[i]),
                      std::move(notes_of(policy, direction)[i]));
            }
        }
        return made;
    }

private:
    void write(GeneratedPolicy& made, Direction direction, Rule rule, Notes notes) {
        std::vector<Peer> others;
        std::vector<Peer> blocks;
        IpSet api_server;
        bool nodes = false;
        for (auto& peer : rule.peers) {
            const auto* addresses = std::get_if<AddressPeer>(&peer);
            if (addresses == nullptr) {
                others.push_back(std::move(peer));
                continue;
            }
            const auto& first = addresses->addresses.intervals().front().first;
            if (roles_.is_api_server(first)) {
                api_server.insert({first, first});
            } else if (is_node(first)) {
                nodes = true;
            } else {
                blocks.push_back(AddressPeer{addresses->addresses, PodsByAddress::no, false});
            }
        }
        if (!api_server.empty()) {
            add_part(made, direction, rule, {AddressPeer{api_server, PodsByAddress::always}},
                     notes);
        }
        if (nodes) add_part(made, direction, rule, {NodePeer{}}, notes);
        add_part(made, direction, rule, std::move(others), notes);
        add_part(made, direction, rule, std::move(blocks), notes);
    }

    static void add_part(GeneratedPolicy& made, Direction direction, Rule rule,
                         std::vector<Peer> peers, const Notes& notes) {
        if (peers.empty()) return;
        rule.order = 0;
        rule.peers = std::move(peers);
        add_rule(made, direction, std::move(rule), notes);
    }

    bool is_node(const IpAddress& address) const {
        if (inventory_.node_at(address)) return true;
        const auto leases = inventory_.leases_of(address);
        return std::any_of(leases.begin(), leases.end(), [&](const auto& lease) {
            return inventory_.endpoints()[lease.endpoint].host_network;
        });
    }

    const Inventory& inventory_;
    Roles roles_;
};

/// The schema of Calico without a licence has no names, and a rule whose destination is pruned
/// lets everything pass.
constexpr auto names_need_licence =
    "WARNING: destination.domains is a field of Calico Enterprise and Cloud; open-source Calico "
    "may drop it, and this rule then opens its ports to every address";

/// A rule of Calico has one peer, blocks of one family, and ports of one protocol.
class CalicoWriter {
public:
    explicit CalicoWriter(TakenNames& taken) : taken_(taken) {}

    std::vector<GeneratedPolicy> write(const GeneratedPolicy& policy) {
        GeneratedPolicy made = policy;
        made.policy.kind = PolicyKind::calico_network_policy;
        for (const auto direction : {Direction::ingress, Direction::egress}) {
            rules_of(made.policy, direction).clear();
            notes_of(made, direction).clear();
            const auto& rules = policy.policy.rules(direction);
            const auto& notes =
                direction == Direction::ingress ? policy.ingress_notes : policy.egress_notes;
            for (std::size_t i = 0; i < rules.size(); ++i) {
                write(made, direction, rules[i], notes[i]);
            }
        }
        return bounded_policies(made, most_calico_rules, taken_);
    }

private:
    static void write(GeneratedPolicy& made, Direction direction, const Rule& rule, Notes notes) {
        const auto ports = ports_of(rule);
        for (auto& peer : peers_of(rule)) {
            for (const auto& part : ports) {
                Rule one = rule;
                one.peers = {peer};
                one.ports = part;
                // Each part opens its ports on its own.
                auto own = std::exchange(notes, {});
                if (std::holds_alternative<DomainPeer>(peer)) {
                    own.insert(own.begin(), names_need_licence);
                }
                add_rule(made, direction, std::move(one), std::move(own));
            }
        }
    }

    static std::vector<Peer> peers_of(const Rule& rule) {
        std::vector<Peer> all;
        IpSet addresses;
        for (const auto& peer : rule.peers) {
            if (const auto* block = std::get_if<AddressPeer>(&peer)) {
                addresses = addresses | block->addresses;
            } else {
                all.push_back(peer);
            }
        }
        for (const auto family : {IpFamily::v4, IpFamily::v6}) {
            const AddressPeer blocks{addresses & all_addresses(family), PodsByAddress::yes};
            for (auto& part : bounded_peers({blocks}, most_calico_nets)) {
                all.push_back(std::move(part));
            }
        }
        return all;
    }

    static std::vector<std::vector<PortMatch>> ports_of(const Rule& rule) {
        if (rule.all_ports) return {{}};
        std::vector<std::vector<PortMatch>> all;
        const auto matches = single_matches(rule.ports);
        for (const auto protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
            std::vector<PortMatch> own;
            std::copy_if(matches.begin(), matches.end(), std::back_inserter(own),
                         [&](const PortMatch& match) {
                             return match.name.empty()
                                        ? !match.traffic.ports(protocol).empty()
                                        : match.name_protocol.value_or(Protocol::tcp) == protocol;
                         });
            for (auto& part : parts_of(own, most_calico_ports)) all.push_back(std::move(part));
        }
        return all;
    }

    TakenNames& taken_;
};

PodPeer by_selector(const PodPeer& peer) {
    PodPeer made = peer;
    if (!peer.namespace_name) return made;
    made.namespaces =
        Selector::matching(Labels{{std::string(namespace_name_label), *peer.namespace_name}});
    made.namespace_name.reset();
    return made;
}

/// ClusterNetworkPolicies do not isolate: what is not let pass has to be denied.
class AdminWriter {
public:
    std::vector<GeneratedPolicy> write(const std::vector<GeneratedPolicy>& policies) {
        std::set<std::string> whole;
        for (const auto& each : policies) {
            if (selects_everything(each)) whole.insert(each.policy.namespace_name);
        }
        for (const auto& each : policies) {
            write_accepts(each);
            const bool covered = whole.contains(each.policy.namespace_name);
            if (!covered || selects_everything(each)) write_denial(each, covered);
        }
        // After all names are given, so that what has to be divided changes no other's.
        std::vector<GeneratedPolicy> all;
        for (const auto& each : made_) {
            for (auto& part : bounded_policies(each, most_admin_items, taken_)) {
                all.push_back(std::move(part));
            }
        }
        return all;
    }

private:
    static bool selects_everything(const GeneratedPolicy& each) {
        return each.policy.subjects.front().pods.matches_everything();
    }

    static GeneratedPolicy blank(const GeneratedPolicy& from, const std::string& end,
                                 double priority) {
        GeneratedPolicy made;
        const auto name = from.policy.name.substr(std::string("nspect-").size());
        made.place = from.place;
        made.policy.kind = PolicyKind::cluster_network_policy;
        made.policy.name = "nspect-" + from.policy.namespace_name + "-" + name + end;
        made.policy.stage = {admin_stage, "admin"};
        made.policy.priority = priority;
        made.policy.subjects = {by_selector(from.policy.subjects.front())};
        return made;
    }

    void write_accepts(const GeneratedPolicy& from) {
        GeneratedPolicy made = blank(from, "", accept_priority);
        made.notes = from.notes;
        for (const auto direction : {Direction::ingress, Direction::egress}) {
            const auto& rules = from.policy.rules(direction);
            for (std::size_t i = 0; i < rules.size(); ++i) {
                const auto& notes =
                    direction == Direction::ingress ? from.ingress_notes : from.egress_notes;
                accept(made, direction, rules[i], notes[i]);
            }
        }
        hand_over(std::move(made));
    }

    /// Ingress rules of the API name pods only; what comes from elsewhere is not denied either.
    static void accept(GeneratedPolicy& made, Direction direction, const Rule& rule,
                       const Notes& notes) {
        std::vector<Peer> peers;
        for (const auto& peer : rule.peers) {
            if (const auto* pods = std::get_if<PodPeer>(&peer)) peers.push_back(by_selector(*pods));
            if (direction == Direction::ingress) continue;
            if (const auto* block = std::get_if<AddressPeer>(&peer)) {
                peers.push_back(AddressPeer{block->addresses, PodsByAddress::yes});
            }
            if (std::holds_alternative<DomainPeer>(peer)) peers.push_back(peer);
        }
        if (peers.empty()) {
            made.notes.insert(made.notes.end(), notes.begin(), notes.end());
            made.notes.emplace_back(
                "the line above needs no rule: this API names no addresses in ingress, and what "
                "comes from outside is not denied");
            return;
        }
        auto ports = parts_of(single_matches(rule.ports), most_admin_items);
        if (rule.all_ports) ports = {{}};
        Notes once = notes;
        for (auto& some : parts_of(bounded_peers(peers, most_admin_items), most_admin_items)) {
            Rule part = rule;
            part.order = accept_priority;
            part.peers = std::move(some);
            for (const auto& match : ports) {
                part.ports = match;
                add_rule(made, direction, part, std::exchange(once, {}));
            }
        }
    }

    void write_denial(const GeneratedPolicy& from, bool whole) {
        GeneratedPolicy made = blank(
            from, whole && from.policy.name == "nspect-default-deny" ? "" : "-deny", deny_priority);
        made.notes = {"denies what no policy of a lower number lets pass"};
        Rule rule;
        rule.action = Action::deny;
        rule.order = deny_priority;
        rule.all_ports = true;
        rule.peers = {PodPeer{}};
        if (from.policy.isolates_ingress) add_rule(made, Direction::ingress, rule, {});
        rule.peers.push_back(AddressPeer{all_addresses(), PodsByAddress::yes});
        if (from.policy.isolates_egress) add_rule(made, Direction::egress, rule, {});
        hand_over(std::move(made));
    }

    void hand_over(GeneratedPolicy made) {
        if (made.policy.ingress.empty() && made.policy.egress.empty()) return;
        // "a-b" of "c" and "a" of "b-c" would have one name.
        made.policy.name = claimed_name("", made.policy.name, taken_);
        made_.push_back(std::move(made));
    }

    TakenNames taken_;
    std::vector<GeneratedPolicy> made_;
};

}  // namespace

std::vector<GeneratedPolicy> in_dialect(Dialect dialect, std::vector<GeneratedPolicy> policies,
                                        const Inventory& inventory) {
    if (dialect == Dialect::kubernetes) return policies;
    if (dialect == Dialect::admin) {
        auto made = AdminWriter().write(policies);
        std::sort(made.begin(), made.end(),
                  [](const auto& a, const auto& b) { return a.policy.name < b.policy.name; });
        return made;
    }
    if (dialect == Dialect::cilium) {
        CiliumWriter cilium(inventory);
        for (auto& each : policies) each = cilium.write(std::move(each));
        return policies;
    }
    TakenNames taken;
    for (const auto& each : policies) taken.emplace(each.policy.namespace_name, each.policy.name);
    CalicoWriter calico(taken);
    std::vector<GeneratedPolicy> made;
    for (const auto& each : policies) {
        for (auto& part : calico.write(each)) made.push_back(std::move(part));
    }
    return made;
}

}  // namespace nspect::analyzer
