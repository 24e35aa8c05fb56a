// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "analyzer/generate.h"
#include "analyzer/generate_check.h"

namespace nspect::viz {

/// networking.k8s.io/v1 NetworkPolicies, one YAML document each, notes as comments. Parsing it back
/// gives the same policies.
std::string to_yaml(const std::vector<analyzer::GeneratedPolicy>& policies);
/// One document.
std::string to_yaml(const analyzer::GeneratedPolicy& policy);

/// "shop-nspect-web.yaml"; without namespace for cluster-scoped kinds.
std::string file_name(const Policy& policy);

/// The policies that would let pass what would break, one document each.
std::string remedies_yaml(const analyzer::Replay& replay);

}  // namespace nspect::viz
