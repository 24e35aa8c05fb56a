// SPDX-License-Identifier: Apache-2.0
#include "viz/escape.h"
#include "viz/formats.h"

namespace nspect::viz {

namespace {

void add_line(const std::vector<std::string>& cells, std::string& text) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) text += ',';
        text += for_csv(cells[i]);
    }
    text += "\r\n";
}

}  // namespace

std::string to_csv(const Table& table) {
    std::string text;
    add_line(table.columns, text);
    for (const auto& row : table.rows) add_line(row, text);
    return text;
}

}  // namespace nspect::viz
