// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nspect::viz {

/// Text broken between words where it would be wider than `width` columns (0: never), and a word
/// that has no room on a line of its own where its parts end, or else anywhere. Lines stand
/// `indent` columns in, the first one too.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width);

}  // namespace nspect::viz
