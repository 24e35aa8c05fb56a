// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <string>

#include "analyzer/lint_facts.h"

namespace nspect::analyzer {
namespace {

/// Two entries of one list, where one entry may have been meant.
struct Pair {
    const PodPeer* pods = nullptr;    ///< podSelector alone: pods of the policy's own namespace
    const PodPeer* spaces = nullptr;  ///< namespaceSelector alone: whole namespaces
};

Pair split_entries(const Policy& policy, const Rule& rule) {
    Pair found;
    if (rule.peers.size() != 2) return found;
    for (const Peer& peer : rule.peers) {
        const auto* pods = std::get_if<PodPeer>(&peer);
        if (pods == nullptr || pods->addresses) return {};
        if (pods->namespace_name == policy.namespace_name && !pods->pods.matches_everything()) {
            found.pods = pods;
        } else if (!pods->namespace_name && pods->pods.matches_everything()) {
            found.spaces = pods;
        }
    }
    return found.pods != nullptr && found.spaces != nullptr ? found : Pair{};
}

std::string words(const Selector& selector, const std::string& everything) {
    return selector.matches_everything() ? everything : to_string(selector);
}

bool on_host_network(const Endpoint& endpoint) {
    return endpoint.host_network;
}

}  // namespace

/// Only where the one entry would have meant somebody: "app=web of my own namespace, or anything in
/// team=x" is often meant just so.
void find_and_or(LintFacts& facts) {
    std::map<std::pair<Selector, Selector>, bool> known;
    facts.each_rule([&](const RuleName& name) {
        const Policy& policy = facts.policy(name.policy);
        if (policy.kind != PolicyKind::network_policy) return;
        const Pair pair = split_entries(policy, facts.rule(name));
        if (pair.pods == nullptr) return;
        const PodPeer both{std::nullopt, pair.spaces->namespaces, pair.pods->pods, std::nullopt};
        const auto [entry, fresh] = known.try_emplace({both.namespaces, both.pods}, false);
        if (fresh) entry->second = facts.pods.any(both);
        const bool own = facts.pods.any(*pair.pods);
        if (!entry->second && own) return;
        auto& finding = facts.report(
            "and-or-confusion", own ? Severity::low : Severity::medium, name,
            "namespaceSelector and podSelector are two entries: either of them is enough, and "
            "every "
            "pod of the namespaces matches. If both were meant, write them as one entry");
        finding.evidence.push_back("as written: every pod of namespaces with " +
                                   words(both.namespaces, "any labels") + ", and pods with " +
                                   to_string(both.pods) + " of namespace " + policy.namespace_name);
        if (!own) {
            finding.evidence.push_back("no pod of namespace " + policy.namespace_name + " has " +
                                       to_string(both.pods));
        }
    });
}

void find_finished_jobs(LintFacts& facts) {
    const auto& inventory = facts.world.inventory;
    std::vector<std::size_t> finished(facts.compiled.classes.count(), 0);
    bool any = false;
    for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) {
        if (!inventory.endpoints()[i].finished) continue;
        ++finished[facts.compiled.classes.class_of[i]];
        any = true;
    }
    if (!any) return;
    for (std::size_t i = 0; i < facts.world.policies.size(); ++i) {
        const IdSet& classes = facts.subjects(i);
        const bool all = std::all_of(classes.begin(), classes.end(), [&](std::uint32_t id) {
            return finished[id] == facts.compiled.classes.sizes[id];
        });
        if (classes.empty() || !all) continue;
        facts
            .report("selects-finished-job", Severity::low, i,
                    "the policy selects only pods that have run to their end: it does nothing now")
            .evidence.push_back("it selects " + facts.workloads(classes));
    }
}

void find_host_network(LintFacts& facts) {
    if (facts.world.options.host_network_pods.has_value()) return;
    std::map<std::uint32_t, IdSet> hosts;  // by number of the subjects
    for (std::size_t i = 0; i < facts.world.policies.size(); ++i) {
        const Policy& policy = facts.policy(i);
        if (policy.kind != PolicyKind::network_policy) continue;
        const auto [entry, fresh] = hosts.try_emplace(facts.subject_number(i));
        const IdSet& classes = facts.subjects(i);
        if (fresh) {
            for (const std::uint32_t id : classes) {
                const auto& pods = facts.world.inventory.endpoints();
                if (pods[facts.representative(id)].host_network) entry->second.push_back(id);
            }
        }
        if (entry->second.empty()) continue;
        const bool only = entry->second.size() == classes.size();
        facts
            .report("host-network-selected", only ? Severity::medium : Severity::low, i,
                    only ? "every pod it selects is on the host network, where most network "
                           "plugins enforce no NetworkPolicy"
                         : "it selects pods on the host network, where most network plugins "
                           "enforce no NetworkPolicy")
            .evidence.push_back(facts.workloads(entry->second, on_host_network));
    }
}

void find_direction_without_rules(LintFacts& facts) {
    for (std::size_t i = 0; i < facts.world.policies.size(); ++i) {
        const Policy& policy = facts.policy(i);
        if (policy.kind != PolicyKind::network_policy) continue;
        const bool inbound =
            policy.isolates_ingress && policy.ingress.empty() && !policy.egress.empty();
        const bool outbound =
            policy.isolates_egress && policy.egress.empty() && !policy.ingress.empty();
        if (!inbound && !outbound) continue;
        facts
            .report("direction-without-rules", Severity::low, i,
                    inbound ? "it has rules for egress alone, and isolates for ingress too: it "
                              "lets nobody in"
                            : "it has rules for ingress alone, and isolates for egress too: it "
                              "lets nothing out")
            .evidence.emplace_back(inbound ? "policyTypes names Ingress, or is left out, which "
                                             "means Ingress too"
                                           : "policyTypes names Egress");
    }
}

}  // namespace nspect::analyzer
