// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace nspect {

/// Nanoseconds since 1970-01-01 UTC, leap seconds not counted. Packets carry it; nothing below cli/
/// reads a clock.
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;
using Duration = std::chrono::nanoseconds;

/// The moment no interval reaches: "still so" as the end of an interval.
inline constexpr Timestamp forever = Timestamp::max();

/// RFC 3339 in UTC with nanoseconds, "2026-01-01T10:00:00.000000001Z".
std::string to_string(Timestamp time);

/// The same to the second, where a person reads it: "2026-01-01T10:00:00Z".
std::string to_seconds(Timestamp time);

/// Reads RFC 3339 with 0 to 9 fractional digits and Z or a numeric offset.
std::optional<Timestamp> parse_timestamp(std::string_view text);

/// For people: "1.2 ms", "340 s", "2 h 5 min".
std::string to_words(Duration duration);

}  // namespace nspect
