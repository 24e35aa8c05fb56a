// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "analyzer/lint_facts.h"

namespace nspect::analyzer {
namespace {

using Ports = std::vector<ContainerPort>;

/// The lists of ports that endpoints declare, each once, and which of them a class has.
class Declared {
public:
    explicit Declared(const LintFacts& facts) : lists_of_(facts.compiled.classes.count()) {
        std::map<Ports, std::uint32_t> numbers;
        const auto& endpoints = facts.world.inventory.endpoints();
        for (std::size_t i = 0; i < endpoints.size(); ++i) {
            const auto next = static_cast<std::uint32_t>(numbers.size());
            const auto [entry, fresh] = numbers.try_emplace(endpoints[i].ports, next);
            if (fresh) lists_.push_back(&entry->first);
            auto& lists = lists_of_[facts.compiled.classes.class_of[i]];
            const auto place = std::lower_bound(lists.begin(), lists.end(), entry->second);
            if (place == lists.end() || *place != entry->second) lists.insert(place, entry->second);
        }
        kept_ = std::move(numbers);  // the lists point into it
        if (facts.input.conversations != nullptr) add_observed(facts);
    }

    /// Lists that some endpoint in these classes has.
    IdSet lists(const IdSet& classes) const {
        std::set<std::uint32_t> all;
        for (const std::uint32_t id : classes)
            all.insert(lists_of_[id].begin(), lists_of_[id].end());
        return {all.begin(), all.end()};
    }
    const Ports& list(std::uint32_t number) const { return *lists_[number]; }

    /// Whether every endpoint says what it listens on.
    bool complete(const IdSet& lists) const {
        return std::none_of(lists.begin(), lists.end(),
                            [&](std::uint32_t number) { return lists_[number]->empty(); });
    }
    /// Whether one of the endpoints has a port for which `wanted` holds.
    template <class Wanted>
    bool any(const IdSet& lists, Wanted wanted) const {
        return std::any_of(lists.begin(), lists.end(), [&](std::uint32_t number) {
            return std::any_of(lists_[number]->begin(), lists_[number]->end(), wanted);
        });
    }
    /// Whether one of these classes was seen to answer on such traffic.
    bool observed(const IdSet& classes, const TrafficSet& traffic) const {
        return std::any_of(classes.begin(), classes.end(), [&](std::uint32_t id) {
            const auto found = observed_.find(id);
            return found != observed_.end() &&
                   std::any_of(found->second.begin(), found->second.end(),
                               [&](const TrafficPoint& p) { return traffic.contains(p); });
        });
    }

private:
    void add_observed(const LintFacts& facts) {
        for (const Conversation& each : *facts.input.conversations) {
            const bool answered =
                each.outcome == Outcome::established || each.outcome == Outcome::mid_stream;
            if (!answered || !each.server.endpoint) continue;
            const auto id = facts.compiled.classes.class_of[*each.server.endpoint];
            observed_[id].insert({each.protocol, Port{each.server.socket.port}});
        }
    }

    std::map<Ports, std::uint32_t> kept_;
    std::vector<const Ports*> lists_;
    std::vector<IdSet> lists_of_;  // by class
    std::map<std::uint32_t, std::set<TrafficPoint>> observed_;
};

/// Where traffic that a rule names ends: the policy's pods, or for egress the peers where all of
/// them are pods.
std::optional<IdSet> destinations(const LintFacts& facts, const RuleName& name) {
    if (name.direction == Direction::ingress) return facts.subjects(name.policy);
    const auto& peers = facts.ref(name).peers;
    std::set<std::uint32_t> all;
    for (const PeerRef& peer : peers) {
        if (peer.kind != PeerRef::Kind::pods) return std::nullopt;
        const IdSet& classes = facts.compiled.classes.pods[peer.term];
        all.insert(classes.begin(), classes.end());
    }
    return IdSet{all.begin(), all.end()};
}

/// As destinations(), with the lists of ports there; rules with equal ends share one answer.
class Ends {
public:
    struct End {
        IdSet classes;
        IdSet lists;
    };
    explicit Ends(const LintFacts& facts) : facts_(facts), declared_(facts) {}

    const Declared& declared() const { return declared_; }

    /// Nothing where it is not known, or nobody is there.
    const End* of(const RuleName& name) {
        const bool ingress = name.direction == Direction::ingress;
        if (ingress) {
            const auto [entry, fresh] = by_subject_.try_emplace(facts_.subject_number(name.policy));
            return look(name, entry->second, fresh);
        }
        const auto [entry, fresh] = by_peers_.try_emplace(facts_.ref(name).peers);
        return look(name, entry->second, fresh);
    }

private:
    const End* look(const RuleName& name, std::optional<End>& end, bool fresh) {
        if (fresh) {
            auto classes = destinations(facts_, name);
            if (classes && !classes->empty()) {
                IdSet lists = declared_.lists(*classes);
                end = End{std::move(*classes), std::move(lists)};
            }
        }
        return end ? &*end : nullptr;
    }

