// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "model/diagnostics.h"
#include "model/inventory.h"
#include "model/policy.h"

namespace nspect::ingest {

/// What a set of documents declares, together.
struct Bundle {
    Inventory inventory;
    std::vector<Policy> policies;  ///< sorted by kind, namespace, name
    std::size_t documents = 0;     ///< objects of a kind nspect knows
    std::size_t passed_over = 0;   ///< objects of other kinds
    std::size_t left_out = 0;  ///< of `documents`, those with errors: nothing of them is in here
};

}  // namespace nspect::ingest
