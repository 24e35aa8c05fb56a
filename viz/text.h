// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/connectivity.h"
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
/// Who may reach whom as a square of symbols, for small worlds: at most `most` workloads. Below it
/// what is allowed only in part. Where the terminal is too narrow, columns that do not fit stand
/// below. Nothing when there are more workloads.
std::optional<std::string> to_matrix(const analyzer::Connectivity& connectivity,
                                     const TextStyle& style, std::size_t most = 60);
/// One table. Where it is wider than the terminal, the last columns go below their row, and cells
/// are cut in the middle with an ellipsis; where even that is too wide, each cell has its own line,
/// or several.
std::string to_text(const Table& table, const TextStyle& style);

/// A table that goes on: its heading stands once, above the first rows, and a column only ever gets
/// wider.
class GrowingTable {
public:
    explicit GrowingTable(TextStyle style) : style_(style) {}
    /// The rows of `table`, as lines.
    std::string add(const Table& table);

private:
    TextStyle style_;
    std::vector<std::size_t> widths_;
    std::size_t beside_ = 0;  ///< columns beside each other, settled by the first rows
};

}  // namespace nspect::viz
