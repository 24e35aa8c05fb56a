// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_policies.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "analyzer/generate_blocks.h"
#include "analyzer/generate_labels.h"
#include "analyzer/generate_notes.h"
#include "analyzer/generate_ports.h"
#include "analyzer/observed_ends.h"

namespace nspect::analyzer {

/// What is worked out once about an inventory.
struct PolicyWriter::Known {
    Known(const Inventory& known_inventory, WriteOptions write_options)
        : inventory(known_inventory),
          options(std::move(write_options)),
          selectors(known_inventory),
          roles(known_inventory) {
        for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) {
            const auto addresses = inventory.addresses_of(i);
            pod_addresses.insert(pod_addresses.end(), addresses.begin(), addresses.end());
        }
        std::sort(pod_addresses.begin(), pod_addresses.end());
    }

    const Inventory& inventory;
    WriteOptions options;
    WorkloadSelectors selectors;
    Roles roles;
    std::vector<IpAddress> pod_addresses;
};

namespace {

constexpr const char* whole_namespace_name = "nspect-namespace";

std::string default_deny() {
    return "nspect-" + std::string(default_deny_name);
}

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
    std::map<Direction, std::map<std::string, Points>> domains;
};

std::vector<TrafficPoint> keys(const Points& points) {
    std::vector<TrafficPoint> all;
    for (const auto& [point, _] : points) all.push_back(point);
    return all;
}

/// RFC 1123, as Kubernetes wants it for the name of a policy.
std::string object_name(const std::string& prefix, const std::string& name) {
    std::string made = prefix;
    for (const char c : name) {
        const auto u = static_cast<unsigned char>(c);
        const bool plain = std::isalnum(u) != 0 && u < 128;
        made += plain ? static_cast<char>(std::tolower(u)) : '-';
    }
    made.resize(std::min<std::size_t>(made.size(), 240));
    while (made.back() == '-') made.pop_back();
    // Of a name without a plain letter nothing is left.
    return made.size() < prefix.size() ? prefix + "unnamed" : made;
}

PodPeer pod_peer(const PodName& name, const std::string& own_place) {
    PodPeer peer;
    if (name.namespace_name == own_place) {
        peer.namespace_name = own_place;
    } else {
        peer.namespaces =
            Selector::matching(Labels{{std::string(namespace_name_label), name.namespace_name}});
    }
    peer.pods = Selector::matching(name.labels);
    return peer;
}

std::string pod_words(const PodName& name) {
    const auto pods = name.labels.empty() ? "every pod" : to_string(name.labels);
    return name.namespace_name + " (" + pods + ")";
}

Points merged_points(const std::map<IpAddress, Points>& peers, const std::set<IpAddress>& addresses,
                     const IpPrefix& block) {
    Points merged;
    const auto range = block.range();
    for (auto at = addresses.lower_bound(range.first); at != addresses.end() && *at <= range.last;
         ++at) {
        for (const auto& [point, grounds] : peers.at(*at)) merge(merged[point], grounds);
    }
    return merged;
}

std::uint64_t seen_in(const std::set<IpAddress>& addresses, const IpPrefix& block) {
    const auto range = block.range();
    return static_cast<std::uint64_t>(
        std::distance(addresses.lower_bound(range.first), addresses.upper_bound(range.last)));
}

/// Addresses of a block, bounded.
std::uint64_t size_of(const IpPrefix& block) {
    const auto free_bits = block.address().bits() - block.length();
    return std::uint64_t{1} << std::min(free_bits, 32U);
}

std::string wide_note(const std::set<IpAddress>& addresses, const IpPrefix& block,
                      std::size_t budget) {
    return to_string(block) + " stands for " + std::to_string(seen_in(addresses, block)) +
           " addresses that were seen: more than " + std::to_string(budget) +
           " would not be readable";
}

template <class Known>
class Writer {
public:
    Writer(Known& known, const Demands& demands)
        : known_(known), inventory_(known.inventory), options_(known.options), demands_(demands) {}

    WrittenPolicies write() {
        draft();
        for (const auto& [subject, draft] : drafts_) write(subject, draft);
        for (const auto& place : options_.default_deny) write_default_deny(place);
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
        const auto& place = inventory_.workloads()[workload].id.namespace_name;
        if (options_.granularity == Granularity::whole_namespace) return {place, {}};
        const auto& selector = known_.selectors.of(workload);
        PodName name{place, selector.labels};
        auto& members = members_[name];
        if (members.insert(workload).second) {
            members.insert(selector.also.begin(), selector.also.end());
        }
        return name;
    }

    void draft() {
        for (const auto& place : options_.default_deny) names_.emplace(place, default_deny());
        for (const auto workload : demands_.probed) {
            drafts_[pod_name(workload)].workloads.insert(workload);
        }
        for (const auto& [demand, grounds] : demands_.wanted) {
            auto& draft = drafts_[pod_name(demand.workload)];
            draft.workloads.insert(demand.workload);
            merge(points_of(draft, demand)[demand.point], grounds);
        }
    }

