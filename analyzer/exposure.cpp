// SPDX-License-Identifier: Apache-2.0
#include "analyzer/exposure.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "analyzer/connectivity.h"
#include "analyzer/judge.h"
#include "analyzer/units.h"

namespace nspect::analyzer {
namespace {

/// A description of pods with a namespace chosen by its name label written as that name.
PodPeer canonical(PodPeer term) {
    const auto& requirements = term.namespaces.requirements();
    if (!term.namespace_name && requirements.size() == 1) {
        const Requirement& only = requirements.front();
        if (only.key == namespace_name_label && only.op == Requirement::Op::in &&
            only.values.size() == 1) {
            term.namespace_name = only.values.front();
        }
    }
    if (term.namespace_name) term.namespaces = {};
    return term;
}

bool is_everyone(const PodPeer& term) {
    return !term.namespace_name && term.namespaces.matches_everything() &&
           term.pods.matches_everything();
}

bool asks_no_more(const Selector& wide, const Selector& narrow) {
    return std::includes(narrow.requirements().begin(), narrow.requirements().end(),
                         wide.requirements().begin(), wide.requirements().end());
}

bool by_plain_labels(const Selector& selector) {
    const auto& requirements = selector.requirements();
    return std::all_of(requirements.begin(), requirements.end(), [](const Requirement& r) {
        return r.op == Requirement::Op::in && r.values.size() == 1;
    });
}

/// What one subject's rules of one direction say about pods that may not exist.
class Examination {
public:
    Examination(const PolicyEngine& engine, Direction direction, std::size_t endpoint)
        : inventory_(engine.world().inventory), direction_(direction) {
        subject_ = facts_of(inventory_, endpoint);
        for (const std::size_t index : engine.policies_of(endpoint, direction)) {
            const Policy& policy = engine.world().policies[index];
            auto& isolates = stages_[policy.stage];
            isolates = isolates || policy.isolates(direction);
            for (const Rule& rule : policy.rules(direction)) {
                rules_.push_back({policy.stage, &rule});
            }
        }
        std::stable_sort(rules_.begin(), rules_.end(), [](const Asked& a, const Asked& b) {
            return std::tie(a.stage, a.rule->order) < std::tie(b.stage, b.rule->order);
        });
    }

    ExposureRow entire_cluster() const { return evaluate(PodPeer{}); }

    std::vector<ExposureRow> potential() const {
        const ExposureRow usual = entire_cluster();
        std::vector<ExposureRow> rows;
        for (const PodPeer& term : terms()) {
            if (exists(term)) continue;
            ExposureRow row = evaluate(term);
            if (row.traffic == usual.traffic && row.named_ports == usual.named_ports) continue;
            row.peer = {
                ExposurePeer::Kind::potential, {}, term.namespace_name, term.namespaces, term.pods};
            rows.push_back(std::move(row));
        }
        return rows;
    }

private:
    struct Asked {
        Stage stage;
        const Rule* rule;
    };

    std::vector<PodPeer> terms() const {
        std::vector<PodPeer> found;
        for (const Asked& asked : rules_) {
            for (const Peer& peer : asked.rule->peers) {
                const auto* pods = std::get_if<PodPeer>(&peer);
                if (pods == nullptr) continue;
                const PodPeer term = canonical(*pods);
                const bool known = std::find(found.begin(), found.end(), term) != found.end();
                if (!known && !is_everyone(term)) found.push_back(term);
            }
        }
        return found;
    }

    /// Whether pods of the description are also of the wider one by the words of the two alone:
    /// other labels of pods and namespaces are not known.
    bool implies(const PodPeer& narrow, const PodPeer& wide) const {
        if (!asks_no_more(wide.pods, narrow.pods)) return false;
        if (wide.namespace_name) return wide.namespace_name == narrow.namespace_name;
        return asks_no_more(wide.namespaces, narrow.namespaces);
    }

    bool names(const Rule& rule, const PodPeer& term) const {
        return std::any_of(rule.peers.begin(), rule.peers.end(), [&](const Peer& peer) {
            if (std::holds_alternative<AnyPeer>(peer)) return true;
            const auto* pods = std::get_if<PodPeer>(&peer);
            return pods != nullptr && implies(term, canonical(*pods));
        });
    }

    /// The rules in order, as for any pair; port names of a pod that does not exist stay names.
    ExposureRow evaluate(const PodPeer& term) const {
        ExposureRow row;
        row.traffic = TrafficSet::all();
        std::set<std::string> named;
        for (auto first = stages_.begin(); first != stages_.end();) {
            const Layer layer = first->first.layer;
            const TrafficSet governed = governed_by(layer);
            TrafficSet allowed;
            TrafficSet undecided = governed;
            for (; first != stages_.end() && first->first.layer == layer; ++first) {
                const TrafficSet passed = ask(first->first, term, allowed, undecided, named);
                undecided = first->second ? passed : undecided | passed;
            }
            row.traffic = row.traffic & (allowed | undecided | (TrafficSet::all() - governed));
        }
        if (row.traffic == TrafficSet::all()) named.clear();
        row.named_ports.assign(named.begin(), named.end());
        return row;
    }

