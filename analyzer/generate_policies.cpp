// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_policies.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "analyzer/generate_blocks.h"
#include "analyzer/generate_labels.h"

namespace nspect::analyzer {
namespace {

constexpr std::size_t most_notes = 20;  // comment lines a rule or policy carries

constexpr const char* default_deny_name = "nspect-default-deny";

using Points = std::map<TrafficPoint, Grounds>;

/// A peer that is written down as pods: namespace and labels.
struct PodName {
    std::string namespace_name;
    Labels labels;
    auto operator<=>(const PodName&) const = default;
};

/// What one policy is written from: a subject, which may be several workloads nothing tells apart.
struct Draft {
    std::set<std::size_t> workloads;
    std::map<Direction, std::map<PodName, Points>> pods;
    std::map<Direction, std::map<IpAddress, Points>> addresses;
};

void merge(Grounds& into, const Grounds& more) {
    const bool first = into.conversations == 0;
    into.first = first ? more.first : std::min(into.first, more.first);
    into.last = first ? more.last : std::max(into.last, more.last);
    into.weak_direction = (first || into.weak_direction) && more.weak_direction;
    into.conversations += more.conversations;
    into.from_node |= more.from_node;
    into.service_address |= more.service_address;
    into.behind_service |= more.behind_service;
}

std::vector<TrafficPoint> keys(const Points& points) {
    std::vector<TrafficPoint> all;
    for (const auto& [point, _] : points) all.push_back(point);
    return all;
}

/// RFC 1123, as Kubernetes wants it for the name of a policy.
std::string object_name(const std::string& name) {
    std::string made = "nspect-";
    for (const char c : name) {
        const auto u = static_cast<unsigned char>(c);
        const bool plain = std::isalnum(u) != 0 && u < 128;
        made += plain ? static_cast<char>(std::tolower(u)) : '-';
    }
    made.resize(std::min<std::size_t>(made.size(), 240));
    while (made.back() == '-') made.pop_back();
    return made;
}

std::string counted(const Grounds& grounds) {
    std::string text = std::to_string(grounds.conversations) +
                       (grounds.conversations == 1 ? " conversation, " : " conversations, ") +
                       to_seconds(grounds.first);
    if (to_seconds(grounds.last) != to_seconds(grounds.first)) {
        text += " to " + to_seconds(grounds.last);
    }
    return text;
}

std::vector<PortMatch> port_matches(const std::vector<TrafficPoint>& points) {
    std::vector<PortMatch> matches;
    for (const auto& point : points) {
        matches.push_back({TrafficSet::of(point.protocol, {point.port, point.port}), "", {}});
    }
    return matches;
}

void bound(std::vector<std::string>& notes) {
    if (notes.size() <= most_notes) return;
    const auto more = notes.size() - most_notes;
    notes.resize(most_notes);
    notes.push_back("and " + std::to_string(more) + " more");
}

class Writer {
public:
    Writer(const Inventory& inventory, const Demands& demands,
           const std::set<std::string>& namespaces)
        : inventory_(inventory), demands_(demands), namespaces_(namespaces), selectors_(inventory) {
        for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) {
            const auto addresses = inventory.addresses_of(i);
            pod_addresses_.insert(pod_addresses_.end(), addresses.begin(), addresses.end());
        }
        std::sort(pod_addresses_.begin(), pod_addresses_.end());
    }

    WrittenPolicies write(bool default_deny) {
        draft();
        for (const auto& [subject, draft] : drafts_) write(subject, draft);
        if (default_deny) {
            for (const auto& place : namespaces_) write_default_deny(place);
        }
        auto& policies = written_.policies;
        std::sort(policies.begin(), policies.end(), [](const auto& a, const auto& b) {
            return std::tie(a.policy.namespace_name, a.policy.name) <
                   std::tie(b.policy.namespace_name, b.policy.name);
        });
        std::sort(written_.wider_blocks.begin(), written_.wider_blocks.end());
        return std::move(written_);
    }

private:
    PodName pod_name(std::size_t workload) {
        return {inventory_.workloads()[workload].id.namespace_name, selectors_.of(workload).labels};
    }

    void draft() {
        for (const auto& place : namespaces_) names_.emplace(place, default_deny_name);
        for (const auto workload : demands_.probed) {
            drafts_[pod_name(workload)].workloads.insert(workload);
        }
        for (const auto& [demand, grounds] : demands_.wanted) {
            auto& draft = drafts_[pod_name(demand.workload)];
            draft.workloads.insert(demand.workload);
            auto& points = demand.peer.kind == DemandPeer::Kind::workload
                               ? draft.pods[demand.direction][pod_name(demand.peer.workload)]
                               : draft.addresses[demand.direction][demand.peer.address];
            merge(points[demand.point], grounds);
        }
    }

