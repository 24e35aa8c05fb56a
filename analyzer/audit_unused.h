// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <tuple>
#include <vector>

#include "analyzer/audit.h"
#include "analyzer/audit_verdicts.h"

namespace nspect::analyzer {

/// Rules that allow something and that no conversation needed: a finding each, and for what they
/// open between workloads an edge of state allowed_unused. Rules of policies that select nobody are
/// left to lint. Only rules count: what is open because no policy isolates it is not listed.
void find_unused(Audit& audit, const PolicyEngine& engine, const Verdicts& verdicts);

/// Workloads that no policy selects in either direction.
void find_unprotected(Audit& audit, const PolicyEngine& engine);

}  // namespace nspect::analyzer
