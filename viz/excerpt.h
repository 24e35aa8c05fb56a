// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "model/diagnostics.h"

namespace nspect::viz {

/// The node of a YAML document that stands at a place: its line and those that belong to it, at
/// most 60, moved to the left. Empty where the place has no line, or the text not so many.
std::string excerpt(std::string_view text, const Location& where);

}  // namespace nspect::viz
