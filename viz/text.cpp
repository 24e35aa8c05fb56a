// SPDX-License-Identifier: Apache-2.0
#include "viz/text.h"

#include <algorithm>
#include <numeric>

#include "viz/escape.h"

namespace nspect::viz {

namespace {

constexpr std::size_t gap = 2;             // columns between two cells
constexpr std::size_t narrowest_cell = 8;  // a column is not cut below this

std::string paint(const std::string& text, const char* code, const TextStyle& style) {
    return style.color ? std::string("\033[") + code + "m" + text + "\033[0m" : text;
}

const char* cut_mark(const TextStyle& style) {
    return style.unicode ? "\u2026" : "~";
}

std::string pad(const std::string& text, std::size_t columns, bool right) {
    const std::size_t width = display_width(text);
    const std::string space(width < columns ? columns - width : 0, ' ');
    return right ? space + text : text + space;
}

std::vector<std::size_t> column_widths(const Table& table) {
    std::vector<std::size_t> widths;
    for (const auto& name : table.columns) widths.push_back(display_width(for_terminal(name)));
    for (const auto& row : table.rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(for_terminal(row[i])));
        }
    }
    return widths;
}

std::size_t total(const std::vector<std::size_t>& widths) {
    const std::size_t gaps = widths.empty() ? 0 : gap * (widths.size() - 1);
    return std::accumulate(widths.begin(), widths.end(), gaps);
}

void shrink(std::vector<std::size_t>& widths, std::size_t width) {
    while (!widths.empty() && total(widths) > width) {
        auto widest = std::max_element(widths.begin(), widths.end());
        if (*widest <= narrowest_cell) break;  // the terminal is too narrow for this table
        --*widest;
    }
}

std::string table_line(const Table& table, const std::vector<std::string>& cells,
                       const std::vector<std::size_t>& widths, const TextStyle& style) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
        const bool right =
            std::find(table.numeric.begin(), table.numeric.end(), i) != table.numeric.end();
        if (i > 0) line += std::string(gap, ' ');
        line +=
            pad(cut_middle(for_terminal(cells[i]), widths[i], cut_mark(style)), widths[i], right);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

const char* severity_color(Severity severity) {
    switch (severity) {
        case Severity::high:
            return "1;31";
        case Severity::medium:
            return "33";
        case Severity::low:
            return "36";
        case Severity::info:
            break;
    }
    return "2";
}

std::string finding_text(const Finding& finding, const TextStyle& style) {
    const std::string tag = pad(std::string(to_string(finding.severity)), 7, false);
    std::string text = paint(tag, severity_color(finding.severity), style) + " " +
                       paint(for_terminal(finding.code), "1", style) + "  " +
                       for_terminal(finding.subject) + "\n        " +
                       for_terminal(finding.message) + "\n";
    for (const auto& each : finding.evidence) text += "        - " + for_terminal(each) + "\n";
    if (finding.location) text += "        at " + for_terminal(to_string(*finding.location)) + "\n";
    return text;
}

}  // namespace

std::string to_text(const Table& table, const TextStyle& style) {
    auto widths = column_widths(table);
    // Long reasons stand last. Where there is no room for them beside the rest, below their row.
    const bool below = style.width != 0 && widths.size() > 2 && total(widths) > style.width &&
                       widths.back() > narrowest_cell;
    if (below) widths.pop_back();
    if (style.width != 0) shrink(widths, style.width);
    std::string text;
    if (!table.title.empty()) text += paint(for_terminal(table.title), "1", style) + "\n";
    text += paint(table_line(table, table.columns, widths, style), "2", style) + "\n";
    for (const auto& row : table.rows) {
        text += table_line(table, row, widths, style) + "\n";
        if (below && row.back() != "-" && !row.back().empty()) {
            text += paint("    " + for_terminal(row.back()), "2", style) + "\n";
        }
    }
    return text;
}

std::string to_text(const View& view, const TextStyle& style) {
    std::string text;
    for (const auto& each : view.warnings) {
        text += paint("warning:", "1;33", style) + " " + for_terminal(each) + "\n";
    }
    for (const auto& each : view.summary) text += for_terminal(each) + "\n";
    for (const auto& each : view.findings) {
        text += (text.empty() ? "" : "\n") + finding_text(each, style);
    }
    for (const auto& each : view.tables) text += (text.empty() ? "" : "\n") + to_text(each, style);
    return text;
}

}  // namespace nspect::viz
