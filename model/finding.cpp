// SPDX-License-Identifier: Apache-2.0
#include "model/finding.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

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

/// By finding: the place of its severity and code among all there are.
std::vector<std::uint32_t> kind_numbers(const std::vector<Finding>& findings) {
    const auto kind = [](const Finding& each) {
        return std::pair(-static_cast<int>(each.severity), std::string_view(each.code));
    };
    std::map<std::pair<int, std::string_view>, std::uint32_t> numbers;
    for (const Finding& each : findings) numbers.emplace(kind(each), 0);
    std::uint32_t next = 0;
    for (auto& [_, number] : numbers) number = next++;
    std::vector<std::uint32_t> of;
    of.reserve(findings.size());
    for (const Finding& each : findings) of.push_back(numbers.at(kind(each)));
    return of;
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

// Comparing hundreds of thousands of texts costs more than making them, and most are made in order,
// kind by kind: only kinds that are not in order are sorted.
void sort_findings(std::vector<Finding>& findings) {
    const auto number = kind_numbers(findings);
    auto order = sorted_order(number);
    const auto earlier = [&](std::uint32_t a, std::uint32_t b) {
        if (before(findings[a], findings[b])) return true;
        return !before(findings[b], findings[a]) && a < b;
    };
    for (auto from = order.begin(); from != order.end();) {
        const auto to = std::find_if(from, order.end(),
                                     [&](std::uint32_t i) { return number[i] != number[*from]; });
        if (!std::is_sorted(from, to, earlier)) std::sort(from, to, earlier);
        from = to;
    }
    put_in_order(findings, std::move(order));
}

}  // namespace nspect
