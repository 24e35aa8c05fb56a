// SPDX-License-Identifier: Apache-2.0
#include "analyzer/baseline.h"

#include <string_view>
#include <utility>

namespace nspect::analyzer {

namespace {

bool matches(std::string_view pattern, std::string_view text) {
    const bool before = pattern.starts_with('*');
    if (before) pattern.remove_prefix(1);
    const bool after = pattern.ends_with('*');
    if (after) pattern.remove_suffix(1);
    if (before && after) return text.find(pattern) != std::string_view::npos;
    if (before) return text.ends_with(pattern);
    return after ? text.starts_with(pattern) : text == pattern;
}

bool lasts_longer(const BaselineEntry& a, const BaselineEntry& b) {
    if (!b.expires) return false;
    return !a.expires || *a.expires > *b.expires;
}

}  // namespace

std::string last_day(Timestamp expires) {
    return to_string(expires - std::chrono::nanoseconds(1)).substr(0, 10);
}

Compared compare(std::vector<Finding> findings, const Baseline& baseline, Timestamp now) {
    Compared result;
    std::vector<bool> needed(baseline.size(), false);
    for (Finding& finding : findings) {
        const BaselineEntry* best = nullptr;
        for (std::size_t i = 0; i < baseline.size(); ++i) {
            const BaselineEntry& entry = baseline[i];
            if (entry.code != finding.code || !matches(entry.subject, finding.subject)) continue;
            needed[i] = true;
            if (best == nullptr || lasts_longer(entry, *best)) best = &entry;
        }
        if (best == nullptr) {
            result.findings.push_back(std::move(finding));
        } else if (best->expires && *best->expires <= now) {
            finding.evidence.push_back("was known until " + last_day(*best->expires) + " (" +
                                       best->reason + ")");
            result.findings.push_back(std::move(finding));
        } else {
            result.known.push_back({std::move(finding), best->reason, best->expires});
        }
    }
    for (std::size_t i = 0; i < baseline.size(); ++i) {
        if (!needed[i]) result.unused.push_back(baseline[i]);
    }
    return result;
}

}  // namespace nspect::analyzer
