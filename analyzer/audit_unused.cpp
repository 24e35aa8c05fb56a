// SPDX-License-Identifier: Apache-2.0
#include "analyzer/audit_unused.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "analyzer/observed.h"

namespace nspect::analyzer {
namespace {

/// Beyond these the picture says nothing more, and time would be lost.
constexpr std::size_t most_unused_edges = 5000;
constexpr std::size_t most_looks = 20'000'000;
constexpr std::size_t most_evidence = 5;

struct RuleName {
    std::size_t policy = 0;
    Direction direction = Direction::ingress;
    std::size_t rule = 0;
    auto operator<=>(const RuleName&) const = default;
};

std::set<RuleName> used_rules(const Verdicts& verdicts) {
    std::set<RuleName> used;
    const auto note = [&](Direction direction, const DirectionVerdict& verdict) {
        for (const auto& reason : verdict.reasons) {
            if (reason.effect != Reason::Effect::allow || !reason.policy || !reason.rule) continue;
            used.insert({*reason.policy, direction, *reason.rule});
        }
    };
    for (const auto& judged : verdicts.all()) {
        note(Direction::egress, judged.verdict.egress);
        note(Direction::ingress, judged.verdict.ingress);
    }
    return used;
}

TrafficPoint first_point(const TrafficSet& traffic) {
    for (const auto protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
        const auto& ports = traffic.ports(protocol).intervals();
        if (!ports.empty()) return {protocol, ports.front().first};
    }
    return {Protocol::other, Port{0}};
}

class UnusedRules {
public:
    UnusedRules(Audit& audit, const PolicyEngine& engine, const Verdicts& verdicts)
        : audit_(audit),
          engine_(engine),
          world_(engine.world()),
          inventory_(world_.inventory),
          used_(used_rules(verdicts)),
          representatives_(engine.class_count(), no_edge),
          class_workloads_(engine.class_count()),
          class_labels_(engine.class_count()),
          node_of_(inventory_.workloads().size(), no_edge) {
        for (std::size_t i = 0; i < inventory_.endpoints().size(); ++i) {
            const auto number = engine.class_of(i);
            if (representatives_[number] == no_edge) representatives_[number] = i;
            class_workloads_[number].insert(inventory_.endpoints()[i].workload);
        }
        for (std::size_t i = 0; i < audit_.graph.nodes.size(); ++i) {
            const auto& node = audit_.graph.nodes[i];
            if (node.workload) node_of_[*node.workload] = i;
        }
        seen_.reserve(audit_.graph.edges.size());
        for (const auto& edge : audit_.graph.edges) {
            seen_.push_back({{edge.from, edge.to}, edge.point});
        }
        std::sort(seen_.begin(), seen_.end());
        for (std::size_t number = 0; number < representatives_.size(); ++number) {
            if (representatives_[number] == no_edge) continue;
            const auto& endpoint = inventory_.endpoints()[representatives_[number]];
            by_namespace_[&inventory_.namespace_of(endpoint)].push_back(number);
            ++known_classes_;
        }
    }

    void find() {
        const auto subjects = subjects_of_policies();
        for (std::size_t policy = 0; policy < world_.policies.size(); ++policy) {
            for (const auto direction : {Direction::ingress, Direction::egress}) {
                const auto& selected = subjects.find({policy, direction});
                if (selected == subjects.end()) continue;
                const auto& rules = world_.policies[policy].rules(direction);
                for (std::size_t rule = 0; rule < rules.size(); ++rule) {
                    if (rules[rule].action != Action::allow) continue;
                    if (used_.contains({policy, direction, rule})) continue;
                    report({policy, direction, rule}, selected->second);
                }
            }
        }
    }

private:
    using Ends = std::pair<std::size_t, std::size_t>;  ///< nodes
    using Seen = std::pair<Ends, TrafficPoint>;
    using Subjects = std::map<std::pair<std::size_t, Direction>, std::set<std::size_t>>;

    /// Classes that each policy selects.
    Subjects subjects_of_policies() const {
        Subjects subjects;
        for (std::size_t number = 0; number < representatives_.size(); ++number) {
            if (representatives_[number] == no_edge) continue;
            for (const auto direction : {Direction::ingress, Direction::egress}) {
                for (const auto policy : engine_.policies_of(representatives_[number], direction)) {
                    subjects[{policy, direction}].insert(number);
                }
            }
        }
        return subjects;
    }

