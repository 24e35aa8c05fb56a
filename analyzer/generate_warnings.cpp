// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_warnings.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "analyzer/entrances.h"
#include "analyzer/generate_notes.h"
#include "analyzer/generate_policies.h"

namespace nspect::analyzer {
namespace {

bool lets_pass(const Rule& rule) {
    return rule.action != Action::deny && !rule.peers.empty();
}

/// Whether policies select the pod and none of them has a rule that lets anything pass.
bool is_shut(const PolicyEngine& engine, std::size_t pod, Direction direction) {
    bool closed = false;
    for (const auto index : engine.policies_of(pod, direction)) {
        const auto& policy = engine.world().policies[index];
        const auto& rules = policy.rules(direction);
        if (std::any_of(rules.begin(), rules.end(), lets_pass)) return false;
        closed |= policy.isolates(direction) || !rules.empty();
    }
    return closed;
}

std::string why_cut_off(const Demands& demands, std::size_t workload) {
    if (const auto found = demands.left_out_of.find(workload); found != demands.left_out_of.end()) {
        return found->second == 1
                   ? std::string("the one conversation recorded of it is left out on purpose")
                   : "all " + std::to_string(found->second) +
                         " conversations recorded of it are left out on purpose";
    }
    if (demands.probed.contains(workload)) {
        return "only its own node was seen reaching it, which needs no rule";
    }
    return "nothing was recorded of it with anyone else";
}

bool covers(const PortMatch& match, const Endpoint& pod, const TrafficPoint& point) {
    if (match.name.empty()) return match.traffic.contains(point);
    return std::any_of(pod.ports.begin(), pod.ports.end(), [&](const ContainerPort& port) {
        return port.name == match.name && port.protocol == point.protocol &&
               port.port == point.port;
    });
}

/// Who comes from outside: through an ingress controller, a pod of some other namespace, or at
/// once.
enum class From : std::uint8_t { controller, address };

bool is_from(const Peer& peer, From from, const std::string& own_place) {
    const auto* pods = std::get_if<PodPeer>(&peer);
    if (pods == nullptr) return true;
    if (from == From::address) return false;
    if (pods->namespace_name) return *pods->namespace_name != own_place;
    return pods->namespaces !=
           Selector::matching(Labels{{std::string(namespace_name_label), own_place}});
}

/// A declared way in: "Service shop/web (LoadBalancer)".
struct Way {
    std::string title;
    From from = From::address;
    std::size_t pod = 0;
    std::set<TrafficPoint> points;
};

class Ways {
public:
    explicit Ways(const Inventory& inventory) : inventory_(inventory) {}

    std::vector<Way> find() {
        add_entrances();
        add_services();
        return std::move(ways_);
    }

private:
    void add_entrances() {
        for (const auto& way : ways_in(inventory_)) {
            const auto& entrance = inventory_.entrances()[way.entrance];
            Way made{entrance.kind + " " + entrance.namespace_name + "/" + entrance.name,
                     From::controller,
                     way.endpoint,
                     {}};
            for (const auto& range : way.ports.tcp.intervals()) {
                made.points.insert({Protocol::tcp, range.first});
            }
            ways_.push_back(std::move(made));
        }
    }

    void add_services() {
        std::map<std::string, std::vector<std::size_t>> pods;
        for (std::size_t i = 0; i < inventory_.endpoints().size(); ++i) {
            pods[inventory_.workload_of(inventory_.endpoints()[i]).namespace_name].push_back(i);
        }
        for (const auto& service : inventory_.services()) {
            const bool open = service.type == "LoadBalancer" || service.type == "NodePort";
            if (!open || !service.has_selector) continue;
            for (const auto pod : pods[service.namespace_name]) {
                if (service.selector.matches(inventory_.endpoints()[pod].labels)) {
                    add_service(service, pod);
                }
            }
        }
    }

    void add_service(const Service& service, std::size_t pod) {
        Way made{
            "Service " + service.namespace_name + "/" + service.name + " (" + service.type + ")",
            From::address,
            pod,
            {}};
        for (const auto& port : service.ports) {
            if (port.target_name.empty()) {
                made.points.insert({port.protocol, port.target_port.value_or(port.port)});
                continue;
            }
            for (const auto& own : inventory_.endpoints()[pod].ports) {
                if (own.name == port.target_name) made.points.insert({own.protocol, own.port});
            }
        }
        ways_.push_back(std::move(made));
    }

    const Inventory& inventory_;
    std::vector<Way> ways_;
};

bool is_default_deny(const Policy& policy) {
    return policy.name.ends_with(default_deny_name) && !policy.subjects.empty() &&
           policy.subjects.front().pods.matches_everything();
}

/// Writes into policies what is true of the whole set.
class Writer {
public:
    Writer(const PolicyEngine& after, std::size_t first, Generated& generated)
        : after_(after),
          inventory_(after.world().inventory),
          first_(first),
          generated_(generated) {}

    void add_cut_off() {
        for (auto& each : generated_.policies) {
            if (!is_default_deny(each.policy)) continue;
            for (const auto& cut : generated_.proof.cut_off) {
                if (cut.place != each.place) continue;
                each.notes.push_back(cut.workload + " is cut off entirely: " + cut.reason);
            }
            bound(each.notes);
        }
    }

