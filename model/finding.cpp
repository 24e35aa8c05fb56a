// SPDX-License-Identifier: Apache-2.0
#include "model/finding.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "model/order.h"

namespace nspect {
namespace {

/// By Severity.
constexpr std::array<std::string_view, 4> severity_names{"info", "low", "medium", "high"};

bool before(const Finding& a, const Finding& b) {
    if (a.severity != b.severity) return a.severity > b.severity;
    return std::tie(a.code, a.subject, a.location, a.message, a.evidence, a.edge) <
           std::tie(b.code, b.subject, b.location, b.message, b.evidence, b.edge);
}

}  // namespace

std::string_view to_string(Severity severity) {
    return severity_names.at(static_cast<std::size_t>(severity));
}

std::optional<Severity> parse_severity(std::string_view text) {
    for (std::size_t i = 0; i < severity_names.size(); ++i) {
        if (severity_names.at(i) == text) return static_cast<Severity>(i);
    }
    return std::nullopt;
}

void sort_findings(std::vector<Finding>& findings) {
    put_in_order(findings, sorted_order(findings, before));
}

}  // namespace nspect
