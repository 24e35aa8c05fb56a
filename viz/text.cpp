// SPDX-License-Identifier: Apache-2.0
#include "viz/text.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "viz/escape.h"
#include "viz/marks.h"
#include "viz/wrapped.h"

namespace nspect::viz {

namespace {

constexpr std::size_t gap = 2;                // columns between two cells
constexpr std::size_t narrowest_cell = 8;     // a column is not cut below this
constexpr std::size_t narrowest_of_many = 7;  // where there are so many that they do not fit else
constexpr std::size_t hardly_cut = 24;        // what is left of a cell still tells it apart
constexpr std::size_t least_beside = 3;       // columns

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

bool is_among(const std::vector<std::size_t>& columns, std::size_t column) {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
}

std::string shown(const std::string& text, const TextStyle& style) {
    return style.unicode ? for_terminal(text) : ascii_only(for_terminal(text));
}

const Mark* mark_at(const Table& table, const std::string& cell, std::size_t column) {
    return is_among(table.states, column) ? mark_of(cell) : nullptr;
}

/// A cell as it stands in its column, before it is cut to width.
std::string cell_text(const Table& table, const std::string& cell, std::size_t column,
                      const TextStyle& style) {
    const Mark* mark = mark_at(table, cell, column);
    if (mark == nullptr) return shown(cell, style);
    return std::string(style.unicode ? mark->symbol : mark->ascii) + " " + shown(cell, style);
}

std::vector<std::size_t> column_widths(const Table& table, const TextStyle& style) {
    std::vector<std::size_t> widths;
    for (const auto& name : table.columns) widths.push_back(display_width(shown(name, style)));
    for (const auto& row : table.rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(cell_text(table, row[i], i, style)));
        }
    }
    return widths;
}

std::size_t total(const std::vector<std::size_t>& widths) {
    const std::size_t gaps = widths.empty() ? 0 : gap * (widths.size() - 1);
    return std::accumulate(widths.begin(), widths.end(), gaps);
}

void shrink(std::vector<std::size_t>& widths, std::size_t width) {
    for (const std::size_t narrowest : {narrowest_cell, narrowest_of_many}) {
        while (!widths.empty() && total(widths) > width) {
            auto widest = std::max_element(widths.begin(), widths.end());
            if (*widest <= narrowest) break;
            --*widest;
        }
    }
}

/// How many columns stand beside each other; the others go below their row. A long reason, which
/// stands last, goes first; then as many as it takes for the rest to be hardly cut.
std::size_t columns_beside(std::vector<std::size_t> widths, std::size_t width) {
    const auto cut_little = [&] {
        auto cut = widths;
        for (auto& each : cut) each = std::min(each, hardly_cut);
        return total(cut) <= width;
    };
    if (widths.size() > 2 && total(widths) > width && widths.back() > narrowest_cell)
        widths.pop_back();
    while (widths.size() > least_beside && !cut_little()) widths.pop_back();
    return widths.size();
}

/// What does not stand beside the first `beside` columns: "Bytes 1.2 kB, TLS mutual", and a long
/// reason without a name.
std::string below(const Table& table, const std::vector<std::string>& row, std::size_t beside,
                  const std::vector<std::size_t>& widths, const TextStyle& style) {
    std::string text;
    for (std::size_t i = beside; i < row.size(); ++i) {
        if (row[i].empty() || row[i] == "-") continue;
        const bool reason = i + 1 == row.size() && widths[i] > hardly_cut;
        if (!text.empty()) text += reason ? "; " : ", ";
        if (!reason) text += shown(table.columns[i], style) + " ";
        text += cell_text(table, row[i], i, style);
    }
    return text;
}

std::string table_line(const Table& table, const std::vector<std::string>& cells,
                       const std::vector<std::size_t>& widths, const TextStyle& style,
                       bool heading = false) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
        if (i > 0) line += std::string(gap, ' ');
        const std::string text =
            heading ? shown(cells[i], style) : cell_text(table, cells[i], i, style);
        const std::string cell = pad(cut_middle(text, widths[i], cut_mark(style)), widths[i],
                                     is_among(table.numeric, i));
        const Mark* mark = heading ? nullptr : mark_at(table, cells[i], i);
        line += mark == nullptr ? cell : paint(cell, std::string(mark->color).c_str(), style);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

