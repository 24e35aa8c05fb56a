// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/diagnostics.h"

namespace nspect {

enum class Severity : std::uint8_t { info, low, medium, high };

std::string_view to_string(Severity severity);
std::optional<Severity> parse_severity(std::string_view text);

/// Something a person should know about traffic or policy. Codes are stable and listed in
/// docs/diagnostics.md.
struct Finding {
    std::string code;  ///< "denied-but-flowed"
    Severity severity = Severity::info;
    std::string subject;  ///< "shop/web[Deployment] -> shop/db[StatefulSet] TCP 5432"
    std::string message;  ///< one sentence
    std::vector<std::string> evidence;
    std::optional<Location> location;
    std::optional<std::size_t> edge;  ///< index into Graph::edges of the graph it came with

    bool operator==(const Finding&) const = default;
};

/// Most severe first, then by code and subject: two runs give the same order.
void sort_findings(std::vector<Finding>& findings);

}  // namespace nspect
