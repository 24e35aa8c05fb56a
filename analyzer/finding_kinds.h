// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "model/finding.h"

namespace nspect::analyzer {

/// What findings of one code say and what to do about them, whoever they are about.
struct FindingKind {
    std::string_view code;
    Severity severity = Severity::low;  ///< of the gravest case
    std::string_view says;
    std::string_view help;
};

/// Every code that audit() and lint() give; the latter also passes on the codes of diagnostics.
/// Listed in docs/diagnostics.md.
const std::vector<FindingKind>& audit_kinds();
const std::vector<FindingKind>& lint_kinds();

}  // namespace nspect::analyzer