/// A row as lines of its own, one a cell, where columns do not fit beside each other.
std::string row_below_itself(const Table& table, const std::vector<std::string>& row,
                             const TextStyle& style) {
    std::size_t names = 0;
    for (const auto& each : table.columns)
        names = std::max(names, display_width(shown(each, style)));
    names = std::min(names, style.width / 2);
    const std::size_t indent = names + gap;
    std::string text;
    for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string name = cut_middle(shown(table.columns[i], style),
                                            std::max<std::size_t>(names, 1), cut_mark(style));
        const std::string cell =
            wrapped(cell_text(table, row[i], i, style), indent, style.width).substr(indent);
        const Mark* mark = mark_at(table, row[i], i);
        text += paint(pad(name, names, false), "2", style) + std::string(gap, ' ') +
                (mark == nullptr ? cell : paint(cell, std::string(mark->color).c_str(), style)) +
                "\n";
    }
    return text;
}

std::string stacked(const Table& table, const TextStyle& style, bool first) {
    std::string text;
    for (const auto& row : table.rows) {
        if (!std::exchange(first, false)) text += "\n";
        text += row_below_itself(table, row, style);
    }
    return text;
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

/// What it is about stands beside its code, or below it where there is no room.
std::string headline(const Finding& finding, const TextStyle& style) {
    const std::string tag = pad(std::string(to_string(finding.severity)), 7, false);
    const std::string code = shown(finding.code, style);
    const std::string subject = shown(finding.subject, style);
    const std::size_t width = tag.size() + 1 + display_width(code) + gap + display_width(subject);
    const bool beside = style.width == 0 || width <= style.width;
    return paint(tag, severity_color(finding.severity), style) + " " + paint(code, "1", style) +
           (beside ? std::string(gap, ' ') + subject : "\n" + wrapped(subject, 8, style.width)) +
           "\n";
}

std::string finding_text(const Finding& finding, const TextStyle& style) {
    const std::string indent(8, ' ');
    const auto line = [&](const std::string& begin, const std::string& words) {
        const std::size_t at = indent.size() + begin.size();
        return indent + begin + wrapped(shown(words, style), at, style.width).substr(at) + "\n";
    };
    std::string text = headline(finding, style) +
                       wrapped(shown(finding.message, style), indent.size(), style.width) + "\n";
    for (const auto& each : finding.evidence) text += line("- ", each);
    if (finding.location) text += line("at ", to_string(*finding.location));
    return text;
}

}  // namespace

std::string to_text(const Table& table, const TextStyle& style) {
    std::string text;
    if (!table.title.empty())
        text += paint(wrapped(shown(table.title, style), 0, style.width), "1", style) + "\n";
    return text + GrowingTable(style).add(table);
}

std::string GrowingTable::add(const Table& table) {
    const bool first = widths_.empty();
    const auto needed = column_widths(table, style_);
    widths_.resize(needed.size());
    for (std::size_t i = 0; i < needed.size(); ++i) widths_[i] = std::max(widths_[i], needed[i]);
    if (first) beside_ = style_.width == 0 ? widths_.size() : columns_beside(widths_, style_.width);
    auto widths = widths_;
    widths.resize(beside_);
    if (style_.width != 0) shrink(widths, style_.width);
    if (style_.width != 0 && total(widths) > style_.width) return stacked(table, style_, first);
    std::string text;
    if (first)
        text = paint(table_line(table, table.columns, widths, style_, true), "2", style_) + "\n";
    for (const auto& row : table.rows) {
        text += table_line(table, row, widths, style_) + "\n";
        const std::string rest = below(table, row, beside_, widths_, style_);
        if (!rest.empty()) text += paint(wrapped(rest, 4, style_.width), "2", style_) + "\n";
    }
    return text;
}

std::string to_text(const View& view, const TextStyle& style) {
    std::string text;
    for (const auto& each : view.warnings) {
        text += paint("warning:", "1;33", style) + " " +
                wrapped(shown(each, style), 9, style.width).substr(9) + "\n";
    }
    for (const auto& each : view.summary)
        text += wrapped(shown(each, style), 0, style.width) + "\n";
    for (const auto& each : view.findings) {
        text += (text.empty() ? "" : "\n") + finding_text(each, style);
    }
    for (const auto& each : view.tables) text += (text.empty() ? "" : "\n") + to_text(each, style);
    return text;
}

}  // namespace nspect::viz
