// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "analyzer/remedy.h"

namespace nspect::viz {

/// The policy to add, as a manifest; of one that has no room before the denying rule, the rule
/// alone.
std::string remedy_yaml(const analyzer::Remedy& remedy);

}  // namespace nspect::viz
