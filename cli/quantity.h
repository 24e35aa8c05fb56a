// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/time.h"

namespace nspect::cli {

/// "90s", "5m", "1h30m", "250ms"; a bare number is seconds.
std::optional<Duration> parse_duration(std::string_view text);
/// "64M", "2G", "512k": powers of 1024; a bare number is bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace nspect::cli
