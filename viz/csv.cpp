// SPDX-License-Identifier: Apache-2.0
#include "viz/escape.h"
#include "viz/formats.h"

namespace nspect::viz {

namespace {

std::string line(const std::vector<std::string>& cells) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i) text += (i > 0 ? "," : "") + for_csv(cells[i]);
    return text + "\r\n";
}

}  // namespace

std::string to_csv(const Table& table) {
    std::string text = line(table.columns);
    for (const auto& row : table.rows) text += line(row);
    return text;
}

}  // namespace nspect::viz