    Policy blank(const std::string& place, std::string name, const Labels& subject) const {
        Policy policy;
        policy.kind = PolicyKind::network_policy;
        policy.namespace_name = place;
        policy.name = std::move(name);
        policy.stage = {namespace_stage, "namespace"};
        policy.subjects = {{place, {}, Selector::matching(subject), std::nullopt}};
        policy.isolates_ingress = true;
        policy.isolates_egress = true;
        return policy;
    }

    void write(const PodName& subject, const Draft& draft) {
        GeneratedPolicy made;
        made.policy = blank(subject.namespace_name, unique_name(subject, draft), subject.labels);
        made.notes = subject_notes(draft);
        for (const auto direction : {Direction::ingress, Direction::egress}) {
            if (const auto pods = draft.pods.find(direction); pods != draft.pods.end()) {
                write_pods(made, direction, pods->second);
            }
            const auto addresses = draft.addresses.find(direction);
            if (addresses != draft.addresses.end()) {
                write_addresses(made, direction, addresses->second, draft);
            }
        }
        written_.policies.push_back(std::move(made));
    }

    std::string unique_name(const PodName& subject, const Draft& draft) {
        const auto& id = inventory_.workloads()[*draft.workloads.begin()].id;
        std::string name = object_name(id.name);
        if (!names_.emplace(subject.namespace_name, name).second) {
            name = object_name(id.name + "-" + id.kind);
            for (int n = 2; !names_.emplace(subject.namespace_name, name).second; ++n) {
                name = object_name(id.name + "-" + id.kind + "-" + std::to_string(n));
            }
        }
        return name;
    }

    std::vector<std::string> subject_notes(const Draft& draft) {
        std::vector<std::string> notes;
        for (const auto workload : draft.workloads) {
            const auto& id = inventory_.workloads()[workload].id;
            notes.push_back("for " + to_string(id));
            const auto& selector = selectors_.of(workload);
            if (selector.labels.empty()) {
                notes.push_back(to_string(id) +
                                " has no label of its own: this applies to every "
                                "pod of the namespace");
            }
            for (const auto other : selector.also) {
                notes.push_back("no stable label tells " + to_string(id) + " from " +
                                to_string(inventory_.workloads()[other].id) +
                                ": this applies to both");
            }
            if (demands_.probed.contains(workload)) {
                notes.push_back(
                    "what its own node sends it (health probes) needs no rule: "
                    "Kubernetes always lets it in");
            }
        }
        bound(notes);
        return notes;
    }

    void write_pods(GeneratedPolicy& made, Direction direction,
                    const std::map<PodName, Points>& peers) {
        std::map<std::vector<TrafficPoint>, std::vector<const PodName*>> alike;
        for (const auto& [peer, points] : peers) alike[keys(points)].push_back(&peer);
        for (const auto& [points, names] : alike) {
            Rule rule;
            std::vector<std::string> notes;
            for (const auto* name : names) {
                rule.peers.emplace_back(pod_peer(*name, made.policy.namespace_name));
                for (const auto& [point, grounds] : peers.at(*name)) {
                    add_notes(notes, pod_words(*name), point, grounds);
                }
            }
            add_rule(made, direction, std::move(rule), points, std::move(notes));
        }
    }

    static PodPeer pod_peer(const PodName& name, const std::string& own_place) {
        PodPeer peer;
        if (name.namespace_name == own_place) {
            peer.namespace_name = own_place;
        } else {
            peer.namespaces = Selector::matching(
                Labels{{std::string(namespace_name_label), name.namespace_name}});
        }
        peer.pods = Selector::matching(name.labels);
        return peer;
    }

    static std::string pod_words(const PodName& name) {
        const auto pods = name.labels.empty() ? "every pod" : to_string(name.labels);
        return name.namespace_name + " (" + pods + ")";
    }

    void write_addresses(GeneratedPolicy& made, Direction direction,
                         const std::map<IpAddress, Points>& peers, const Draft& draft) {
        std::map<std::vector<TrafficPoint>, std::set<IpAddress>> alike;
        for (const auto& [address, points] : peers) alike[keys(points)].insert(address);
        for (const auto& [points, addresses] : alike) {
            Rule rule;
            std::vector<std::string> notes;
            for (const auto& block : cover(addresses, block_budget, pod_addresses_)) {
                rule.peers.emplace_back(AddressPeer{IpSet{block.range()}});
                const auto inside = merged_points(peers, addresses, block);
                for (const auto& [point, grounds] : inside) {
                    add_notes(notes, to_string(block), point, grounds);
                }
                if (block.length() == block.address().bits()) continue;
                note_wide(notes, addresses, block);
                for (const auto& point : points) note_wider(direction, draft, block, point);
            }
            add_rule(made, direction, std::move(rule), points, std::move(notes));
        }
    }

