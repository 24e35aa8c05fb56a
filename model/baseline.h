// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/diagnostics.h"
#include "model/finding.h"
#include "model/time.h"

namespace nspect {

/// One finding that people know of and live with, and why.
struct BaselineEntry {
    std::string code;
    std::string subject;  ///< "*" at either end stands for any text
    std::string reason;
    std::optional<Timestamp> expires;  ///< the first instant at which it no longer counts
    Location where;
};

/// docs/ci.md.
using Baseline = std::vector<BaselineEntry>;

/// A finding that a baseline knows of.
struct KnownFinding {
    Finding finding;
    std::string reason;
    std::optional<Timestamp> expires;
};

}  // namespace nspect
