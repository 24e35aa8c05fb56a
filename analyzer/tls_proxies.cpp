// SPDX-License-Identifier: Apache-2.0
// https://istio.io/latest/docs/reference/config/annotations/
// https://istio.io/latest/docs/reference/config/networking/sidecar/
// https://linkerd.io/2/reference/proxy-configuration/
#include "analyzer/tls_proxies.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace nspect::analyzer {
namespace {

constexpr std::string_view istio = "traffic.sidecar.istio.io/";
constexpr std::string_view linkerd = "config.linkerd.io/";
constexpr std::string_view consul = "consul.hashicorp.com/transparent-proxy-";

std::string key_of(std::string_view prefix, std::string_view name) {
    return std::string(prefix) + std::string(name);
}

/// The entries of "a, b"; none where there is no such annotation, which is not the same as "".
std::optional<std::vector<std::string>> entries(const Endpoint& pod, const std::string& key) {
    const std::string* text = pod.mesh.find(key);
    if (text == nullptr) return std::nullopt;
    std::vector<std::string> all;
    std::string entry;
    for (const char c : *text + ",") {
        if (c == ' ' || c == '"') continue;
        if (c != ',') {
            entry += c;
            continue;
        }
        if (!entry.empty()) all.push_back(std::move(entry));
        entry.clear();
    }
    return all;
}

PortSet ports_in(const std::vector<std::string>& entries) {
    PortSet ports;
    for (const std::string& each : entries) {
        const auto set = each == "*" ? std::optional(PortSet{all_ports}) : parse_port_set(each);
        if (!set) continue;
        for (const PortRange& range : set->intervals()) ports.insert(range);
    }
    return ports;
}

bool lists_port(const Endpoint& pod, const std::string& key, Port port) {
    const auto listed = entries(pod, key);
    return listed && ports_in(*listed).contains(port);
}

bool lists_address(const std::vector<std::string>& listed, const IpAddress& address) {
    return std::any_of(listed.begin(), listed.end(), [&](const std::string& each) {
        const auto prefix = IpPrefix::parse(each);
        return each == "*" || (prefix && prefix->contains(address));
    });
}

/// A pod that has no proxy at all, or one that nothing is led to.
std::optional<std::string> without_proxy(const Endpoint& pod) {
    if (pod.mesh.empty() && pod.proxy_injection.empty()) return std::nullopt;
    const auto says = [&](std::string_view key, std::string_view value) {
        const std::string* text = pod.mesh.find(key);
        return text != nullptr && *text == value;
    };
    if (says("sidecar.istio.io/inject", "false") || pod.proxy_injection == "false") {
        return "sidecar.istio.io/inject false";
    }
    if (says("sidecar.istio.io/interceptionMode", "NONE")) {
        return "sidecar.istio.io/interceptionMode NONE";
    }
    if (says("linkerd.io/inject", "disabled")) return "linkerd.io/inject disabled";
    if (says("consul.hashicorp.com/connect-inject", "false")) {
        return "consul.hashicorp.com/connect-inject false";
    }
    return std::nullopt;
}

std::string named(const Endpoint& pod, const std::string& key) {
    const std::string* text = pod.mesh.find(key);
    return key.substr(key.find('/') + 1) + " " +
           (text == nullptr || text->empty() ? "\"\"" : *text);
}

/// Which annotation keeps an outbound connection from the proxy, in the order in which the pod's
/// rules are asked.
std::optional<std::string> keeps_outbound(const Endpoint& pod, const Socket& dialled) {
    if (auto none = without_proxy(pod)) return none;
    if (pod.mesh.empty()) return std::nullopt;
    for (const std::string& key :
         {key_of(istio, "excludeOutboundPorts"), key_of(linkerd, "skip-outbound-ports"),
          key_of(consul, "exclude-outbound-ports")}) {
        if (lists_port(pod, key, dialled.port)) return named(pod, key);
    }
    const std::string left_out = key_of(istio, "excludeOutboundIPRanges");
    const auto excluded = entries(pod, left_out);
    if (excluded && lists_address(*excluded, dialled.ip)) return named(pod, left_out);
    if (lists_port(pod, key_of(istio, "includeOutboundPorts"), dialled.port)) return std::nullopt;
    const std::string taken = key_of(istio, "includeOutboundIPRanges");
    const auto included = entries(pod, taken);
    if (included && !lists_address(*included, dialled.ip)) return named(pod, taken);
    return std::nullopt;
}

std::optional<std::string> keeps_inbound(const Endpoint& pod, Port port) {
    if (auto none = without_proxy(pod)) return none;
    if (pod.mesh.empty()) return std::nullopt;
    for (const std::string& key :
         {key_of(istio, "excludeInboundPorts"), key_of(linkerd, "skip-inbound-ports"),
          key_of(consul, "exclude-inbound-ports")}) {
        if (lists_port(pod, key, port)) return named(pod, key);
    }
    const std::string taken = key_of(istio, "includeInboundPorts");
    const auto included = entries(pod, taken);
    if (included && !ports_in(*included).contains(port)) return named(pod, taken);
    return std::nullopt;
}

std::optional<PastProxy> past(const Inventory& inventory, const Endpoint& pod,
                              const std::optional<std::string>& key) {
    if (!key) return std::nullopt;
    return PastProxy{*key + " of " + inventory.namespace_of(pod).name + "/" + pod.name, pod.where};
}

bool matches_host(std::string_view pattern, const std::string& host) {
    if (!pattern.starts_with('*')) return pattern == host;
    return host.ends_with(pattern.substr(1));
}

/// "NAMESPACE/HOST" of a listener.
bool names(const std::string& entry, const Sender& pod, const Service& service) {
    const std::size_t slash = entry.find('/');
    if (slash == std::string::npos) return false;
    const std::string space = entry.substr(0, slash);
    const bool inside = space == "*" || space == service.namespace_name ||
                        (space == "." && service.namespace_name == pod.namespace_name);
    return inside &&
           matches_host(std::string_view(entry).substr(slash + 1),
                        service.name + "." + service.namespace_name + ".svc.cluster.local");
}

}  // namespace

