// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include "model/recording.h"

namespace nspect::analyzer {

struct ClockSkew {
    Duration behind{};          ///< to be added to the times of the one
    std::size_t witnesses = 0;  ///< connections that both recorded
};

/// How far the clock of `recording` is behind that of `reference`, by the TCP connections that both
/// saw: their initial sequence numbers are the same wherever they pass. The median, so that neither
/// the way between the hosts nor a SYN that was sent again counts. Nothing for two recordings of
/// one host, for less than three witnesses, and where they disagree.
std::optional<ClockSkew> clock_skew(const Recording& reference, const Recording& recording);

/// Moves every time of a recording.
void shift(Recording& recording, Duration by);

}  // namespace nspect::analyzer
