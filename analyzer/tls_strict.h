// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "analyzer/tls_links.h"
#include "model/expectation.h"
#include "model/finding.h"

namespace nspect::analyzer {

/// PERMISSIVE ports: who still calls in plaintext or without a certificate, and must migrate before
/// STRICT; or that nobody does, with the YAML that makes it STRICT. `lossy`: a caller may not have
/// been seen.
void find_ready_for_strict(const Expectations& expectations, const Inventory& inventory,
                           const std::vector<TlsLink>& links, bool lossy,
                           std::vector<Finding>& findings);

/// Declarations that do nothing.
void find_without_effect(const Expectations& expectations, std::vector<Finding>& findings);

}  // namespace nspect::analyzer