    void report(const RuleName& name, const std::set<std::size_t>& subjects) {
        const auto& policy = world_.policies[name.policy];
        const auto& rule = policy.rules(name.direction)[name.rule];
        Finding finding;
        finding.code = "allowed-never-used";
        finding.severity = Severity::low;
        finding.subject = policy_title(policy) + ' ' + std::string(to_string(name.direction)) +
                          " rule " + std::to_string(rule.index);
        finding.message = audit_.lossy
                              ? "no recorded conversation needed this rule, but packets were lost "
                                "while recording: this is no proof that it is unused"
                              : "no recorded conversation needed this rule";
        finding.evidence.push_back("recorded from " + to_seconds(audit_.first) + " to " +
                                   to_seconds(audit_.last));
        const auto& place = rule.where.file.empty() ? policy.where : rule.where;
        if (!place.file.empty()) finding.location = place;
        add_edges(finding, name, subjects);
        audit_.findings.push_back(std::move(finding));
    }

    void add_edges(Finding& finding, const RuleName& name, const std::set<std::size_t>& subjects) {
        const auto& rule = world_.policies[name.policy].rules(name.direction)[name.rule];
        std::set<std::pair<std::size_t, std::size_t>> pairs;  // classes: subject, peer
        for (const auto& peer : rule.peers) {
            const auto* pods = std::get_if<PodPeer>(&peer);
            if (pods == nullptr) {
                add_outside(finding, peer);
                continue;
            }
            for (const auto number : classes_matching(*pods)) {
                for (const auto subject : subjects) pairs.emplace(subject, number);
            }
        }
        for (const auto& [subject, peer] : pairs) {
            if (edges_added_ >= most_unused_edges || looks_ >= most_looks) return;
            add_pair(finding, name, subject, peer);
        }
    }

    static void add_outside(Finding& finding, const Peer& peer) {
        if (std::holds_alternative<AnyPeer>(peer))
            finding.evidence.emplace_back("opens to everyone");
        const auto* block = std::get_if<AddressPeer>(&peer);
        if (block == nullptr || block->addresses.empty()) return;
        if (finding.evidence.size() > most_evidence) return;
        finding.evidence.push_back("opens to " + range_name(block->addresses.intervals().front()));
    }

    std::vector<std::size_t> classes_matching(const PodPeer& peer) {
        std::vector<std::size_t> matching;
        looks_ += known_classes_;
        if (looks_ >= most_looks) return matching;
        for (const auto& [place, numbers] : by_namespace_) {
            const bool in_place = peer.namespace_name ? *peer.namespace_name == place->name
                                                      : peer.namespaces.matches(place->labels);
            if (!in_place) continue;
            for (const auto number : numbers) {
                if (peer.pods.matches(labels_of(number))) matching.push_back(number);
            }
        }
        std::sort(matching.begin(), matching.end());
        return matching;
    }

    const Labels& labels_of(std::size_t number) {
        auto& labels = class_labels_[number];
        if (!labels) labels = policy_labels(inventory_.endpoints()[representatives_[number]]);
        return *labels;
    }

    void add_pair(Finding& finding, const RuleName& name, std::size_t subject, std::size_t peer) {
        const bool inbound = name.direction == Direction::ingress;
        const auto from = inbound ? peer : subject;
        const auto to = inbound ? subject : peer;
        const auto traffic = engine_.allowed(Who::of_endpoint(representatives_[from]),
                                             Who::of_endpoint(representatives_[to])) &
                             traffic_of(name);
        if (traffic.empty()) return;
        for (const auto source : class_workloads_[from]) {
            for (const auto target : class_workloads_[to]) {
                if (source == target || edges_added_ >= most_unused_edges) continue;
                add_edge(finding, name, source, target, traffic);
            }
        }
    }

    /// What the rule names by number; a named port may be any of the destination's.
    TrafficSet traffic_of(const RuleName& name) const {
        const auto& rule = world_.policies[name.policy].rules(name.direction)[name.rule];
        if (rule.all_ports) return TrafficSet::all();
        TrafficSet traffic;
        for (const auto& match : rule.ports) {
            if (!match.name.empty()) return TrafficSet::all();
            traffic = traffic | match.traffic;
        }
        return traffic;
    }

