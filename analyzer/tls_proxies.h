// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "analyzer/tls_client.h"
#include "model/conversation.h"
#include "model/expectation.h"
#include "model/inventory.h"

namespace nspect::analyzer {

/// Why a connection passes a proxy by, as its pod's annotations say.
struct PastProxy {
    std::string why;  ///< "excludeOutboundPorts 5432 of shop/job-1"
    Location where;   ///< of the pod, or of its template
};
std::optional<PastProxy> past_client_proxy(const Inventory& inventory, const Endpoint& client,
                                           const Socket& dialled);
std::optional<PastProxy> past_server_proxy(const Inventory& inventory, const Endpoint& server,
                                           Port port);

/// Outbound ports that annotations name one by one and keep from the proxy.
PortSet ports_past_client_proxy(const Endpoint& client);

/// What a Linkerd proxy does not look into on its way in, where that is so.
bool is_opaque_port(const Endpoint& server, Port port);

/// The Sidecar that counts for pods with these labels: one that selects them, else that of the
/// namespace, else that of the mesh; of several the oldest. nullptr: none.
const SidecarConfig* sidecar_of(const Expectations& expectations, const Sender& pod);

/// Whether a Sidecar's proxy knows a Service's port. One without egress listeners knows everyone.
bool knows_service(const SidecarConfig& sidecar, const Sender& pod, const Service& service,
                   Port service_port);

/// What proxies of such pods do with whom they do not know, and who said so.
struct EffectiveOutbound {
    OutboundPolicy policy = OutboundPolicy::allow_any;
    std::string by;  ///< empty: Istio's default
    Location where;
};
EffectiveOutbound outbound_of(const Expectations& expectations, const Sender& pod);

}  // namespace nspect::analyzer
