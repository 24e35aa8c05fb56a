// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/diagnostics.h"
#include "model/ip.h"
#include "model/labels.h"
#include "model/tls_mode.h"

namespace nspect {

/// Istio's PeerAuthentication: what the server's proxy takes. Ports are the container's.
struct PeerAuthentication {
    std::string namespace_name;
    std::string name;
    std::string created;  ///< creationTimestamp: of several in one scope the oldest counts
    std::optional<Selector> selector;
    TlsMode mode = TlsMode::unset;
    std::vector<PortTlsMode> ports;
    Location where;
};

/// What the trafficPolicy of a DestinationRule, or of a subset of it, says about TLS.
struct ClientPolicy {
    std::optional<TlsMode> mode;  ///< none: the proxy decides by itself
    /// The Service's. They inherit nothing: unset is a port whose settings do not speak of TLS.
    std::vector<PortTlsMode> ports;
    Location where;
};

/// Pods behind a Service that routes may name: "v2".
struct RuleSubset {
    std::string name;
    Selector pods;
    std::optional<ClientPolicy> policy;
};

/// Istio's DestinationRule: what the client's proxy does. Ports are the Service's.
struct DestinationRule {
    std::string namespace_name;
    std::string name;
    std::string created;  ///< creationTimestamp: rules of one host are put together, oldest first
    std::string host;     ///< as written: "db", "*.shop.svc.cluster.local"
    std::optional<ClientPolicy> policy;
    std::vector<RuleSubset> subsets;
    std::vector<std::string> exported_to;  ///< namespaces, "." or "*"; empty: as MeshConfig says
    std::optional<Selector> clients;       ///< of its own namespace alone; none: all
    Location where;
};

/// What is written down, and where.
template <class Value>
struct Told {
    Value value{};
    Location where;
};

/// What proxies do with addresses that are in no registry.
enum class OutboundPolicy : std::uint8_t { unset, allow_any, registry_only };

/// Istio's settings for the whole mesh, as far as they bear on TLS.
struct MeshConfig {
    std::string by;  ///< "ConfigMap istio-system/istio"; empty: not written down
    std::optional<Told<std::string>> root_namespace;
    std::optional<Told<std::string>> trust_domain;
    std::vector<std::string> trust_domain_aliases;
    std::optional<Told<bool>> auto_mtls;
    std::optional<Told<std::uint16_t>> least_version;          ///< inside the mesh
    std::optional<Told<std::uint16_t>> least_version_outside;  ///< of all other TLS
    std::optional<Told<OutboundPolicy>> outbound;
    bool rules_private = false;  ///< DestinationRules are for their own namespace unless exported
    Location where;
};

/// A port that a Sidecar opens for its pod.
struct SidecarListener {
    Port port;
    std::optional<TlsMode> mode;  ///< of its own TLS, where PeerAuthentication says DISABLE
    std::uint16_t least_version = 0;
    Location where;
};

/// Services that the proxy knows: "NAMESPACE/HOST", with ".", "*" and "~" for namespaces.
struct SidecarEgress {
    std::optional<Port> port;  ///< for this one alone
    std::vector<std::string> hosts;
    Location where;
};

/// Istio's Sidecar: what the proxy of a pod opens, and whom it knows.
struct SidecarConfig {
    std::string namespace_name;
    std::string name;
    std::string created;
    std::optional<Selector> pods;  ///< none: all of the namespace, or of the mesh
    std::vector<SidecarListener> ingress;
    std::vector<SidecarEgress> egress;  ///< none: everyone is known
    std::optional<Told<OutboundPolicy>> outbound;
    Location where;
};

/// One server of a Gateway.
struct GatewayServer {
    Port port;                       ///< the Service's, or the pod's
    std::vector<std::string> hosts;  ///< by the name that the client asks for
    std::string word;                ///< "MUTUAL"; empty: no TLS
    TlsMode mode = TlsMode::disable;
    std::uint16_t least_version = 0;
    std::string credential;  ///< the Secret that it names; may be empty
    Location where;
};

/// Istio's Gateway: what the proxies of its pods take. PeerAuthentication is not asked there.
struct MeshGateway {
    std::string namespace_name;
    std::string name;
    Selector pods;  ///< of every namespace
    std::vector<GatewayServer> servers;
    Location where;
};

/// Istio's ServiceEntry: who outside is in the registry.
struct ServiceEntry {
    std::string namespace_name;
    std::string name;
    std::vector<std::string> hosts;
    IpSet addresses;
    PortSet ports;  ///< empty: all
    Location where;
};

}  // namespace nspect