    void add_edge(Finding& finding, const RuleName& name, std::size_t source, std::size_t target,
                  const TrafficSet& traffic) {
        const auto from = node(source);
        const auto to = node(target);
        if (was_seen({from, to}, traffic)) return;
        const auto [known, added] = added_.try_emplace({from, to}, audit_.graph.edges.size());
        const auto rule = reason_in_words(world_, name.direction,
                                          {Reason::Effect::allow, name.policy, name.rule});
        if (!added) {
            auto& edge = audit_.graph.edges[known->second];
            edge.declared_traffic = *edge.declared_traffic | traffic;
            edge.rules.push_back(rule);
            return;
        }
        ++edges_added_;
        GraphEdge edge;
        edge.from = from;
        edge.to = to;
        edge.point = first_point(traffic);
        edge.declared_traffic = traffic;
        edge.state = EdgeState::allowed_unused;
        edge.rules.push_back(rule);
        if (finding.evidence.size() < most_evidence) {
            finding.evidence.push_back("opens " + audit_.graph.nodes[from].id + " -> " +
                                       audit_.graph.nodes[to].id + ' ' + to_string(traffic));
        }
        audit_.graph.edges.push_back(std::move(edge));
    }

    bool was_seen(const Ends& ends, const TrafficSet& traffic) const {
        for (auto at = std::lower_bound(seen_.begin(), seen_.end(), Seen{ends, {}});
             at != seen_.end() && at->first == ends; ++at) {
            if (traffic.contains(at->second)) return true;
        }
        return false;
    }

    std::size_t node(std::size_t workload) {
        auto& number = node_of_[workload];
        if (number != no_edge) return number;
        number = audit_.graph.nodes.size();
        const auto& id = inventory_.workloads()[workload].id;
        GraphNode made{to_string(id), id.name, id.namespace_name, GraphNode::Kind::workload,
                       workload};
        for (const auto endpoint : inventory_.endpoints_of(workload)) {
            made.isolated_ingress |= engine_.isolated(endpoint, Direction::ingress);
            made.isolated_egress |= engine_.isolated(endpoint, Direction::egress);
        }
        audit_.graph.nodes.push_back(std::move(made));
        return number;
    }

    Audit& audit_;
    const PolicyEngine& engine_;
    const World& world_;
    const Inventory& inventory_;
    std::set<RuleName> used_;
    std::vector<std::size_t> representatives_;            ///< by class: one of its endpoints
    std::vector<std::set<std::size_t>> class_workloads_;  ///< by class
    std::vector<std::optional<Labels>> class_labels_;     ///< where they were asked for
    std::unordered_map<const Namespace*, std::vector<std::size_t>> by_namespace_;  ///< classes
    std::size_t known_classes_ = 0;
    std::vector<std::size_t> node_of_;   ///< by workload
    std::vector<Seen> seen_;             ///< sorted
    std::map<Ends, std::size_t> added_;  ///< edges
    std::size_t edges_added_ = 0;
    std::size_t looks_ = 0;
};

}  // namespace

void find_unused(Audit& audit, const PolicyEngine& engine, const Verdicts& verdicts) {
    UnusedRules(audit, engine, verdicts).find();
}

void find_unprotected(Audit& audit, const PolicyEngine& engine) {
    const auto& inventory = engine.world().inventory;
    std::unordered_map<std::size_t, std::uint64_t> talks;
    for (const auto& edge : audit.graph.edges) {
        for (const auto node : {edge.from, edge.to}) {
            const auto workload = audit.graph.nodes[node].workload;
            if (workload) talks[*workload] += edge.conversations;
        }
    }
    for (std::size_t i = 0; i < inventory.workloads().size(); ++i) {
        const auto endpoints = inventory.endpoints_of(i);
        const bool open = !endpoints.empty() &&
                          std::none_of(endpoints.begin(), endpoints.end(), [&](std::size_t e) {
                              return engine.selected(e, Direction::ingress) ||
                                     engine.selected(e, Direction::egress);
                          });
        if (!open) continue;
        Finding finding;
        finding.code = "unprotected-workload";
        finding.severity = Severity::medium;
        finding.subject = to_string(inventory.workloads()[i].id);
        finding.message = "no policy selects it: everyone may reach it, and it may reach everyone";
        finding.evidence.push_back(std::to_string(talks[i]) +
                                   (talks[i] == 1 ? " conversation" : " conversations") +
                                   " recorded");
        const auto& where = inventory.workloads()[i].where;
        if (!where.file.empty()) finding.location = where;
        audit.findings.push_back(std::move(finding));
    }
}

}  // namespace nspect::analyzer
