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

/// The first `columns` code points of valid UTF-8.
std::string_view head(std::string_view text, std::size_t columns) {
    std::size_t end = 0;
    while (end < text.size() && columns > 0) {
        ++end;
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
        --columns;
    }
    return text.substr(0, end);
}

/// Cut in the middle: both the beginning and the end of a name tell it apart.
std::string fit(const std::string& text, std::size_t columns, bool unicode) {
    const std::size_t width = display_width(text);
    if (width <= columns) return text;
    const std::string mark = unicode ? "\xE2\x80\xA6" : "~";
    const std::size_t front = columns / 2;
    const std::size_t back = columns - front - 1;
    const std::string_view skipped = head(text, width - back);
    return std::string(head(text, front)) + mark + text.substr(skipped.size());
}

std::string pad(const std::string& text, std::size_t columns, bool right) {
    const std::size_t width = display_width(text);
    const std::string space(width < columns ? columns - width : 0, ' ');
    return right ? space + text : text + space;
}

std::vector<std::size_t> column_widths(const Table& table, const TextStyle& style) {
    std::vector<std::size_t> widths;
    for (const auto& name : table.columns) widths.push_back(display_width(for_terminal(name)));
    for (const auto& row : table.rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(for_terminal(row[i])));
        }
    }
    if (style.width == 0 || widths.empty()) return widths;
    const std::size_t gaps = gap * (widths.size() - 1);
    while (std::accumulate(widths.begin(), widths.end(), gaps) > style.width) {
        auto widest = std::max_element(widths.begin(), widths.end());
        if (*widest <= narrowest_cell) break;  // the terminal is too narrow for this table
        --*widest;
    }
    return widths;
}

std::string table_line(const Table& table, const std::vector<std::string>& cells,
                       const std::vector<std::size_t>& widths, const TextStyle& style) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const bool right =
            std::find(table.numeric.begin(), table.numeric.end(), i) != table.numeric.end();
        if (i > 0) line += std::string(gap, ' ');
        line += pad(fit(for_terminal(cells[i]), widths[i], style.unicode), widths[i], right);
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
    const auto widths = column_widths(table, style);
    std::string text;
    if (!table.title.empty()) text += paint(for_terminal(table.title), "1", style) + "\n";
    text += paint(table_line(table, table.columns, widths, style), "2", style) + "\n";
    for (const auto& row : table.rows) text += table_line(table, row, widths, style) + "\n";
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