std::optional<PastProxy> past_client_proxy(const Inventory& inventory, const Endpoint& client,
                                           const Socket& dialled) {
    return past(inventory, client, keeps_outbound(client, dialled));
}

std::optional<PastProxy> past_server_proxy(const Inventory& inventory, const Endpoint& server,
                                           Port port) {
    return past(inventory, server, keeps_inbound(server, port));
}

PortSet ports_past_client_proxy(const Endpoint& client) {
    PortSet ports;
    if (client.mesh.empty()) return ports;
    for (const std::string& key :
         {key_of(istio, "excludeOutboundPorts"), key_of(linkerd, "skip-outbound-ports"),
          key_of(consul, "exclude-outbound-ports")}) {
        const auto listed = entries(client, key);
        if (!listed) continue;
        for (const std::string& each : *listed) {
            const auto set = each == "*" ? std::nullopt : parse_port_set(each);
            if (!set) continue;
            for (const PortRange& range : set->intervals()) ports.insert(range);
        }
    }
    return ports;
}

bool is_opaque_port(const Endpoint& server, Port port) {
    return !server.mesh.empty() && lists_port(server, key_of(linkerd, "opaque-ports"), port);
}

const SidecarConfig* sidecar_of(const Expectations& expectations, const Sender& pod) {
    const std::string root = root_namespace(expectations);
    const auto rank = [&](const SidecarConfig& each) {
        if (each.namespace_name == pod.namespace_name) {
            if (!each.pods) return 2;
            return each.pods->matches(pod.labels) ? 3 : 0;
        }
        return each.namespace_name == root && !each.pods ? 1 : 0;
    };
    const SidecarConfig* found = nullptr;
    for (const SidecarConfig& each : expectations.sidecars) {
        if (rank(each) == 0) continue;
        const bool closer =
            found == nullptr || rank(each) > rank(*found) ||
            (rank(each) == rank(*found) &&
             std::tie(each.created, each.name) < std::tie(found->created, found->name));
        if (closer) found = &each;
    }
    return found;
}

bool knows_service(const SidecarConfig& sidecar, const Sender& pod, const Service& service,
                   Port service_port) {
    if (sidecar.egress.empty()) return true;
    return std::any_of(
        sidecar.egress.begin(), sidecar.egress.end(), [&](const SidecarEgress& listener) {
            if (listener.port && *listener.port != service_port) return false;
            return std::any_of(
                listener.hosts.begin(), listener.hosts.end(),
                [&](const std::string& entry) { return names(entry, pod, service); });
        });
}

EffectiveOutbound outbound_of(const Expectations& expectations, const Sender& pod) {
    const SidecarConfig* sidecar = sidecar_of(expectations, pod);
    if (sidecar != nullptr && sidecar->outbound) {
        return {sidecar->outbound->value,
                "Sidecar " + sidecar->namespace_name + "/" + sidecar->name,
                sidecar->outbound->where};
    }
    const MeshConfig& mesh = expectations.mesh;
    if (mesh.outbound) return {mesh.outbound->value, mesh.by, mesh.outbound->where};
    return {};
}

}  // namespace nspect::analyzer
