// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "analyzer/generate.h"

namespace nspect::viz {

/// networking.k8s.io/v1 NetworkPolicies, one YAML document each, notes as comments. Parsing it back
/// gives the same policies.
std::string to_yaml(const std::vector<analyzer::GeneratedPolicy>& policies);
/// One document.
std::string to_yaml(const analyzer::GeneratedPolicy& policy);

}  // namespace nspect::viz
