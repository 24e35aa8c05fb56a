// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace nspect::viz {

/// How the word of a state stands in a terminal: with a symbol and a colour, each of which says the
/// same as the word.
struct Mark {
    std::string_view word;
    std::string_view symbol;
    std::string_view ascii;
    std::string_view color;  ///< parameters of an ANSI escape
};

/// The mark of a cell by its last word ("2 refused"), or nullptr.
const Mark* mark_of(std::string_view cell);

}  // namespace nspect::viz
