// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "analyzer/tls_links.h"
#include "model/expectation.h"
#include "model/finding.h"

namespace nspect::analyzer {

/// Traffic to whom the client's proxy does not know: a Service that is not among the egress hosts
/// of its Sidecar, or, where only the registry may be reached, an address that is in none.
void hold_registry(const Expectations& expectations, const Inventory& inventory,
                   const TlsLink& link, std::vector<Finding>& findings);

/// Ports that pods' annotations keep from their proxies although servers there demand STRICT.
void find_past_client_proxy(const Expectations& expectations, const Inventory& inventory,
                            std::vector<Finding>& findings);

}  // namespace nspect::analyzer
