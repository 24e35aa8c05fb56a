// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "analyzer/tls_client.h"
#include "analyzer/tls_links.h"
#include "analyzer/tls_proxies.h"
#include "model/finding.h"

namespace nspect::analyzer {

/// What a client's proxy may do on the way to a port of a pod: over every Service that leads there,
/// as a whole or by a subset that the pod is of.
std::vector<ClientWay> ways_to(const Expectations& expectations, const Inventory& inventory,
                               const Sender& client, const Endpoint& server, Port port);

/// The pod's port that a Service's leads to.
std::optional<Port> target_of(const ServicePort& port, const Endpoint& endpoint);

/// What the pods behind a Service's port demand, by every mesh: the strictest. None: no pod is
/// known.
std::optional<EffectiveTls> demanded_behind(const Expectations& expectations,
                                            const Inventory& inventory, const Service& service,
                                            const ServicePort& port);

/// Why the conversations of a link pass their client's proxy by, where annotations say so.
std::optional<PastProxy> link_past_client(const Inventory& inventory, const TlsLink& link);

/// Clients' rules that send less than the server demands, and those of hosts that are none.
void find_client_rules(const Expectations& expectations, const Inventory& inventory,
                       std::vector<Finding>& findings);

/// Conversations that are protected by less than any of the client's rules asks for.
void hold_client_rules(const Expectations& expectations, const Inventory& inventory,
                       const TlsLink& link, std::vector<Finding>& findings);

}  // namespace nspect::analyzer
