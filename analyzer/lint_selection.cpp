// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "analyzer/lint_facts.h"

namespace nspect::analyzer {
namespace {

/// Labels that a controller gives to its pods as they are made; those that change with every
/// rollout come first.
constexpr std::array<std::string_view, 5> rollout_labels{
    "pod-template-hash", "controller-revision-hash", "controller-uid",
    "batch.kubernetes.io/controller-uid", "pod-template-generation"};
constexpr std::array<std::string_view, 4> controller_labels{
    "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/job-name", "job-name"};

template <class List>
bool lists(const List& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool asks_for(const Selector& selector, bool (*key)(std::string_view)) {
    const auto& all = selector.requirements();
    return std::any_of(all.begin(), all.end(),
                       [&](const Requirement& each) { return key(each.key); });
}

bool is_rollout_label(std::string_view key) {
    return lists(rollout_labels, key);
}
bool is_controller_label(std::string_view key) {
    return is_rollout_label(key) || lists(controller_labels, key);
}

std::string words_of(const PodPeer& peer) {
    const std::string pods =
        peer.pods.matches_everything() ? "any pod" : "pods with " + to_string(peer.pods);
    if (peer.namespace_name) return pods + " in namespace " + *peer.namespace_name;
    if (peer.namespaces.matches_everything()) return pods + " in any namespace";
    return pods + " in namespaces with " + to_string(peer.namespaces);
}

/// Templates show labels without what a controller will add.
bool may_get_labels_later(const LintFacts& facts, const PodPeer& peer) {
    const auto& endpoints = facts.world.inventory.endpoints();
    return asks_for(peer.pods, is_controller_label) &&
           std::any_of(endpoints.begin(), endpoints.end(),
                       [](const Endpoint& endpoint) { return endpoint.from_template; });
}

struct Miss {
    std::string asked;
    std::string likely;
};

/// What one selector asks for that nobody has and that is nearly what somebody has.
template <class Keys, class Values>
void near_misses(const Selector& selector, Keys keys, Values values, LintPods& pods,
                 std::vector<Miss>& misses) {
    for (const Requirement& each : selector.requirements()) {
        if (each.key.starts_with('@')) continue;
        const auto& known = values(each.key);
        if (known.empty()) {
            if (each.op == Requirement::Op::does_not_exist) continue;
            const auto key = pods.likely(each.key, keys());
            if (!key.empty()) misses.push_back({"label key " + each.key, key});
            continue;
        }
        if (each.op != Requirement::Op::in && each.op != Requirement::Op::not_in) continue;
        for (const std::string& value : each.values) {
            if (std::binary_search(known.begin(), known.end(), value)) continue;
            const auto word = pods.likely(value, known);
            if (!word.empty()) {
                misses.push_back({"label " + each.key + '=' + value, each.key + '=' + word});
            }
        }
    }
}

std::vector<Miss> near_misses(LintFacts& facts, const PodPeer& peer) {
    std::vector<Miss> misses;
    LintPods& pods = facts.pods;
    const auto& scope = peer.namespace_name;
    near_misses(
        peer.pods, [&]() -> const auto& { return pods.keys(scope); },
        [&](const std::string& key) -> const auto& { return pods.values(scope, key); }, pods,
        misses);
    if (scope) return misses;
    near_misses(
        peer.namespaces, [&]() -> const auto& { return pods.namespace_keys(); },
        [&](const std::string& key) -> const auto& { return pods.namespace_values(key); }, pods,
        misses);
    return misses;
}

/// Parts of one policy share its title and stand side by side.
bool same_policy(const Policy& a, const Policy& b) {
    return std::tie(a.kind, a.namespace_name, a.name) == std::tie(b.kind, b.namespace_name, b.name);
}

/// Visits every pod peer of every rule.
template <class Visit>
void each_pod_peer(const LintFacts& facts, Visit visit) {
    facts.each_rule([&](const RuleName& name) {
        for (const Peer& peer : facts.rule(name).peers) {
            if (const auto* pods = std::get_if<PodPeer>(&peer)) visit(name, *pods);
        }
    });
}

/// Whether the compiled term of this peer selects nobody; terms are few, peers many.
class EmptyPeers {
public:
    explicit EmptyPeers(LintFacts& facts) : facts_(facts) {}

    bool empty(const PodPeer& peer) {
        const std::string key = words_of(peer);
        const auto [entry, fresh] = known_.try_emplace(key, false);
        if (fresh) entry->second = !facts_.pods.any(peer);
        return entry->second;
    }

private:
    LintFacts& facts_;
    std::map<std::string, bool> known_;
};

/// Whether the inputs have pods in a namespace that the peer chooses.
bool is_known_place(LintFacts& facts, const PodPeer& peer) {
    PodPeer place = peer;
    place.pods = {};
    return facts.pods.any(place);
}

/// Rules none of whose terms is empty need no look at their peers.
bool has_empty_term(const LintFacts& facts, const RuleName& name) {
    const auto& peers = facts.ref(name).peers;
    return std::any_of(peers.begin(), peers.end(), [&](const PeerRef& peer) {
        return (peer.kind == PeerRef::Kind::pods || peer.kind == PeerRef::Kind::pods_within) &&
               facts.compiled.classes.pods[peer.term].empty();
    });
}

}  // namespace

void find_selects_nothing(LintFacts& facts) {
    const auto& policies = facts.world.policies;
    if (facts.world.inventory.endpoints().empty()) return;  // policies alone: nothing to select
    for (std::size_t first = 0; first < policies.size();) {
        std::size_t end = first;
        bool any = false;
        for (; end < policies.size() && same_policy(policies[first], policies[end]); ++end) {
            any = any || !facts.subjects(end).empty();
        }
        const std::size_t index = std::exchange(first, end);
        const auto& subjects = policies[index].subjects;
        if (any || std::any_of(subjects.begin(), subjects.end(), [&](const PodPeer& subject) {
                return may_get_labels_later(facts, subject);
            })) {
            continue;
        }
        auto& finding = facts.report("selects-nothing", Severity::medium, index,
                                     "the policy selects no pod: it does nothing");
        for (const PodPeer& subject : subjects) {
            finding.evidence.push_back("it asks for " + words_of(subject));
            if (facts.pods.any(subject)) {
                finding.evidence.emplace_back(
                    "only pods on the host network are such pods, and it does not apply to them");
            }
        }
    }
}

void find_peer_selects_nothing(LintFacts& facts) {
    if (facts.world.inventory.endpoints().empty()) return;
    EmptyPeers peers(facts);
    facts.each_rule([&](const RuleName& name) {
        if (!has_empty_term(facts, name)) return;
        const Rule& rule = facts.rule(name);
        std::vector<std::string> evidence;
        bool elsewhere = true;
        for (const Peer& peer : rule.peers) {
            const auto* pods = std::get_if<PodPeer>(&peer);
            if (pods == nullptr || may_get_labels_later(facts, *pods) || !peers.empty(*pods)) {
                continue;
            }
            const bool unknown = !is_known_place(facts, *pods);
            elsewhere = elsewhere && unknown;
            evidence.push_back((unknown ? "no pod of such a namespace is among the inputs: "
                                        : "no pod matches: ") +
                               words_of(*pods));
        }
        if (evidence.empty()) return;
        const bool all = evidence.size() == rule.peers.size();
        const Severity severity = elsewhere ? Severity::info
                                  : all     ? Severity::medium
                                            : Severity::low;
        auto& finding = facts.report(
            "peer-selects-nothing", severity, name,
            all ? "the rule names no pod there is" : "some of the rule's peers name no pod");
        finding.evidence = std::move(evidence);
    });
}

void find_near_misses(LintFacts& facts) {
    const auto message = [](const Miss& miss) {
        return "nothing has " + miss.asked + "; did you mean " + miss.likely + "?";
    };
    for (std::size_t i = 0; i < facts.world.policies.size(); ++i) {
        if (i > 0 && same_policy(facts.policy(i), facts.policy(i - 1))) continue;
        for (const PodPeer& subject : facts.policy(i).subjects) {
            for (const Miss& miss : near_misses(facts, subject)) {
                facts.report("near-miss-label", Severity::medium, i, message(miss))
                    .evidence.push_back("the policy selects " + words_of(subject));
            }
        }
    }
    each_pod_peer(facts, [&](const RuleName& name, const PodPeer& peer) {
        for (const Miss& miss : near_misses(facts, peer)) {
            facts.report("near-miss-label", Severity::medium, name, message(miss))
                .evidence.push_back("the rule names " + words_of(peer));
        }
    });
}

void find_rollout_pinned(LintFacts& facts) {
    constexpr std::string_view code = "rollout-pinned";
    const std::string message =
        "the selector asks for a label that changes with every rollout: new pods will not match";
    for (std::size_t i = 0; i < facts.world.policies.size(); ++i) {
        for (const PodPeer& subject : facts.policy(i).subjects) {
            if (!asks_for(subject.pods, is_rollout_label)) continue;
            facts.report(code, Severity::medium, i, message)
                .evidence.push_back("the policy selects " + words_of(subject));
        }
    }
    each_pod_peer(facts, [&](const RuleName& name, const PodPeer& peer) {
        if (!asks_for(peer.pods, is_rollout_label)) return;
        facts.report(code, Severity::medium, name, message)
            .evidence.push_back("the rule names " + words_of(peer));
    });
}

}  // namespace nspect::analyzer