    void add_shut_ways() {
        for (const auto& way : Ways(inventory_).find()) {
            for (const auto& point : way.points) {
                if (is_shut_way(way, point)) say(way, point);
            }
        }
        for (const auto index : touched_) bound(generated_.policies[index].notes);
    }

private:
    bool is_shut_way(const Way& way, const TrafficPoint& point) const {
        const auto& pod = inventory_.endpoints()[way.pod];
        const auto& place = inventory_.workload_of(pod).namespace_name;
        bool closed = false;
        for (const auto index : after_.policies_of(way.pod, Direction::ingress)) {
            const auto& policy = after_.world().policies[index];
            closed |= closes(policy, way.from);
            for (const auto& rule : policy.ingress) {
                if (!lets_pass(rule)) continue;
                const bool ports =
                    rule.all_ports ||
                    std::any_of(rule.ports.begin(), rule.ports.end(),
                                [&](const auto& m) { return covers(m, pod, point); });
                const bool peers =
                    std::any_of(rule.peers.begin(), rule.peers.end(),
                                [&](const Peer& peer) { return is_from(peer, way.from, place); });
                if (ports && peers) return false;
            }
        }
        return closed;
    }

    /// A rule that denies pods lets addresses alone.
    static bool closes(const Policy& policy, From from) {
        if (policy.isolates_ingress) return true;
        return std::any_of(policy.ingress.begin(), policy.ingress.end(), [&](const Rule& rule) {
            return rule.action == Action::deny &&
                   std::any_of(rule.peers.begin(), rule.peers.end(), [&](const Peer& peer) {
                       return from == From::controller || !std::holds_alternative<PodPeer>(peer);
                   });
        });
    }

    /// The generated policy that is about the pod most closely.
    std::optional<std::size_t> policy_for(std::size_t pod) const {
        std::optional<std::size_t> chosen;
        for (const auto index : after_.policies_of(pod, Direction::ingress)) {
            if (index < first_) continue;
            const auto own = index - first_;
            const bool general = is_default_deny(generated_.policies[own].policy);
            if (!chosen || !general) chosen = own;
            if (!general) break;
        }
        return chosen;
    }

    void say(const Way& way, const TrafficPoint& point) {
        const auto index = policy_for(way.pod);
        if (!index) return;
        const auto& id = inventory_.workload_of(inventory_.endpoints()[way.pod]);
        const char* who = way.from == From::controller
                              ? "nobody from another namespace or from outside was recorded there"
                              : "nobody from outside was recorded there";
        std::string words = std::string(warning_mark) + way.title + " leads to " + to_string(id) +
                            ' ' + to_string(point) + "; " + who + ", and nobody is let in";
        auto& notes = generated_.policies[*index].notes;
        if (std::find(notes.begin(), notes.end(), words) != notes.end()) return;
        notes.push_back(std::move(words));
        touched_.insert(*index);
    }

    const PolicyEngine& after_;
    const Inventory& inventory_;
    std::size_t first_;
    Generated& generated_;
    std::set<std::size_t> touched_;
};

void collect(const std::string& title, const std::vector<std::string>& notes,
             std::vector<std::string>& warnings) {
    for (const auto& note : notes) {
        if (!note.starts_with(warning_mark)) continue;
        warnings.push_back(title + ": " + note.substr(warning_mark.size()));
    }
}

std::vector<std::string> all_warnings(const std::vector<GeneratedPolicy>& policies) {
    std::vector<std::string> warnings;
    for (const auto& each : policies) {
        const auto title = policy_title(each.policy);
        collect(title, each.notes, warnings);
        for (const auto* rules : {&each.ingress_notes, &each.egress_notes}) {
            for (const auto& notes : *rules) collect(title, notes, warnings);
        }
    }
    std::vector<std::string> once;
    std::set<std::string> known;
    for (auto& each : warnings) {
        if (known.insert(each).second) once.push_back(std::move(each));
    }
    return once;
}

}  // namespace

std::vector<CutOff> cut_off_by(const PolicyEngine& after, const Demands& demands,
                               const std::set<std::string>& namespaces) {
    const auto& inventory = after.world().inventory;
    std::vector<CutOff> all;
    for (std::size_t i = 0; i < inventory.workloads().size(); ++i) {
        const auto& id = inventory.workloads()[i].id;
        const auto pods = inventory.endpoints_of(i);
        if (pods.empty() || demands.seen.contains(i) || !namespaces.contains(id.namespace_name)) {
            continue;
        }
        // Whether policies hold for the host network is left to plugins.
        const bool cut = std::all_of(pods.begin(), pods.end(), [&](std::size_t pod) {
            return !inventory.endpoints()[pod].host_network &&
                   is_shut(after, pod, Direction::ingress) &&
                   is_shut(after, pod, Direction::egress);
        });
        if (cut) all.push_back({to_string(id), id.namespace_name, why_cut_off(demands, i)});
    }
    std::sort(all.begin(), all.end(),
              [](const CutOff& a, const CutOff& b) { return a.workload < b.workload; });
    return all;
}

void add_warnings(const PolicyEngine& after, std::size_t first, Generated& generated) {
    Writer writer(after, first, generated);
    writer.add_cut_off();
    writer.add_shut_ways();
    generated.warnings = all_warnings(generated.policies);
}

}  // namespace nspect::analyzer