    Points& points_of(Draft& draft, const Demand& demand) {
        switch (demand.peer.kind) {
            case DemandPeer::Kind::workload:
                return draft.pods[demand.direction][pod_name(demand.peer.workload)];
            case DemandPeer::Kind::domain:
                return draft.domains[demand.direction][demand.peer.domain];
            case DemandPeer::Kind::address:
                break;
        }
        return draft.addresses[demand.direction][demand.peer.address];
    }

    static Policy blank(const std::string& place, std::string name, const Labels& subject) {
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
        made.place = subject.namespace_name;
        made.notes = subject_notes(draft);
        for (const auto direction : {Direction::ingress, Direction::egress}) {
            if (const auto pods = draft.pods.find(direction); pods != draft.pods.end()) {
                write_pods(made, direction, pods->second, draft);
            }
            const auto addresses = draft.addresses.find(direction);
            if (addresses != draft.addresses.end()) {
                write_addresses(made, direction, addresses->second, draft);
            }
            const auto domains = draft.domains.find(direction);
            if (domains != draft.domains.end()) write_domains(made, direction, domains->second);
        }
        if (options_.additions) {
            made.policy.isolates_ingress = !made.policy.ingress.empty();
            made.policy.isolates_egress = !made.policy.egress.empty();
        }
        written_.policies.push_back(std::move(made));
    }

    std::string unique_name(const PodName& subject, const Draft& draft) {
        const auto& id = inventory_.workloads()[*draft.workloads.begin()].id;
        const std::string prefix = options_.additions ? "nspect-allow-" : "nspect-";
        std::string name = options_.granularity == Granularity::whole_namespace
                               ? whole_namespace_name
                               : object_name(prefix, id.name);
        if (!names_.emplace(subject.namespace_name, name).second) {
            name = object_name(prefix, id.name + "-" + id.kind);
            for (int n = 2; !names_.emplace(subject.namespace_name, name).second; ++n) {
                name = object_name(prefix, id.name + "-" + id.kind + "-" + std::to_string(n));
            }
        }
        return name;
    }

    std::vector<std::string> subject_notes(const Draft& draft) {
        std::vector<std::string> notes;
        for (const auto workload : draft.workloads) {
            const auto id = to_string(inventory_.workloads()[workload].id);
            notes.push_back("for " + id);
            if (options_.granularity == Granularity::workload) note_selector(notes, workload);
            if (const auto rare = known_.roles.rarity_of(workload); !rare.empty()) {
                notes.push_back(rare);
            }
            if (demands_.probed.contains(workload)) {
                notes.emplace_back(
                    "what its own node sends it (health probes) needs no rule: "
                    "Kubernetes always lets it in");
            }
            if (const auto kept = demands_.kept.find(workload); kept != demands_.kept.end()) {
                for (const auto& title : kept->second) {
                    notes.push_back("beside " + title + ", which is kept and allows the rest");
                }
            }
        }
        bound(notes);
        return notes;
    }

    void note_selector(std::vector<std::string>& notes, std::size_t workload) {
        const auto id = to_string(inventory_.workloads()[workload].id);
        const auto& selector = known_.selectors.of(workload);
        if (selector.labels.empty()) {
            notes.push_back(id +
                            " has no label of its own: this applies to every "
                            "pod of the namespace");
        }
        for (const auto other : selector.also) {
            notes.push_back("no stable label tells " + id + " from " +
                            to_string(inventory_.workloads()[other].id) + ": this applies to both");
        }
    }

    void write_pods(GeneratedPolicy& made, Direction direction,
                    const std::map<PodName, Points>& peers, const Draft& draft) {
        const bool names = options_.port_names && options_.granularity == Granularity::workload;
        std::map<std::vector<PortUse>, std::vector<const PodName*>> alike;
        for (const auto& [peer, points] : peers) {
            const auto& targets =
                direction == Direction::ingress ? targets_of(draft) : members_[peer];
            alike[port_uses(keys(points), targets, inventory_, names)].push_back(&peer);
        }
        for (const auto& [uses, pods] : alike) {
            Rule rule;
            std::vector<std::string> notes;
            for (const auto* name : pods) {
                rule.peers.emplace_back(pod_peer(*name, made.policy.namespace_name));
                const NamedPeer named{pod_words(*name), role_of(*name), nullptr};
                for (const auto& [point, grounds] : peers.at(*name)) {
                    add_notes(notes, named, point, grounds);
                }
            }
            add_rule(made, direction, std::move(rule), uses, std::move(notes));
        }
    }

    /// All workloads a draft's policy will select.
    const std::set<std::size_t>& targets_of(const Draft& draft) {
        if (options_.granularity == Granularity::whole_namespace) return draft.workloads;
        return members_[pod_name(*draft.workloads.begin())];
    }

