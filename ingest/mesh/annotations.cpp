// SPDX-License-Identifier: Apache-2.0
// https://linkerd.io/2/reference/proxy-configuration/
// https://developer.hashicorp.com/consul/docs/k8s/annotations-and-labels
// https://istio.io/latest/docs/reference/config/annotations/
#include "ingest/mesh/annotations.h"

#include <algorithm>
#include <array>

namespace nspect::ingest {

namespace {

constexpr std::array<std::string_view, 20> keys{
    "linkerd.io/inject",
    "linkerd.io/proxy-version",
    "config.linkerd.io/default-inbound-policy",
    "config.linkerd.io/skip-inbound-ports",
    "config.linkerd.io/skip-outbound-ports",
    "config.linkerd.io/opaque-ports",
    "config.linkerd.io/proxy-require-identity-inbound-ports",
    "consul.hashicorp.com/connect-inject",
    "consul.hashicorp.com/connect-service",
    "consul.hashicorp.com/transparent-proxy",
    "consul.hashicorp.com/transparent-proxy-exclude-inbound-ports",
    "traffic.sidecar.istio.io/excludeInboundPorts",
    "traffic.sidecar.istio.io/includeInboundPorts",
    "traffic.sidecar.istio.io/excludeOutboundPorts",
    "traffic.sidecar.istio.io/includeOutboundPorts",
    "traffic.sidecar.istio.io/excludeOutboundIPRanges",
    "traffic.sidecar.istio.io/includeOutboundIPRanges",
    "sidecar.istio.io/inject",
    "sidecar.istio.io/interceptionMode",
    "consul.hashicorp.com/transparent-proxy-exclude-outbound-ports"};

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

}  // namespace

Labels read_mesh_annotations(const Node& metadata) {
    Labels found;
    for (const char* part : {"annotations", "labels"}) {
        const Node* mapping = metadata.find(part);
        if (mapping == nullptr) continue;
        for (const Node& entry : *mapping) {
            const bool known = std::find(keys.begin(), keys.end(), entry.key) != keys.end();
            if (known && entry.is_scalar()) {
                found.set(std::string(entry.key), std::string(entry.text));
            }
        }
    }
    return found;
}

PortSet ports_in(std::string_view annotation) {
    PortSet ports;
    while (!annotation.empty()) {
        const std::size_t comma = annotation.find(',');
        const std::string_view entry = trimmed(annotation.substr(0, comma));
        if (entry == "*") return PortSet{all_ports};
        const auto set = parse_port_set(entry);
        if (set) {
            for (const PortRange& each : set->intervals()) ports.insert(each);
        }
        if (comma == std::string_view::npos) break;
        annotation.remove_prefix(comma + 1);
    }
    return ports;
}

}  // namespace nspect::ingest
