// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "analyzer/lint_facts.h"
#include "analyzer/observed.h"

namespace nspect::analyzer {
namespace {

bool selects_all(const PodPeer& peer) {
    return peer.pods.matches_everything() && !peer.addresses;
}

/// Whether the set is the internet, or most of it: half of IPv4, or all global unicast of IPv6
/// (2000::/3).
bool is_everywhere(const IpSet& addresses) {
    constexpr std::uint64_t half_of_v4 = std::uint64_t{1} << 31U;
    static const IpSet global_v6{IpPrefix(IpAddress::v6(std::uint64_t{1} << 61U, 0), 3).range()};
    std::uint64_t v4 = 0;
    for (const IpRange& range : addresses.intervals()) {
        if (range.first.is_v4()) v4 += range.last.low() - range.first.low() + 1;
    }
    return v4 >= half_of_v4 || addresses.contains(global_v6);
}

/// Everything a rule names outside, and whether it names everyone.
struct Outside {
    bool everyone = false;
    IpSet addresses;
};

Outside outside_of(const LintFacts& facts, const Rule& rule) {
    Outside outside;
    for (const Peer& peer : rule.peers) {
        outside.everyone = outside.everyone || std::holds_alternative<AnyPeer>(peer);
        if (const auto* block = std::get_if<AddressPeer>(&peer)) {
            outside.addresses = outside.addresses | addresses_named(*block, facts.world);
        }
    }
    return outside;
}

/// Denies everything to or from every pod there is, at least.
bool denies_all(const Rule& rule) {
    return rule.action == Action::deny && rule.all_ports && !rule.narrower() &&
           std::any_of(rule.peers.begin(), rule.peers.end(), [](const Peer& peer) {
               const auto* pods = std::get_if<PodPeer>(&peer);
               return std::holds_alternative<AnyPeer>(peer) ||
                      (pods != nullptr && selects_all(*pods) && !pods->namespace_name &&
                       pods->namespaces.matches_everything());
           });
}

bool closes(const Policy& policy, Direction direction) {
    const auto& rules = policy.rules(direction);
    return policy.isolates(direction) || std::any_of(rules.begin(), rules.end(), denies_all);
}

/// Namespaces in which some policy closes the direction for every pod, also those still to come.
std::vector<bool> closed_namespaces(const LintFacts& facts, Direction direction) {
    const auto& spaces = facts.world.inventory.namespaces();
    std::vector<bool> closed(spaces.size(), false);
    std::set<Selector> done;
    for (const Policy& policy : facts.world.policies) {
        if (!closes(policy, direction)) continue;
        for (const PodPeer& subject : policy.subjects) {
            if (!selects_all(subject)) continue;
            if (subject.namespace_name) {
                const auto space = facts.world.inventory.find_namespace(*subject.namespace_name);
                if (space) closed[*space] = true;
            } else if (done.insert(subject.namespaces).second) {
                for (std::size_t i = 0; i < spaces.size(); ++i) {
                    if (subject.namespaces.matches(spaces[i].labels)) closed[i] = true;
                }
            }
        }
    }
    return closed;
}

struct Share {
    std::size_t pods = 0;
    std::size_t open = 0;
    std::string example;
};

std::vector<Share> shares(const LintFacts& facts, Direction direction) {
    const auto& inventory = facts.world.inventory;
    std::vector<Share> list(inventory.namespaces().size());
    std::vector<std::size_t> place;
    for (const Workload& workload : inventory.workloads()) {
        place.push_back(inventory.find_namespace(workload.id.namespace_name).value_or(0));
    }
    for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) {
        const Endpoint& endpoint = inventory.endpoints()[i];
        if (endpoint.host_network || endpoint.finished) continue;
        Share& share = list[place[endpoint.workload]];
        ++share.pods;
        if (facts.engine.isolated(i, direction)) continue;
        if (share.open++ == 0) share.example = to_string(inventory.workload_of(endpoint));
    }
    return list;
}

std::string isolation_words(const Share& share) {
    if (share.open == 0) return "every pod there is now is isolated by a policy of its own";
    const std::string who = share.example + (share.open > 1 ? " and others" : "");
    if (share.pods == 1) return "its only pod is not isolated: " + who;
    return std::to_string(share.open) + " of " + std::to_string(share.pods) + " pods " +
           (share.open == 1 ? "is" : "are") + " not isolated: " + who;
}

void report_open_namespace(LintFacts& facts, Direction direction, std::size_t space,
                           const Share& share) {
    const auto& place = facts.world.inventory.namespaces()[space];
    const bool inbound = direction == Direction::ingress;
    Finding finding;
    finding.code = "no-default-deny";
    finding.severity = share.open > 0 && inbound ? Severity::medium : Severity::low;
    finding.subject = "namespace " + place.name + ' ' + std::string(to_string(direction));
    finding.message = std::string("no policy closes ") + (inbound ? "ingress" : "egress") +
                      " for every pod of the namespace: a pod that nothing else selects " +
                      (inbound ? "can be reached by everyone" : "can reach everything");
    finding.evidence.push_back(isolation_words(share));
    if (!place.where.file.empty()) finding.location = place.where;
    facts.findings.push_back(std::move(finding));
}

/// Rules of the direction that let everyone in or out.
void find_everywhere(LintFacts& facts, Direction direction, std::string_view code) {
    facts.each_rule([&](const RuleName& name) {
        const Rule& rule = facts.rule(name);
        if (name.direction != direction || rule.action != Action::allow) return;
        if (facts.subjects(name.policy).empty()) return;
        const Outside outside = outside_of(facts, rule);
        if (!outside.everyone && !is_everywhere(outside.addresses)) return;
        const bool inbound = direction == Direction::ingress;
        auto& finding =
            facts.report(code, rule.all_ports ? Severity::medium : Severity::low, name,
                         inbound ? "the rule lets anyone in, also from outside"
                                 : "the rule lets the pods reach every address outside");
        TrafficSet numbered;
        std::string names;
        for (const PortMatch& match : rule.ports) {
            numbered = numbered | match.traffic;
            if (!match.name.empty()) names += " port " + match.name;
        }
        finding.evidence.push_back(
            rule.all_ports ? "on all ports"
                           : "on" + (numbered.empty() ? "" : ' ' + to_string(numbered)) + names);
        finding.evidence.push_back("of " + facts.workloads(facts.subjects(name.policy)));
        if (rule.narrower()) finding.evidence.push_back("at most: " + rule.condition);
    });
}

/// Known addresses of pods that are not their node's.
std::vector<IpAddress> pod_addresses(const LintFacts& facts) {
    std::vector<IpAddress> addresses;
    const auto& inventory = facts.world.inventory;
    for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) {
        if (inventory.endpoints()[i].host_network) continue;
        for (const IpAddress& address : inventory.addresses_of(i)) addresses.push_back(address);
    }
    std::sort(addresses.begin(), addresses.end());
    return addresses;
}

