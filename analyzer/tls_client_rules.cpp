// SPDX-License-Identifier: Apache-2.0
#include "analyzer/tls_client_rules.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "analyzer/tls_expected.h"

namespace nspect::analyzer {
namespace {

bool is_weak(TlsMode mode) {
    return mode == TlsMode::disable || mode == TlsMode::one_way;
}

std::string sent(TlsMode mode) {
    return mode == TlsMode::disable ? "plaintext" : "one-way TLS";
}

/// Holds what clients send to Services against what the pods behind them demand.
class WeakRules {
public:
    WeakRules(const Expectations& expectations, const Inventory& inventory,
              std::vector<Finding>& findings)
        : expectations_(expectations), inventory_(inventory), findings_(findings) {
        for (const Endpoint& each : inventory.endpoints()) {
            by_namespace_[inventory.namespace_of(each).name].push_back(&each);
        }
    }

    /// Of one author, for one client: the first port with each way.
    void look(const Sender& client, const Service& service, const std::string& author) {
        std::vector<std::string> found;
        for (const ServicePort& port : service.ports) {
            for (const ClientWay& way : client_ways(expectations_, client, service, port.port)) {
                const bool asked = way.tls.by == author && is_weak(way.tls.mode);
                const bool known = std::find(found.begin(), found.end(), way.subset) != found.end();
                if (asked && !known && look_at(way, service, port)) found.push_back(way.subset);
            }
        }
    }

private:
    bool look_at(const ClientWay& way, const Service& service, const ServicePort& port) {
        const auto pods = by_namespace_.find(service.namespace_name);
        if (pods == by_namespace_.end() || !service.has_selector) return false;
        for (const Endpoint* endpoint : pods->second) {
            const bool behind =
                service.selector.matches(endpoint->labels) && way.pods.matches(endpoint->labels);
            const auto target = behind ? target_of(port, *endpoint) : std::nullopt;
            if (!target) continue;
            const EffectiveTls server =
                effective_tls(expectations_, inventory_, *endpoint, *target);
            if (server.mode != TlsMode::strict) continue;
            add(way, service, port, server);
            return true;
        }
        return false;
    }

    void add(const ClientWay& way, const Service& service, const ServicePort& port,
             const EffectiveTls& server) {
        Finding made;
        made.code = "client-rule-weaker";
        made.severity = Severity::medium;
        made.subject = way.tls.by + " for " + service.namespace_name + "/" + service.name;
        if (!way.subset.empty()) made.subject += " subset " + way.subset;
        made.message = "clients send " + sent(way.tls.mode) + " to port " +
                       std::to_string(port.port.number) + ", and " + server.by +
                       " demands STRICT: they will be refused";
        if (server.where) made.evidence.push_back("STRICT at " + to_string(*server.where));
        made.location = way.tls.where;
        findings_.push_back(std::move(made));
    }

