// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/diagnostics.h"
#include "model/expectation.h"
#include "model/inventory.h"
#include "model/policy.h"

namespace nspect::ingest {

/// A policy that is written down and not enforced yet: Calico's staged kinds.
struct StagedPolicy {
    PolicyKind kind = PolicyKind::network_policy;  ///< of the policy it would put in place
    std::string namespace_name;
    std::string name;
    bool removes = false;          ///< it would take away the policy of that name
    std::vector<Policy> policies;  ///< otherwise what it would be; one as written may be several
    Location where;
};

/// What a set of documents declares, together.
struct Bundle {
    Inventory inventory;
    std::vector<Policy> policies;  ///< sorted by kind, namespace, name; all of them are enforced
    std::vector<StagedPolicy> staged;  ///< see enforce_staged() in staged.h
    Expectations expectations;         ///< how traffic must be protected
    std::size_t documents = 0;         ///< objects of a kind nspect knows
    std::size_t passed_over = 0;       ///< objects of other kinds
    std::size_t left_out = 0;  ///< of `documents`, those with errors: nothing of them is in here
};

}  // namespace nspect::ingest
