// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "viz/view.h"

namespace nspect::viz {

struct TextStyle {
    std::size_t width = 0;  ///< columns of the terminal; 0: as wide as needed
    bool color = false;     ///< ANSI colours; meaning never hangs on colour alone
    bool unicode = true;    ///< box lines and symbols, else ASCII
};

/// Summary, warnings, findings and tables for a terminal. Control characters of the input are
/// escaped.
std::string to_text(const View& view, const TextStyle& style);
/// One table. Where it is wider than the terminal, the last column goes below its row, and cells
/// are cut in the middle with an ellipsis.
std::string to_text(const Table& table, const TextStyle& style);

}  // namespace nspect::viz