    const Expectations& expectations_;
    const Inventory& inventory_;
    std::vector<Finding>& findings_;
    std::unordered_map<std::string, std::vector<const Endpoint*>> by_namespace_;
};

/// One that a rule is for: any of its namespace, or of the pods it selects.
std::optional<Sender> sender_by(const DestinationRule& rule, const Inventory& inventory) {
    if (!rule.clients) return Sender{rule.namespace_name, {}};
    for (const Endpoint& each : inventory.endpoints()) {
        if (inventory.namespace_of(each).name != rule.namespace_name) continue;
        if (rule.clients->matches(each.labels)) return sender_of(inventory, each);
    }
    return std::nullopt;
}

/// "db.shop" looks like a Service's name and is taken as a whole one, which is none.
void find_no_host(const DestinationRule& rule, const Inventory& inventory,
                  std::vector<Finding>& findings) {
    for (const Service& each : inventory.services()) {
        const std::string name = each.name + "." + each.namespace_name;
        if (rule.host != name && rule.host != name + ".svc") continue;
        Finding made;
        made.code = "expectation-without-effect";
        made.severity = Severity::medium;
        made.subject = "DestinationRule " + rule.namespace_name + "/" + rule.name;
        made.message =
            "has no effect: a host with a dot is taken as a whole name, and no Service "
            "is called so; write " +
            name + ".svc.cluster.local";
        made.location = rule.where;
        findings.push_back(std::move(made));
    }
}

std::string seen_as(Protection protection) {
    switch (protection) {
        case Protection::plaintext:
            return "it speaks plaintext";
        case Protection::one_way:
            return "the client shows no certificate";
        default:
            return "the client declined to show a certificate";
    }
}

}  // namespace

std::optional<Port> target_of(const ServicePort& port, const Endpoint& endpoint) {
    if (port.target_name.empty()) return port.target_port.value_or(port.port);
    for (const ContainerPort& each : endpoint.ports) {
        if (each.name == port.target_name) return each.port;
    }
    return std::nullopt;
}

std::optional<EffectiveTls> demanded_behind(const Expectations& expectations,
                                            const Inventory& inventory, const Service& service,
                                            const ServicePort& port) {
    std::optional<EffectiveTls> strictest;
    if (!service.has_selector) return strictest;
    for (const Endpoint& each : inventory.endpoints()) {
        const bool behind = inventory.namespace_of(each).name == service.namespace_name &&
                            service.selector.matches(each.labels);
        const auto target = behind ? target_of(port, each) : std::nullopt;
        if (!target) continue;
        EffectiveTls own = mesh_tls(expectations, inventory, each, *target);
        if (!strictest || own.mode > strictest->mode) strictest = std::move(own);
    }
    return strictest;
}

std::optional<PastProxy> link_past_client(const Inventory& inventory, const TlsLink& link) {
    if (link.client_endpoint == nullptr) return std::nullopt;
    for (const Protection protection :
         {Protection::plaintext, Protection::one_way, Protection::declined}) {
        for (const TlsCall& each : link.of(protection)) {
            auto past = past_client_proxy(inventory, *link.client_endpoint, each.dialled);
            if (past) return past;
        }
    }
    return std::nullopt;
}

std::vector<ClientWay> ways_to(const Expectations& expectations, const Inventory& inventory,
                               const Sender& client, const Endpoint& server, Port port) {
    std::vector<ClientWay> ways;
    const std::string& space = inventory.namespace_of(server).name;
    for (const Service& service : inventory.services()) {
        const bool behind = service.has_selector && service.namespace_name == space &&
                            service.selector.matches(server.labels);
        if (!behind) continue;
        for (const ServicePort& each : service.ports) {
            if (target_of(each, server) != port) continue;
            for (ClientWay& way : client_ways(expectations, client, service, each.port)) {
                if (way.pods.matches(server.labels)) ways.push_back(std::move(way));
            }
        }
    }
    return ways;
}

void find_client_rules(const Expectations& expectations, const Inventory& inventory,
                       std::vector<Finding>& findings) {
    WeakRules weak(expectations, inventory, findings);
    for (const DestinationRule& rule : expectations.destination_rules) {
        find_no_host(rule, inventory, findings);
        const auto client = sender_by(rule, inventory);
        if (!client) continue;
        for (const Service& service : inventory.services()) {
            if (!names_service(rule.host, rule.namespace_name, service)) continue;
            weak.look(*client, service, "DestinationRule " + rule.namespace_name + "/" + rule.name);
        }
    }
    const auto& auto_mtls = expectations.mesh.auto_mtls;
    if (!auto_mtls || auto_mtls->value) return;
    for (const Service& service : inventory.services()) {
        weak.look({service.namespace_name, {}}, service, expectations.mesh.by);
    }
}

void hold_client_rules(const Expectations& expectations, const Inventory& inventory,
                       const TlsLink& link, std::vector<Finding>& findings) {
    if (expectations.destination_rules.empty()) return;
    if (link.client_endpoint == nullptr || link.server_endpoint == nullptr) return;
    const auto ways = ways_to(expectations, inventory, sender_of(inventory, *link.client_endpoint),
                              *link.server_endpoint, link.port);
    const auto easiest =
        std::min_element(ways.begin(), ways.end(),
                         [](const auto& a, const auto& b) { return a.tls.mode < b.tls.mode; });
    if (easiest == ways.end() || easiest->tls.mode < TlsMode::one_way) return;
    for (const Protection protection :
         {Protection::plaintext, Protection::one_way, Protection::declined}) {
        if (link.size(protection) == 0) continue;
        if (protection != Protection::plaintext && easiest->tls.mode != TlsMode::strict) continue;
        Finding made = finding_about(
            link, "client-rule-not-followed", Severity::medium,
            seen_as(protection) + ", and " + easiest->tls.by + " makes the client's proxy send " +
                (easiest->tls.mode == TlsMode::strict ? "mutual TLS" : "TLS") +
                ": it did not pass that proxy");
        made.evidence.push_back(link.count(protection));
        if (const auto past = link_past_client(inventory, link)) {
            made.evidence.push_back("past the client's proxy: " + past->why + " (" +
                                    to_string(past->where) + ")");
        }
        made.location = easiest->tls.where;
        findings.push_back(std::move(made));
    }
}

}  // namespace nspect::analyzer