std::size_t count_in(const IpSet& block, const std::vector<IpAddress>& sorted) {
    std::size_t count = 0;
    for (const IpRange& range : block.intervals()) {
        const auto first = std::lower_bound(sorted.begin(), sorted.end(), range.first);
        count +=
            static_cast<std::size_t>(std::upper_bound(first, sorted.end(), range.last) - first);
    }
    return count;
}

}  // namespace

void find_no_default_deny(LintFacts& facts) {
    for (const auto direction : both_directions) {
        const auto closed = closed_namespaces(facts, direction);
        const auto list = shares(facts, direction);
        for (std::size_t i = 0; i < closed.size(); ++i) {
            if (closed[i] || list[i].pods == 0) continue;
            report_open_namespace(facts, direction, i, list[i]);
        }
    }
}

void find_ingress_from_everywhere(LintFacts& facts) {
    find_everywhere(facts, Direction::ingress, "ingress-from-everywhere");
}

void find_egress_to_everywhere(LintFacts& facts) {
    find_everywhere(facts, Direction::egress, "egress-to-everywhere");
}

void find_blocks_covering_pods(LintFacts& facts) {
    const auto sorted = pod_addresses(facts);
    IpSet pod_blocks;
    for (const Node& node : facts.world.inventory.nodes()) {
        for (const IpPrefix& block : node.pod_blocks) pod_blocks.insert(block.range());
    }
    if (sorted.empty() && pod_blocks.empty()) return;
    facts.each_rule([&](const RuleName& name) {
        if (facts.rule(name).action == Action::deny) return;
        for (const Peer& peer : facts.rule(name).peers) {
            const auto* block = std::get_if<AddressPeer>(&peer);
            if (block == nullptr || block->pods != PodsByAddress::undefined) continue;
            const std::size_t count = count_in(block->addresses, sorted);
            const bool network = !(block->addresses & pod_blocks).empty();
            if (count == 0 && !network) continue;
            auto& finding = facts.report(
                "block-covers-pods",
                is_everywhere(block->addresses) ? Severity::low : Severity::medium, name,
                "the address block covers addresses of pods: whether it names the pods depends on "
                "the network plugin. Name pods by their labels, or except their addresses");
            finding.evidence.push_back("it begins with " +
                                       range_name(block->addresses.intervals().front()));
            if (count > 0) {
                finding.evidence.push_back(
                    "it covers " + std::to_string(count) + " of " + std::to_string(sorted.size()) +
                    (sorted.size() == 1 ? " known pod address" : " known pod addresses"));
            }
            if (network) {
                finding.evidence.push_back(
                    "it covers addresses that nodes give to pods, from " +
                    range_name((block->addresses & pod_blocks).intervals().front()));
            }
            return;
        }
    });
}

void find_metadata_reachable(LintFacts& facts) {
    const IpAddress services[] = {IpAddress::v4(0xa9fea9feU),
                                  IpAddress::v6(0xfd000ec200000000ULL, 0x254)};
    std::map<std::pair<std::uint32_t, IpAddress>, bool> known;
    const auto reaches = [&](std::uint32_t class_id, const IpAddress& service) {
        const auto [entry, fresh] = known.try_emplace({class_id, service}, false);
        if (fresh) {
            const auto from = Who::of_endpoint(facts.representative(class_id), service.family());
            entry->second = facts.engine.allowed(Direction::egress, from, Who::of_address(service))
                                .contains(TrafficPoint{Protocol::tcp, Port{80}});
        }
        return entry->second;
    };
    facts.each_rule([&](const RuleName& name) {
        const Rule& rule = facts.rule(name);
        if (name.direction != Direction::egress || rule.action != Action::allow) return;
        if (!facts.traffic[facts.traffic_of(name)].contains({Protocol::tcp, Port{80}})) return;
        const Outside outside = outside_of(facts, rule);
        for (const IpAddress& service : services) {
            if (!outside.everyone && !outside.addresses.contains(service)) continue;
            IdSet able;
            for (const std::uint32_t id : facts.subjects(name.policy)) {
                if (reaches(id, service)) able.push_back(id);
            }
            if (able.empty()) continue;
            auto& finding = facts.report(
                "metadata-reachable", Severity::medium, name,
                "the rule opens the cloud's metadata service, which hands out credentials");
            finding.evidence.push_back(to_string(service) + " TCP 80 is open to " +
                                       facts.workloads(able));
            return;
        }
    });
}

}  // namespace nspect::analyzer
