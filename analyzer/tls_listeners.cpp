// SPDX-License-Identifier: Apache-2.0
// https://istio.io/latest/docs/reference/config/networking/gateway/
// https://istio.io/latest/docs/reference/config/networking/sidecar/#IstioIngressListener
#include "analyzer/tls_listeners.h"

#include <algorithm>
#include <map>
#include <set>

#include "analyzer/tls_proxies.h"

namespace nspect::analyzer {
namespace {

/// The pod's port behind a Gateway's.
Port port_behind(const Inventory& inventory, const Endpoint& pod, Port port) {
    const std::string& space = inventory.namespace_of(pod).name;
    for (const Service& service : inventory.services()) {
        const bool leads = service.has_selector && service.namespace_name == space &&
                           service.selector.matches(pod.labels);
        if (!leads) continue;
        for (const ServicePort& each : service.ports) {
            if (each.port != port) continue;
            if (each.target_name.empty()) return each.target_port.value_or(port);
            for (const ContainerPort& own : pod.ports) {
                if (own.name == each.target_name) return own.port;
            }
        }
    }
    return port;
}

std::string hosts_of(const GatewayServer& server) {
    std::string text;
    for (const std::string& each : server.hosts) text += (text.empty() ? "" : ", ") + each;
    return text.empty() ? "any host" : text;
}

std::string mode_of(const GatewayServer& server) {
    if (server.word.empty()) return "no TLS";
    std::string text = server.word;
    if (server.least_version != 0) text += " from " + tls_version_name(server.least_version);
    if (!server.credential.empty()) text += ", certificate of Secret " + server.credential;
    return text;
}

/// How closely a server is meant by a name: 0 is not at all.
std::size_t closeness(const GatewayServer& server, const std::string& name) {
    std::size_t best = server.hosts.empty() ? 1 : 0;
    for (const std::string& each : server.hosts) {
        const std::string_view host = std::string_view(each).substr(each.find('/') + 1);
        if (host == name) return name.size() + 2;
        const bool meant = host.starts_with('*') && name.ends_with(host.substr(1));
        if (meant) best = std::max(best, host.size());
    }
    return best;
}

const ServedBy* server_of_name(const std::vector<ServedBy>& servers, const std::string& name) {
    const ServedBy* found = nullptr;
    std::size_t best = 0;
    for (const ServedBy& each : servers) {
        const std::size_t own = closeness(*each.server, name);
        if (own > best) found = &each;
        best = std::max(best, own);
    }
    return found;
}

bool is_less(Protection protection, TlsMode mode) {
    switch (protection) {
        case Protection::plaintext:
            return mode >= TlsMode::one_way;
        case Protection::one_way:
        case Protection::declined:
            return mode == TlsMode::strict;
        default:
            return false;
    }
}

/// What was found out about one server, of one link.
struct Held {
    std::set<std::string> names;  ///< of what was less than mutual
    std::set<std::string> old;
};

Finding made_of(const TlsLink& link, const ServedBy& of, const char* code, std::string message,
                const std::set<std::string>& evidence) {
    Finding made = finding_about(link, code, Severity::high, std::move(message));
    made.evidence.insert(made.evidence.end(), evidence.begin(), evidence.end());
    made.location = of.server->where;
    return made;
}

std::uint16_t least_version(const ServedBy& of, const MeshConfig& mesh) {
    if (of.server->least_version != 0) return of.server->least_version;
    const bool ends_here = of.server->word == "SIMPLE" || of.server->word == "MUTUAL" ||
                           of.server->word == "OPTIONAL_MUTUAL";
    return ends_here && mesh.least_version_outside ? mesh.least_version_outside->value : 0;
}

}  // namespace

std::vector<ServedBy> servers_at(const Expectations& expectations, const Inventory& inventory,
                                 const Endpoint& pod, Port port) {
    std::vector<ServedBy> found;
    for (const MeshGateway& gateway : expectations.gateways) {
        if (gateway.pods.matches_everything() || !gateway.pods.matches(pod.labels)) continue;
        for (const GatewayServer& each : gateway.servers) {
            if (port_behind(inventory, pod, each.port) == port) found.push_back({&gateway, &each});
        }
    }
    return found;
}

void apply_listeners(const Expectations& expectations, const Inventory& inventory,
                     const Endpoint& server, Port port, EffectiveTls& effective) {
    if (expectations.gateways.empty() && expectations.sidecars.empty()) return;
    const auto servers = servers_at(expectations, inventory, server, port);
    const ServedBy* easiest = nullptr;
    for (const ServedBy& each : servers) {
        effective.steps.push_back("gateway: " + mode_of(*each.server) + " for " +
                                  hosts_of(*each.server) + " by " + each.by() + " (" +
                                  to_string(each.server->where) + ")");
        if (easiest == nullptr || each.server->mode < easiest->server->mode) easiest = &each;
    }
    if (easiest != nullptr) {
        effective.mode = easiest->server->mode;
        effective.by = easiest->by();
        effective.where = easiest->server->where;
        effective.mesh = "Istio";
        return;
    }
    if (effective.mode != TlsMode::disable) return;
    const SidecarConfig* sidecar = sidecar_of(expectations, sender_of(inventory, server));
    if (sidecar == nullptr) return;
    for (const SidecarListener& each : sidecar->ingress) {
        if (each.port != port || !each.mode) continue;
        effective.mode = *each.mode;
        effective.by = "Sidecar " + sidecar->namespace_name + "/" + sidecar->name;
        effective.where = each.where;
        effective.steps.push_back("listener: " + std::string(to_string(*each.mode)) + " by " +
                                  effective.by + " (" + to_string(each.where) + ")");
    }
}

void hold_gateways(const Expectations& expectations, const Inventory& inventory,
                   const TlsLink& link, std::vector<Finding>& findings) {
    if (expectations.gateways.empty() || link.server_endpoint == nullptr || !link.has_tls) return;
    const auto servers = servers_at(expectations, inventory, *link.server_endpoint, link.port);
    if (servers.empty()) return;
    TlsMode easiest = TlsMode::strict;
    for (const ServedBy& each : servers) easiest = std::min(easiest, each.server->mode);
    std::map<const ServedBy*, Held> held;
    for (const TlsCall& each : link.all) {
        if (!each.tls || each.tls->server_alert != 0) continue;
        const TlsSeen& tls = *each.tls;
        const ServedBy* of = server_of_name(servers, tls.sni);
        if (of == nullptr) continue;
        const TlsMode mode = of->server->mode;
        if (is_less(each.protection, mode) && !is_less(each.protection, easiest)) {
            held[of].names.insert("asked for \"" + tls.sni + "\"");
        }
        const std::uint16_t least = least_version(*of, expectations.mesh);
        const bool below = tls.version >> 8U == 3 && tls.version < least;
        if (below) held[of].old.insert(tls_version_name(tls.version));
    }
    for (const ServedBy& each : servers) {
        const auto found = held.find(&each);
        if (found == held.end()) continue;
        if (!found->second.names.empty()) {
            findings.push_back(made_of(link, each, "one-way-where-mutual",
                                       "the client shows no certificate, and " + each.by() +
                                           " demands " + each.server->word + " for " +
                                           hosts_of(*each.server),
                                       found->second.names));
        }
        if (!found->second.old.empty()) {
            findings.push_back(
                made_of(link, each, "weaker-than-expected",
                        "older than " + tls_version_name(least_version(each, expectations.mesh)) +
                            ", the least at " + each.by(),
                        found->second.old));
        }
    }
}

}  // namespace nspect::analyzer
