// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "model/expectation.h"
#include "model/finding.h"
#include "model/inventory.h"

namespace nspect::analyzer {

/// Declarations that do not do what is written: a PeerAuthentication that names a Service's port in
/// place of the container's, and ports that are STRICT and yet do not pass the proxy.
void find_tls_mistakes(const Expectations& expectations, const Inventory& inventory,
                       std::vector<Finding>& findings);

}  // namespace nspect::analyzer
