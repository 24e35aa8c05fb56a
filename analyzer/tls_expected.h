// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/expectation.h"
#include "model/inventory.h"

namespace nspect::analyzer {

/// What a port of an endpoint must be protected by, and who said so.
struct EffectiveTls {
    TlsMode mode = TlsMode::unset;  ///< unset: nobody said anything
    std::string by;                 ///< "PeerAuthentication shop/db"
    std::optional<Location> where;
    std::vector<std::string> steps;  ///< how it came to that: widest scope first
    std::string mesh;                ///< whose word it is: "Istio", "Linkerd", "Consul"
};

/// The namespace whose PeerAuthentications without selector hold for the whole mesh: MeshConfig
/// may name another than "istio-system".
std::string root_namespace(const Expectations& expectations);

/// By PeerAuthentication: mesh, namespace, workload, port; UNSET inherits; one policy a scope, the
/// oldest. `port` is the container's. Mode unset when no policy is written down at all, else at
/// least PERMISSIVE. At a port of a Gateway, or of a Sidecar's listener, as tls_listeners.h says.
EffectiveTls effective_tls(const Expectations& expectations, const Inventory& inventory,
                           const Endpoint& server, Port port);

/// The PeerAuthentication with a selector that counts for a workload; nullptr: none, and one that
/// is made counts.
const PeerAuthentication* workload_policy(const Expectations& expectations,
                                          const Inventory& inventory, const Endpoint& server);

/// By every mesh together, for a client of that address where one is given: the strictest counts.
/// Linkerd and Consul let in by what asks for the least.
EffectiveTls mesh_tls(const Expectations& expectations, const Inventory& inventory,
                      const Endpoint& server, Port port,
                      const std::optional<IpAddress>& client = std::nullopt);

/// The same with nspect's own expectations about this client. `server` may be nullptr: an address
/// outside.
EffectiveTls demanded_tls(const Expectations& expectations, const Inventory& inventory,
                          const Endpoint* client, const std::optional<IpAddress>& address,
                          const Endpoint* server, Port port);

/// Whether somebody is one of a party's. Nothing (an address outside) is of the empty party alone.
bool is_party(const ExpectedParty& party, const Inventory& inventory, const Endpoint* endpoint);

/// The expectations about connections from one to another, by document order.
std::vector<const TrafficExpectation*> expectations_of(const Expectations& expectations,
                                                       const Inventory& inventory,
                                                       const Endpoint* client,
                                                       const Endpoint* server, Port port);

/// Policies that do nothing: younger ones of a scope, and those with a selector in the root
/// namespace. As "PeerAuthentication NS/NAME" with why and where.
struct WithoutEffect {
    std::string subject;
    std::string why;
    Location where;
};
std::vector<WithoutEffect> without_effect(const Expectations& expectations);

}  // namespace nspect::analyzer