    /// What the stage passes on; takes what it decides from `undecided`.
    TrafficSet ask(const Stage& stage, const PodPeer& term, TrafficSet& allowed,
                   TrafficSet& undecided, std::set<std::string>& named) const {
        TrafficSet passed;
        for (const Asked& asked : rules_) {
            if (asked.stage != stage || !names(*asked.rule, term)) continue;
            const TrafficSet hit = traffic_of(*asked.rule, destination()) & undecided;
            if (asked.rule->action == Action::allow) {
                allowed = allowed | hit;
                if (!undecided.empty()) add_names(*asked.rule, allowed, named);
            }
            if (asked.rule->action == Action::pass) passed = passed | hit;
            undecided = undecided - hit;
        }
        return passed;
    }

    Facts destination() const {
        if (direction_ == Direction::ingress) return subject_;
        Facts unknown;
        unknown.is_pod = false;
        return unknown;
    }

    void add_names(const Rule& rule, const TrafficSet& allowed,
                   std::set<std::string>& named) const {
        if (direction_ == Direction::ingress) return;
        for (const PortMatch& match : rule.ports) {
            if (match.name.empty()) continue;
            const auto protocol = match.name_protocol;
            const bool covered =
                protocol && has_ports(*protocol) && allowed.ports(*protocol) == PortSet{all_ports};
            if (covered) continue;
            named.insert((protocol ? std::string(to_string(*protocol)) : "*") + " " + match.name);
        }
    }

    bool exists(const PodPeer& term) const {
        if (!by_plain_labels(term.pods) || !by_plain_labels(term.namespaces)) return false;
        const bool anywhere = !term.namespace_name && term.namespaces.matches_everything();
        if (term.pods.matches_everything() || anywhere) return false;
        const auto& endpoints = inventory_.endpoints();
        return std::any_of(endpoints.begin(), endpoints.end(), [&](const Endpoint& endpoint) {
            const Namespace& space = inventory_.namespace_of(endpoint);
            const bool inside = term.namespace_name ? *term.namespace_name == space.name
                                                    : term.namespaces.matches(space.labels);
            return inside && term.pods.matches(policy_labels(endpoint));
        });
    }

    const Inventory& inventory_;
    Direction direction_;
    Facts subject_;
    std::map<Stage, bool> stages_;
    std::vector<Asked> rules_;
};

/// Address ranges outside with what each may do, neighbours with equal traffic joined.
std::vector<ExposureRow> outside(const PolicyEngine& engine, Direction direction,
                                 std::size_t endpoint, bool ipv6) {
    std::map<TrafficSet, IpSet> ranges;
    for (const IpSet& addresses : engine.address_classes(direction)) {
        const Who pod = Who::of_endpoint(endpoint);
        for (const IpRange& range : addresses.intervals()) {
            const Who other = Who::of_address(range.first);
            const bool egress = direction == Direction::egress;
            const auto traffic =
                engine.allowed(direction, egress ? pod : other, egress ? other : pod);
            if (ipv6 || range.first.is_v4()) ranges[traffic].insert(range);
        }
    }
    std::vector<ExposureRow> rows;
    for (const auto& [traffic, set] : ranges) {
        if (to_conn(traffic) == "No Connections") continue;
        for (const IpRange& range : set.intervals()) {
            rows.push_back({{}, {ExposurePeer::Kind::external, range, {}, {}, {}}, traffic, {}});
        }
    }
    return rows;
}

}  // namespace

Exposure exposure(const PolicyEngine& engine) {
    Exposure result;
    const bool ipv6 = mentions_ipv6(engine.world());
    for (const Unit& unit : units_of(engine, Level::workload)) {
        if (unit.endpoints.empty()) continue;
        const std::size_t endpoint = unit.endpoints.front();
        for (const Direction direction : {Direction::egress, Direction::ingress}) {
            if (!engine.selected(endpoint, direction)) {
                result.unprotected.emplace_back(unit.name, direction);
            }
            const Examination examination(engine, direction, endpoint);
            std::vector<ExposureRow> rows = outside(engine, direction, endpoint, ipv6);
            const ExposureRow cluster = examination.entire_cluster();
            if (!cluster.traffic.empty() || !cluster.named_ports.empty()) rows.push_back(cluster);
            for (auto& row : examination.potential()) rows.push_back(std::move(row));
            auto& target = direction == Direction::egress ? result.egress : result.ingress;
            for (ExposureRow& row : rows) {
                row.workload = unit.name;
                target.push_back(std::move(row));
            }
        }
    }
    return result;
}

std::string to_conn(const ExposureRow& row) {
    if (row.named_ports.empty()) return to_conn(row.traffic);
    std::map<std::string, std::string> parts;  // protocols in the order of their names; "*" last
    for (const Protocol protocol : {Protocol::sctp, Protocol::tcp, Protocol::udp}) {
        const std::string ports = to_string(row.traffic.ports(protocol));
        if (!ports.empty()) parts[std::string(to_string(protocol))] = ports;
    }
    std::string of_any_protocol;
    for (const std::string& name : row.named_ports) {
        const std::string protocol = name.substr(0, name.find(' '));
        std::string& part = protocol == "*" ? of_any_protocol : parts[protocol];
        part += (part.empty() ? "" : ",") + name.substr(protocol.size() + 1);
    }
    std::string text;
    for (const auto& [protocol, ports] : parts) {
        text += (text.empty() ? "" : ",") + protocol + " " + ports;
    }
    if (of_any_protocol.empty()) return text;
    return text + (text.empty() ? "* " : ",* ") + of_any_protocol;
}

}  // namespace nspect::analyzer