    static Points merged_points(const std::map<IpAddress, Points>& peers,
                                const std::set<IpAddress>& addresses, const IpPrefix& block) {
        Points merged;
        const auto range = block.range();
        for (auto at = addresses.lower_bound(range.first);
             at != addresses.end() && *at <= range.last; ++at) {
            for (const auto& [point, grounds] : peers.at(*at)) merge(merged[point], grounds);
        }
        return merged;
    }

    static void note_wide(std::vector<std::string>& notes, const std::set<IpAddress>& addresses,
                          const IpPrefix& block) {
        const auto range = block.range();
        const auto inside =
            std::distance(addresses.lower_bound(range.first), addresses.upper_bound(range.last));
        notes.push_back(to_string(block) + " stands for " + std::to_string(inside) +
                        " addresses that were seen: more than " + std::to_string(block_budget) +
                        " would not be readable");
    }

    void note_wider(Direction direction, const Draft& draft, const IpPrefix& block,
                    const TrafficPoint& point) {
        const auto own = to_string(inventory_.workloads()[*draft.workloads.begin()].id);
        const auto outside = to_string(block);
        written_.wider_blocks.push_back(
            (direction == Direction::egress ? own + " -> " + outside : outside + " -> " + own) +
            ' ' + to_string(point));
    }

    void add_notes(std::vector<std::string>& notes, const std::string& who,
                   const TrafficPoint& point, const Grounds& grounds) const {
        notes.push_back(who + ' ' + to_string(point) + ": " + counted(grounds));
        if (grounds.conversations == 1) notes.push_back("seen once only");
        if (point.port == Port{53}) notes.push_back("DNS, by the resolver that was really asked");
        if (grounds.weak_direction) {
            notes.push_back("direction told by port numbers alone: the start was not seen");
        }
        if (grounds.from_node)
            notes.push_back("a node: host network or masquerade; plugins differ in what names it");
        if (grounds.service_address) {
            notes.push_back(
                "a Service's address, its pods were not seen: only some network "
                "plugins match it");
        }
        if (grounds.behind_service) {
            notes.push_back("dialled by Service; the port is the one its pods listen on");
        }
        if (who.starts_with("169.254.169.254/")) {
            notes.push_back("WARNING: the cloud metadata service, which hands out credentials");
        } else if (who.starts_with("169.254.") || who.starts_with("fe80:")) {
            notes.push_back("link-local: the node itself, such as a node-local DNS cache");
        }
    }

    static void add_rule(GeneratedPolicy& made, Direction direction, Rule rule,
                         const std::vector<TrafficPoint>& points, std::vector<std::string> notes) {
        const bool inbound = direction == Direction::ingress;
        auto& rules = inbound ? made.policy.ingress : made.policy.egress;
        rule.index = rules.size() + 1;
        rule.ports = port_matches(points);
        rules.push_back(std::move(rule));
        bound(notes);
        (inbound ? made.ingress_notes : made.egress_notes).push_back(std::move(notes));
    }

    void write_default_deny(const std::string& place) {
        GeneratedPolicy made;
        made.policy = blank(place, default_deny_name, {});
        made.notes.emplace_back(
            "isolates every pod of the namespace; the other policies open "
            "what was recorded");
        std::set<std::string> unseen;
        for (const auto& endpoint : inventory_.endpoints()) {
            const auto& id = inventory_.workload_of(endpoint);
            if (id.namespace_name != place) continue;
            if (!demands_.seen.contains(endpoint.workload)) unseen.insert(to_string(id));
        }
        for (const auto& id : unseen) {
            made.notes.push_back("nothing was recorded of " + id + ": it is cut off entirely");
        }
        bound(made.notes);
        written_.policies.push_back(std::move(made));
    }

    const Inventory& inventory_;
    const Demands& demands_;
    const std::set<std::string>& namespaces_;
    WorkloadSelectors selectors_;
    std::vector<IpAddress> pod_addresses_;
    std::map<PodName, Draft> drafts_;
    std::set<std::pair<std::string, std::string>> names_;
    WrittenPolicies written_;
};

}  // namespace

WrittenPolicies write_policies(const Inventory& inventory, const Demands& demands,
                               const std::set<std::string>& namespaces, bool default_deny) {
    return Writer(inventory, demands, namespaces).write(default_deny);
}

}  // namespace nspect::analyzer
