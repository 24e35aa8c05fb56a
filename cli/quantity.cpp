// SPDX-License-Identifier: Apache-2.0
#include "cli/quantity.h"

#include <charconv>
#include <limits>

namespace nspect::cli {

namespace {

/// The number at the front of `text`, which loses it.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end == text.data()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

std::optional<std::uint64_t> times(std::uint64_t number, std::uint64_t unit) {
    if (number > std::numeric_limits<std::int64_t>::max() / unit) return std::nullopt;
    return number * unit;
}

std::optional<std::uint64_t> nanoseconds_of(std::string_view unit) {
    if (unit == "ms") return 1'000'000ULL;
    if (unit == "s" || unit.empty()) return 1'000'000'000ULL;
    if (unit == "m" || unit == "min") return 60'000'000'000ULL;
    if (unit == "h") return 3'600'000'000'000ULL;
    if (unit == "d") return 86'400'000'000'000ULL;
    return std::nullopt;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
    std::uint64_t total = 0;
    do {
        const auto number = take_number(text);
        const auto letters = text.substr(0, text.find_first_of("0123456789"));
        const auto unit = nanoseconds_of(letters);
        if (!number || !unit) return std::nullopt;
        text.remove_prefix(letters.size());
        const auto part = times(*number, *unit);
        if (!part || total > std::numeric_limits<std::int64_t>::max() - *part) return std::nullopt;
        total += *part;
    } while (!text.empty());
    return Duration(static_cast<std::int64_t>(total));
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    if (text.ends_with("B")) text.remove_suffix(1);
    if (text.ends_with("i")) text.remove_suffix(1);
    if (text.empty()) return number;
    if (text == "k" || text == "K") return times(*number, 1ULL << 10U);
    if (text == "M") return times(*number, 1ULL << 20U);
    if (text == "G") return times(*number, 1ULL << 30U);
    return std::nullopt;
}

}  // namespace nspect::cli
