// SPDX-License-Identifier: Apache-2.0
#include "viz/dot_label.h"

#include <algorithm>

#include "viz/escape.h"

namespace nspect::viz {

namespace {

constexpr std::size_t longest_label = 36;
constexpr std::size_t longest_warning = 120;
constexpr std::size_t most_warnings = 4;
constexpr std::size_t legend_columns = 3;
constexpr std::string_view bare_table =
    "<table border=\"0\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"0\"";

/// An empty cell of that size: a piece of a drawing.
std::string piece(const char* width, const char* height, const std::string& attributes = {}) {
    return "<td width=\"" + std::string(width) + "\" height=\"" + height + "\" fixedsize=\"true\"" +
           (attributes.empty() ? "" : " ") + attributes + "></td>";
}

std::string row_of(const std::string& cells) {
    return "<tr>" + cells + "</tr>";
}

std::string table_of(const std::string& rows, const std::string& attributes = {}) {
    return std::string(bare_table) + attributes + ">" + rows + "</table>";
}

/// A shackle upon a body: shut and full, shut and half full, or open and empty.
std::string lock_cell(Lock lock, std::string_view color) {
    const std::string filled = "bgcolor=\"" + std::string(color) + "\" border=\"1\"";
    const std::string shackle =
        std::string("border=\"1\" sides=\"") + (lock == Lock::open ? "LT" : "LTR") + "\"";
    std::string body;
    if (lock == Lock::half) {
        body = "<td>" +
               table_of(row_of(piece("5", "6", filled) +
                               piece("5", "6", "border=\"1\" sides=\"TRB\""))) +
               "</td>";
    } else {
        body = piece("10", "6", lock == Lock::closed ? filled : "border=\"1\"");
    }
    const std::string top =
        "<td>" + table_of(row_of(piece("2", "4") + piece("6", "4", shackle) + piece("2", "4"))) +
        "</td>";
    return "<td>" + table_of(row_of(top) + row_of(body), " color=\"" + std::string(color) + "\"") +
           "</td>" + piece("2", "8");
}

/// A lock whose state nobody knows is a question mark, not a lock.
std::string lock_markup(Lock lock, std::string_view color) {
    if (lock == Lock::none) return {};
    if (lock == Lock::unknown) return "<td><b>? </b></td>";
    return lock_cell(lock, color);
}

std::string part_markup(const LabelPart& part, bool first, std::string_view color) {
    const bool adds = part.text.empty();
    std::string cells = "<td>" +
                        std::string(first  ? ""
                                    : adds ? " "
                                           : ", ") +
                        for_html(part.text) + (adds ? "" : " ") + "</td>";
    if (part.lock == Lock::none) return cells;
    // The mark says already that it is not known.
    const std::string word = part.lock == Lock::unknown ? "TLS" + part.word.substr(5) : part.word;
    return cells + lock_markup(part.lock, color) + "<td>" + for_html(word) + "</td>";
}

std::string font(std::string_view color, const std::string& text) {
    return "<font color=\"" + std::string(color) + "\">" + text + "</font>";
}

const char* tip(std::string_view arrow) {
    if (arrow == "normal") return "\u25B6";
    if (arrow == "normalnormal") return "\u25B6\u25B6";
    if (arrow == "onormal") return "\u25B7";
    if (arrow == "tee") return "\u2524";
    if (arrow == "vee") return "\u27A4";
    return arrow == "odiamond" ? "\u25C7" : "";
}

/// It keeps its size whatever the column's width.
std::string fixed_table(const char* width, const std::string& rows) {
    return table_of(rows, " fixedsize=\"true\" height=\"12\" width=\"" + std::string(width) + "\"");
}

/// A piece of line with its arrowhead.
std::string sample(const EdgeStyle& style, std::string_view color) {
    const bool bold = style.dash == "bold";
    const std::string stroke =
        std::string("border=\"") + (bold ? "3" : "1") + "\" sides=\"B\" style=\"" +
        std::string(bold ? "solid" : style.dash) + "\" color=\"" + std::string(color) + "\"";
    return fixed_table(
        "42",
        row_of("<td>" + table_of(row_of(piece("26", "6", stroke)) + row_of(piece("26", "5"))) +
               "</td><td>" + font(color, std::string(tip(style.arrow)) + " ") + "</td>"));
}

/// The mark, and what it means.
std::string entry_markup(const LegendEntry& entry, const Theme& theme) {
    std::string_view color = theme.text;
    std::string mark = font(color, for_html(entry.mark));
    std::string words = entry.words;
    if (entry.state || entry.wire) {
        color = entry.state ? theme.of(*entry.state) : theme.of(*entry.wire);
        mark = sample(entry.state ? edge_style(*entry.state) : wire_style(*entry.wire), color);
        words = entry.mark + " " + words;
    } else if (entry.lock != Lock::none) {
        mark = fixed_table(entry.lock == Lock::unknown ? "16" : "12",
                           row_of(lock_markup(entry.lock, color)));
        words = (entry.lock == Lock::unknown ? "TLS" : entry.mark) + ": " + words;
    }
    return "<td>" + mark + "</td><td align=\"left\">" + font(color, for_html(words)) + "</td>";
}

/// The gravest come last in the view, and first here.
std::string warning_rows(const View& view, const Theme& theme) {
    std::string rows;
    for (std::size_t i = 0; i < std::min(view.warnings.size(), most_warnings); ++i) {
        const std::string& words = view.warnings[view.warnings.size() - 1 - i];
        const std::string shown = cut_middle(for_terminal(words), longest_warning, "\u2026");
        rows += "<tr><td align=\"left\" colspan=\"6\">" +
                font(theme.of(EdgeState::denied_flowed), "\u26A0 " + for_html(shown)) +
                "</td></tr>";
    }
    return rows;
}

}  // namespace

std::string short_markup(std::string_view text) {
    const std::string shown = cut_middle(for_terminal(text), longest_label, "\u2026");
    return shown.empty() ? " " : for_html(shown);
}

std::string label_markup(const DrawnEdge& edge, const Theme& theme, bool places) {
    const std::string_view color = theme.of(edge.state);
    std::string cells = "<td> " + std::string(edge_style(edge.state).symbol) + " </td>";
    bool first = true;
    for (const LabelPart& part : edge.parts) {
        cells += part_markup(part, first, color);
        first = false;
    }
    cells += "<td> " + loss_words(edge.losses) + (edge.losses.empty() ? "" : " ") + "</td>";
    std::string rows = row_of(cells);
    const std::string place = places ? loss_place(edge.losses) : std::string();
    if (!place.empty()) {
        rows = row_of("<td>" + table_of(rows) + "</td>") +
               row_of("<td><font point-size=\"8\"> " + for_html(place) + " </font></td>");
    }
    return "<" + table_of(rows, " bgcolor=\"" + std::string(theme.background) + "\"") + ">";
}

std::string legend_markup(const View& view, const std::vector<LegendEntry>& entries,
                          const Theme& theme) {
    std::string rows;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (i % legend_columns == 0) rows += i == 0 ? "<tr>" : "</tr><tr>";
        rows += entry_markup(entries[i], theme);
    }
    if (!rows.empty()) rows += "</tr>";
    return "<<table border=\"0\" cellborder=\"0\" cellspacing=\"6\" cellpadding=\"0\"><tr><td "
           "align=\"left\" colspan=\"6\"><b>" +
           short_markup(view.title) + "</b></td></tr>" + warning_rows(view, theme) + rows +
           "</table>>";
}

}  // namespace nspect::viz
