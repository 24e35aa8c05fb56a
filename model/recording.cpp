// SPDX-License-Identifier: Apache-2.0
#include "model/recording.h"

#include <array>

namespace nspect {
namespace {

/// By VantageSide.
constexpr std::array<std::string_view, 4> side_names{"host-end", "inside", "host", "file"};
/// By NameProblem.
constexpr std::array<std::string_view, 4> problem_names{"NXDOMAIN", "SERVFAIL", "REFUSED",
                                                        "no answer"};

}  // namespace

std::string_view to_string(NameProblem problem) {
    return problem_names.at(static_cast<std::size_t>(problem));
}

std::string_view to_string(VantageSide side) {
    return side_names.at(static_cast<std::size_t>(side));
}

std::optional<VantageSide> parse_vantage_side(std::string_view text) {
    for (std::size_t i = 0; i < side_names.size(); ++i) {
        if (side_names.at(i) == text) return static_cast<VantageSide>(i);
    }
    return std::nullopt;
}

}  // namespace nspect
