// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "model/baseline.h"

namespace nspect::analyzer {

/// Findings held against those that are known.
struct Compared {
    std::vector<Finding> findings;  ///< new ones, and those whose entry has run out, which say so
    std::vector<KnownFinding> known;
    std::vector<BaselineEntry> unused;  ///< entries that no finding needed: fixed, or misspelt
};

/// "2026-12-31": the last day an entry counts.
std::string last_day(Timestamp expires);

/// Both lists keep the order of `findings`. Of several entries for one finding the one that lasts
/// longest counts.
Compared compare(std::vector<Finding> findings, const Baseline& baseline, Timestamp now);

}  // namespace nspect::analyzer
