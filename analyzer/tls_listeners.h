// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "analyzer/tls_expected.h"
#include "analyzer/tls_links.h"
#include "model/finding.h"

namespace nspect::analyzer {

/// A server of a Gateway, with that.
struct ServedBy {
    const MeshGateway* gateway = nullptr;
    const GatewayServer* server = nullptr;

    std::string by() const { return "Gateway " + gateway->namespace_name + "/" + gateway->name; }
};

/// The servers that a pod has on a port, by document order: the Gateway's port is that of a Service
/// in front of the pod, where there is one, else the pod's.
std::vector<ServedBy> servers_at(const Expectations& expectations, const Inventory& inventory,
                                 const Endpoint& pod, Port port);

/// What Gateways and Sidecars say of a port counts before PeerAuthentication: of a Gateway always
/// (of several servers the easiest), of a Sidecar's listener where that says DISABLE.
void apply_listeners(const Expectations& expectations, const Inventory& inventory,
                     const Endpoint& server, Port port, EffectiveTls& effective);

/// Conversations against the server of the name that the client asked for: where that demands more
/// than the easiest of the port, and the least version.
void hold_gateways(const Expectations& expectations, const Inventory& inventory,
                   const TlsLink& link, std::vector<Finding>& findings);

}  // namespace nspect::analyzer