    const LintFacts& facts_;
    Declared declared_;
    std::map<std::uint32_t, std::optional<End>> by_subject_;
    std::map<std::vector<PeerRef>, std::optional<End>> by_peers_;
};

/// What a Service says about a port.
struct ServiceUse {
    const Service* service = nullptr;
    const ServicePort* port = nullptr;
};

/// The Services in front of each class, with what their ports lead to.
class ServiceMap {
public:
    explicit ServiceMap(LintFacts& facts) {
        for (const Service& service : facts.world.inventory.services()) {
            if (!service.has_selector || service.selector.matches_everything()) continue;
            const PodPeer pods{service.namespace_name, {}, service.selector, std::nullopt};
            std::set<std::uint32_t> classes;
            for (const auto pod : facts.pods.select(pods)) {
                classes.insert(facts.compiled.classes.class_of[pod]);
            }
            if (classes.empty()) continue;
            for (const std::uint32_t id : classes) of_class_[id].push_back(services_.size());
            services_.emplace_back(&service, IdSet{classes.begin(), classes.end()});
        }
    }

    const std::vector<std::pair<const Service*, IdSet>>& all() const { return services_; }

    /// A Service before one of the classes with this very port, which leads to another one.
    std::optional<ServiceUse> with_port(const IdSet& classes, Protocol protocol, Port port) const {
        for (const std::uint32_t id : classes) {
            const auto found = of_class_.find(id);
            if (found == of_class_.end()) continue;
            for (const std::size_t index : found->second) {
                for (const ServicePort& each : services_[index].first->ports) {
                    const bool moved = !each.target_name.empty() ||
                                       (each.target_port && *each.target_port != each.port);
                    if (moved && each.port == port && each.protocol == protocol) {
                        return ServiceUse{services_[index].first, &each};
                    }
                }
            }
        }
        return std::nullopt;
    }

private:
    std::vector<std::pair<const Service*, IdSet>> services_;
    std::map<std::uint32_t, std::vector<std::size_t>> of_class_;
};

bool opens(const ContainerPort& port, const TrafficSet& traffic) {
    return traffic.contains(TrafficPoint{port.protocol, port.port});
}

/// One port by number, where the match names just that.
std::optional<TrafficPoint> single(const PortMatch& match) {
    std::optional<TrafficPoint> point;
    for (const auto protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
        for (const auto& range : match.traffic.ports(protocol).intervals()) {
            if (point || range.first != range.last) return std::nullopt;
            point = TrafficPoint{protocol, range.first};
        }
    }
    return point;
}

/// Whether it is about ports, and not all of a protocol.
bool is_choice_of_ports(const PortMatch& match) {
    if (!match.name.empty()) return false;
    bool any = false;
    for (const auto protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
        const PortSet& ports = match.traffic.ports(protocol);
        if (ports.contains(PortSet{all_ports})) return false;
        any = any || !ports.empty();
    }
    return any;
}

template <class Visit>
void each_port(LintFacts& facts, Ends& ends, Visit visit) {
    facts.each_rule([&](const RuleName& name) {
        const Rule& rule = facts.rule(name);
        if (rule.all_ports || facts.subjects(name.policy).empty()) return;
        const Ends::End* end = ends.of(name);
        if (end == nullptr) return;
        for (const PortMatch& match : rule.ports) visit(name, match, *end);
    });
}

std::string target_words(const ServicePort& port) {
    if (!port.target_name.empty()) return "port " + port.target_name;
    return std::to_string(port.target_port.value_or(port.port).number);
}

std::string service_title(const Service& service) {
    return "Service " + service.namespace_name + '/' + service.name;
}

/// Whether the rule names what the Service leads to, too.
bool names_target(const LintFacts& facts, const RuleName& name, const Declared& declared,
                  const IdSet& lists, const ServicePort& port) {
    const auto& matches = facts.rule(name).ports;
    return std::any_of(matches.begin(), matches.end(), [&](const PortMatch& match) {
        if (!match.name.empty()) return match.name == port.target_name;
        if (port.target_name.empty()) {
            const Port target = port.target_port.value_or(port.port);
            return match.traffic.contains(TrafficPoint{port.protocol, target});
        }
        return declared.any(lists, [&](const ContainerPort& each) {
            return each.name == port.target_name && opens(each, match.traffic);
        });
    });
}

}  // namespace

void find_unknown_port_names(LintFacts& facts) {
    Ends ends(facts);
    const Declared& declared = ends.declared();
    each_port(facts, ends, [&](const RuleName& name, const PortMatch& match, const Ends::End& end) {
        if (match.name.empty()) return;
        const auto fits = [&](const ContainerPort& port) {
            return port.name == match.name &&
                   (!match.name_protocol || *match.name_protocol == port.protocol);
        };
        if (declared.any(end.lists, fits)) return;
        auto& finding = facts.report(
            "port-name-unknown", Severity::medium, name,
            "no destination has a port named " + match.name + ": the rule opens nothing by it");
        std::set<std::string> names;
        for (const std::uint32_t list : end.lists) {
            for (const ContainerPort& port : declared.list(list)) {
                if (port.name == match.name) {
                    finding.evidence.push_back("there is one for " +
                                               std::string(to_string(port.protocol)));
                }
                if (!port.name.empty()) names.insert(port.name);
            }
        }
        const auto likely = facts.pods.likely(match.name, {names.begin(), names.end()});
        if (!likely.empty()) finding.evidence.push_back("did you mean " + likely + "?");
        finding.evidence.push_back("destinations: " + facts.workloads(end.classes));
    });
}

void find_ports_nobody_opens(LintFacts& facts) {
    Ends ends(facts);
    const ServiceMap services(facts);
    const Declared& declared = ends.declared();
    each_port(facts, ends, [&](const RuleName& name, const PortMatch& match, const Ends::End& end) {
        if (!is_choice_of_ports(match) || !declared.complete(end.lists)) return;
        const auto fits = [&](const ContainerPort& port) { return opens(port, match.traffic); };
        if (declared.any(end.lists, fits) || declared.observed(end.classes, match.traffic)) return;
        const auto point = single(match);
        if (point && services.with_port(end.classes, point->protocol, point->port)) return;
        auto& finding =
            facts.report("port-nobody-opens", Severity::low, name,
                         "no container of the destinations declares " + to_string(match.traffic));
        std::set<std::string> ports;
        for (const std::uint32_t list : end.lists) {
            for (const ContainerPort& port : declared.list(list)) {
                ports.insert(to_string(TrafficPoint{port.protocol, port.port}));
            }
        }
        std::string words;
        for (const std::string& port : ports) {
            if (words.size() < 60) words += (words.empty() ? "" : ", ") + port;
        }
        finding.evidence.push_back("declared: " + words);
        finding.evidence.push_back("destinations: " + facts.workloads(end.classes));
    });
}

void find_service_ports(LintFacts& facts) {
    Ends ends(facts);
    const ServiceMap services(facts);
    const Declared& declared = ends.declared();
    each_port(facts, ends, [&](const RuleName& name, const PortMatch& match, const Ends::End& end) {
        const auto point = match.name.empty() ? single(match) : std::nullopt;
        if (!point) return;
        const auto use = services.with_port(end.classes, point->protocol, point->port);
        const auto fits = [&](const ContainerPort& port) { return opens(port, match.traffic); };
        if (!use || declared.any(end.lists, fits) ||
            names_target(facts, name, declared, end.lists, *use->port)) {
            return;
        }
        auto& finding =
            facts.report("service-port-named", Severity::medium, name,
                         to_string(*point) +
                             " is a port of a Service, not of its pods: policies are about the "
                             "pods' ports");
        finding.evidence.push_back(service_title(*use->service) + " leads from " +
                                   std::to_string(use->port->port.number) + " to " +
                                   target_words(*use->port));
    });
}

void find_service_targets(LintFacts& facts) {
    const ServiceMap services(facts);
    const Declared declared(facts);
    for (const auto& [service, classes] : services.all()) {
        const IdSet lists = declared.lists(classes);
        for (const ServicePort& port : service->ports) {
            const bool by_name = !port.target_name.empty();
            const Port target = port.target_port.value_or(port.port);
            const auto fits = [&](const ContainerPort& each) {
                return each.protocol == port.protocol &&
                       (by_name ? each.name == port.target_name : each.port == target);
            };
            if (declared.any(lists, fits)) continue;
            if (!by_name &&
                (!declared.complete(lists) ||
                 declared.observed(classes, TrafficSet::of(port.protocol, {target, target})))) {
                continue;
            }
            Finding finding;
            finding.code = "service-target-missing";
            finding.severity = by_name ? Severity::medium : Severity::low;
            finding.subject = service_title(*service) + " port " +
                              (port.name.empty() ? std::to_string(port.port.number) : port.name);
            finding.message =
                "no pod behind the Service has " +
                (by_name ? target_words(port)
                         : std::string(to_string(port.protocol)) + ' ' + target_words(port));
            finding.evidence.push_back("behind it: " + facts.workloads(classes));
            if (!service->where.file.empty()) finding.location = service->where;
            facts.findings.push_back(std::move(finding));
        }
    }
}

}  // namespace nspect::analyzer