    std::string role_of(const PodName& name) const {
        const auto members = members_.find(name);
        if (members == members_.end() || members->second.empty()) return {};
        return known_.roles.of_workload(*members->second.begin());
    }

    bool stands_alone(const IpAddress& address) const {
        return address.is_link_local() || is_metadata_service(address) ||
               !known_.roles.of_address(address).empty();
    }

    void write_addresses(GeneratedPolicy& made, Direction direction,
                         const std::map<IpAddress, Points>& peers, const Draft& draft) {
        const std::set<std::size_t> nobody;
        const auto& targets = direction == Direction::ingress ? targets_of(draft) : nobody;
        const bool names = options_.port_names && direction == Direction::ingress &&
                           options_.granularity == Granularity::workload;
        std::map<std::pair<bool, std::vector<PortUse>>, std::set<IpAddress>> alike;
        for (const auto& [address, points] : peers) {
            alike[{stands_alone(address), port_uses(keys(points), targets, inventory_, names)}]
                .insert(address);
        }
        for (const auto& [key, addresses] : alike) {
            const auto budget =
                key.first ? addresses.size() : std::max<std::size_t>(1, options_.external_budget);
            Rule rule;
            std::vector<std::string> notes;
            for (const auto& block : cover(addresses, budget, known_.pod_addresses)) {
                rule.peers.emplace_back(AddressPeer{IpSet{block.range()}});
                const auto inside = merged_points(peers, addresses, block);
                const NamedPeer named{to_string(block), known_.roles.of_address(block.address()),
                                      &block.address()};
                for (const auto& [point, grounds] : inside) add_notes(notes, named, point, grounds);
                if (block.length() == block.address().bits()) continue;
                notes.push_back(wide_note(addresses, block, budget));
                written_.addresses_seen += seen_in(addresses, block);
                written_.addresses_let_in += size_of(block);
                for (const auto& [point, _] : inside) note_wider(direction, draft, block, point);
            }
            add_rule(made, direction, std::move(rule), key.second, std::move(notes));
        }
    }

    void write_domains(GeneratedPolicy& made, Direction direction,
                       const std::map<std::string, Points>& peers) {
        std::map<std::vector<PortUse>, std::vector<std::string>> alike;
        for (const auto& [name, points] : peers) {
            alike[port_uses(keys(points), {}, inventory_, false)].push_back(name);
        }
        for (const auto& [uses, names] : alike) {
            Rule rule;
            std::vector<std::string> notes;
            rule.peers.emplace_back(DomainPeer{names});
            for (const auto& name : names) {
                for (const auto& [point, grounds] : peers.at(name)) {
                    add_notes(notes, {name, "", nullptr}, point, grounds);
                }
            }
            add_rule(made, direction, std::move(rule), uses, std::move(notes));
        }
    }

    void note_wider(Direction direction, const Draft& draft, const IpPrefix& block,
                    const TrafficPoint& point) {
        const auto own = to_string(inventory_.workloads()[*draft.workloads.begin()].id);
        const auto outside = to_string(block);
        written_.wider_blocks.push_back(
            (direction == Direction::egress ? own + " -> " + outside : outside + " -> " + own) +
            ' ' + to_string(point));
    }

    static void add_rule(GeneratedPolicy& made, Direction direction, Rule rule,
                         const std::vector<PortUse>& uses, std::vector<std::string> notes) {
        const bool inbound = direction == Direction::ingress;
        auto& rules = inbound ? made.policy.ingress : made.policy.egress;
        rule.index = rules.size() + 1;
        rule.order = network_policy_order;
        for (const auto& use : uses) {
            rule.ports.push_back(port_match(use));
            if (!use.why.empty()) notes.push_back(use.why);
        }
        rules.push_back(std::move(rule));
        bound(notes);
        (inbound ? made.ingress_notes : made.egress_notes).push_back(std::move(notes));
    }

    void write_default_deny(const std::string& place) {
        GeneratedPolicy made;
        made.policy = blank(place, default_deny(), {});
        made.place = place;
        made.notes.emplace_back(
            "isolates every pod of the namespace; the other policies open "
            "what was recorded");
        written_.policies.push_back(std::move(made));
    }

    Known& known_;
    const Inventory& inventory_;
    const WriteOptions& options_;
    const Demands& demands_;
    std::map<PodName, Draft> drafts_;
    std::map<PodName, std::set<std::size_t>> members_;
    std::set<std::pair<std::string, std::string>> names_;
    WrittenPolicies written_;
};

}  // namespace

PolicyWriter::PolicyWriter(const Inventory& inventory, WriteOptions options)
    : known_(std::make_unique<Known>(inventory, std::move(options))) {}

PolicyWriter::~PolicyWriter() = default;

WrittenPolicies PolicyWriter::write(const Demands& demands) {
    return Writer(*known_, demands).write();
}

}  // namespace nspect::analyzer
