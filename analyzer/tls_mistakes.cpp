// SPDX-License-Identifier: Apache-2.0
#include "analyzer/tls_mistakes.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "analyzer/tls_expected.h"
#include "analyzer/tls_proxies.h"

namespace nspect::analyzer {
namespace {

std::string number(Port port) {
    return std::to_string(port.number);
}

bool has_container_port(const Endpoint& endpoint, Port port) {
    return std::any_of(endpoint.ports.begin(), endpoint.ports.end(),
                       [&](const ContainerPort& each) {
                           return each.port == port && each.protocol == Protocol::tcp;
                       });
}

/// The container's port behind a Service's, where they are not the same.
std::optional<Port> behind(const Service& service, Port port, const Endpoint& endpoint) {
    for (const ServicePort& each : service.ports) {
        if (each.port != port) continue;
        for (const ContainerPort& own : endpoint.ports) {
            const bool meant = each.target_name.empty() ? each.target_port == own.port
                                                        : each.target_name == own.name;
            if (meant && own.port != port) return own.port;
        }
    }
    return std::nullopt;
}

/// The Service whose port was written, in words.
std::string service_port(const Inventory& inventory, const PeerAuthentication& policy, Port port) {
    std::string words;
    for (const Endpoint& endpoint : inventory.endpoints()) {
        const bool selected = inventory.namespace_of(endpoint).name == policy.namespace_name &&
                              policy.selector->matches(policy_labels(endpoint));
        if (!selected) continue;
        if (has_container_port(endpoint, port)) return {};
        for (const Service& service : inventory.services()) {
            const bool leads = service.has_selector &&
                               service.namespace_name == policy.namespace_name &&
                               service.selector.matches(endpoint.labels);
            const auto own = leads ? behind(service, port, endpoint) : std::nullopt;
            if (own) {
                words = number(port) + " is the port of Service " + service.namespace_name + "/" +
                        service.name + "; the container's is " + number(*own);
            }
        }
    }
    return words;
}

Finding mistake(std::string subject, std::string message, const Location& where) {
    Finding made;
    made.code = "expectation-without-effect";
    made.severity = Severity::medium;
    made.subject = std::move(subject);
    made.message = "has no effect: " + std::move(message);
    made.location = where;
    return made;
}

void find_kept_away(const Expectations& expectations, const Inventory& inventory,
                    std::vector<Finding>& findings) {
    std::set<std::string> named;
    for (const Endpoint& endpoint : inventory.endpoints()) {
        for (const ContainerPort& each : endpoint.ports) {
            const auto past = past_server_proxy(inventory, endpoint, each.port);
            if (each.protocol != Protocol::tcp || !past) continue;
            const EffectiveTls effective =
                effective_tls(expectations, inventory, endpoint, each.port);
            if (effective.mode != TlsMode::strict || !effective.where) continue;
            const std::string subject =
                to_string(inventory.workload_of(endpoint)) + " TCP " + number(each.port);
            if (!named.insert(subject).second) continue;
            findings.push_back(mistake(subject,
                                       "STRICT by " + effective.by + ", and " + past->why +
                                           " keeps the port from the proxy",
                                       *effective.where));
            findings.back().evidence.push_back("annotated at " + to_string(past->where));
        }
    }
}

}  // namespace

void find_tls_mistakes(const Expectations& expectations, const Inventory& inventory,
                       std::vector<Finding>& findings) {
    for (const PeerAuthentication& policy : expectations.peer_authentications) {
        if (!policy.selector) continue;
        for (const PortTlsMode& each : policy.ports) {
            std::string words = service_port(inventory, policy, each.port);
            if (words.empty()) continue;
            findings.push_back(mistake("PeerAuthentication " + policy.namespace_name + "/" +
                                           policy.name + " port " + number(each.port),
                                       std::move(words), each.where));
        }
    }
    find_kept_away(expectations, inventory, findings);
}

}  // namespace nspect::analyzer
