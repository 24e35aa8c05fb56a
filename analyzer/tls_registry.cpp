// SPDX-License-Identifier: Apache-2.0
// https://istio.io/latest/docs/tasks/traffic-management/egress/egress-control/
#include "analyzer/tls_registry.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "analyzer/tls_client_rules.h"
#include "analyzer/tls_proxies.h"

namespace nspect::analyzer {
namespace {

bool is_host_of(const ServiceEntry& entry, std::string_view name) {
    return std::any_of(entry.hosts.begin(), entry.hosts.end(), [&](const std::string& each) {
        if (each.starts_with("*")) return name.ends_with(std::string_view(each).substr(1));
        return each == name;
    });
}

bool is_registered(const Expectations& expectations, const TlsLink& link, const TlsCall& call) {
    return std::any_of(
        expectations.service_entries.begin(), expectations.service_entries.end(),
        [&](const ServiceEntry& each) {
            if (!each.ports.empty() && !each.ports.contains(link.port)) return false;
            const std::string_view sni =
                call.tls ? std::string_view(call.tls->sni) : std::string_view();
            return each.addresses.contains(link.server_address) ||
                   (!call.server_name.empty() && is_host_of(each, call.server_name)) ||
                   (!sni.empty() && is_host_of(each, sni));
        });
}

/// A Service in front of the server's port that the client's proxy does not know, where it knows
/// none; nullptr: it knows one, or there is none.
const Service* unknown_service(const Inventory& inventory, const SidecarConfig& sidecar,
                               const Sender& client, const Endpoint& server, Port port) {
    const Service* found = nullptr;
    for (const Service& each : inventory.services()) {
        const bool behind = each.has_selector &&
                            each.namespace_name == inventory.namespace_of(server).name &&
                            each.selector.matches(server.labels);
        if (!behind) continue;
        for (const ServicePort& way : each.ports) {
            if (target_of(way, server) != port) continue;
            if (knows_service(sidecar, client, each, way.port)) return nullptr;
            found = &each;
        }
    }
    return found;
}

void add_reason(const Inventory& inventory, const TlsLink& link, Finding& made) {
    if (const auto past = link_past_client(inventory, link)) {
        made.evidence.push_back("past the client's proxy: " + past->why + " (" +
                                to_string(past->where) + ")");
    }
}

void hold_egress_hosts(const Expectations& expectations, const Inventory& inventory,
                       const TlsLink& link, std::vector<Finding>& findings) {
    const Sender client = sender_of(inventory, *link.client_endpoint);
    const SidecarConfig* sidecar = sidecar_of(expectations, client);
    if (sidecar == nullptr || sidecar->egress.empty()) return;
    const Service* service =
        unknown_service(inventory, *sidecar, client, *link.server_endpoint, link.port);
    if (service == nullptr) return;
    const std::string name = "Sidecar " + sidecar->namespace_name + "/" + sidecar->name;
    const bool refuses = outbound_of(expectations, client).policy == OutboundPolicy::registry_only;
    for (const Protection protection :
         {Protection::plaintext, Protection::one_way, Protection::declined}) {
        if (link.size(protection) == 0) continue;
        Finding made = finding_about(
            link, "outbound-not-registered", Severity::medium,
            "Service " + service->namespace_name + "/" + service->name +
                " is not among the egress hosts of " + name +
                (refuses ? ", and REGISTRY_ONLY refuses others: it did not pass the client's proxy"
                         : ": the client's proxy passes it on as it is, without mutual TLS"));
        made.evidence.push_back(link.count(protection));
        add_reason(inventory, link, made);
        made.location = sidecar->egress.front().where;
        findings.push_back(std::move(made));
    }
}

void hold_registry_only(const Expectations& expectations, const Inventory& inventory,
                        const TlsLink& link, std::vector<Finding>& findings) {
    const EffectiveOutbound outbound =
        outbound_of(expectations, sender_of(inventory, *link.client_endpoint));
    if (outbound.policy != OutboundPolicy::registry_only) return;
    std::size_t strangers = 0;
    for (const TlsCall& each : link.all) {
        if (!each.outside || !each.established) continue;
        if (!is_registered(expectations, link, each)) strangers += each.count;
    }
    if (strangers == 0) return;
    Finding made = finding_about(link, "outbound-not-registered", Severity::medium,
                                 "REGISTRY_ONLY by " + outbound.by +
                                     ", and no ServiceEntry is of this address: it did not pass "
                                     "the client's proxy, or a document is missing");
    made.evidence.push_back(std::to_string(strangers) +
                            (strangers == 1 ? " conversation" : " conversations"));
    add_reason(inventory, link, made);
    made.location = outbound.where;
    findings.push_back(std::move(made));
}

Finding past_finding(const Inventory& inventory, const Endpoint& client, const PastProxy& past,
                     const Service& service, const ServicePort& port,
                     const EffectiveTls& demanded) {
    Finding made;
    made.code = "client-past-proxy";
    made.severity = Severity::medium;
    made.subject = to_string(inventory.workload_of(client)) + " for " + service.namespace_name +
                   "/" + service.name + " TCP " + std::to_string(port.port.number);
    made.message = past.why + " keeps the port from the client's proxy, and " + demanded.by +
                   " demands STRICT: it will be refused";
    if (demanded.where) made.evidence.push_back("STRICT at " + to_string(*demanded.where));
    made.location = past.where;
    return made;
}

}  // namespace

void hold_registry(const Expectations& expectations, const Inventory& inventory,
                   const TlsLink& link, std::vector<Finding>& findings) {
    if (expectations.sidecars.empty() && !expectations.mesh.outbound) return;
    if (link.client_endpoint == nullptr || link.client_endpoint->host_network) return;
    if (link.server_endpoint != nullptr) {
        hold_egress_hosts(expectations, inventory, link, findings);
    } else {
        hold_registry_only(expectations, inventory, link, findings);
    }
}

void find_past_client_proxy(const Expectations& expectations, const Inventory& inventory,
                            std::vector<Finding>& findings) {
    std::set<std::size_t> workloads;  // pods of one have the same annotations
    std::map<std::pair<const Service*, Port>, std::optional<EffectiveTls>> known;
    const auto demanded = [&](const Service& service, const ServicePort& port) {
        const auto [entry, added] = known.try_emplace({&service, port.port});
        if (added) entry->second = demanded_behind(expectations, inventory, service, port);
        return entry->second;
    };
    for (const Endpoint& client : inventory.endpoints()) {
        const PortSet ports = ports_past_client_proxy(client);
        if (ports.empty() || !workloads.insert(client.workload).second) continue;
        for (const Service& service : inventory.services()) {
            for (const ServicePort& port : service.ports) {
                if (!ports.contains(port.port)) continue;
                const auto asked = demanded(service, port);
                const auto past = past_client_proxy(inventory, client, {{}, port.port});
                if (!past || !asked || asked->mode != TlsMode::strict) continue;
                findings.push_back(past_finding(inventory, client, *past, service, port, *asked));
            }
        }
    }
}

}  // namespace nspect::analyzer
