// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "model/finding.h"
#include "model/inventory.h"
#include "model/recording.h"

namespace nspect::analyzer {

/// DNS questions without an answer that helps, by who asked and what went wrong. A name that does
/// not exist is left out where the asker got an address for a neighbour of it: a resolver tries its
/// search list one by one.
std::vector<Finding> name_findings(const Recording& context, const Inventory& inventory);

}  // namespace nspect::analyzer
