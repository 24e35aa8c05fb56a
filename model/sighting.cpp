// SPDX-License-Identifier: Apache-2.0
#include "model/sighting.h"

#include <array>

namespace nspect {
namespace {

/// By Outcome.
constexpr std::array<std::string_view, 6> outcome_names{"established", "refused", "rejected",
                                                        "unanswered",  "one-way", "mid-stream"};

}  // namespace

std::string_view to_string(Outcome outcome) {
    return outcome_names.at(static_cast<std::size_t>(outcome));
}

std::optional<Outcome> parse_outcome(std::string_view text) {
    for (std::size_t i = 0; i < outcome_names.size(); ++i) {
        if (outcome_names.at(i) == text) return static_cast<Outcome>(i);
    }
    return std::nullopt;
}

std::string to_string(const Socket& socket) {
    const auto ip = to_string(socket.ip);
    const auto port = std::to_string(socket.port.number);
    return socket.ip.is_v4() ? ip + ':' + port : '[' + ip + "]:" + port;
}

}  // namespace nspect
