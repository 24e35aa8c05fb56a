// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "viz/escape.h"
#include "viz/text.h"
#include "viz/wrapped.h"

namespace nspect::viz {

namespace {

constexpr std::size_t most_of_a_name = 40;
constexpr std::size_t least_of_a_name = 8;

struct Symbols {
    const char* all;
    const char* some;
    const char* none;
    const char* self;
};

Symbols symbols_of(const TextStyle& style) {
    if (style.unicode) return {"\u25CF", "\u25D0", "\u00B7", "\\"};
    return {"#", "+", ".", "\\"};
}

/// Workloads, and everything else as one.
class Matrix {
public:
    Matrix(const analyzer::Connectivity& connectivity, const TextStyle& style)
        : style_(style), symbols_(symbols_of(style)), names_(connectivity.peers) {
        for (std::size_t i = 0; i < names_.size(); ++i) index_.emplace(names_[i], i);
        const bool outside =
            std::any_of(connectivity.rows.begin(), connectivity.rows.end(), [&](const auto& row) {
                return !index_.contains(row.src) || !index_.contains(row.dst);
            });
        if (outside) names_.emplace_back("(outside)");
        for (const auto& row : connectivity.rows) add(row);
    }

    std::size_t size() const { return names_.size(); }

    std::string text() const {
        std::string out;
        const std::size_t at_once = columns_at_once();
        for (std::size_t from = 0; from < size(); from += at_once) {
            const Columns columns{from, std::min(from + at_once, size())};
            out += heading(columns);
            for (std::size_t i = 0; i < size(); ++i) out += line(i, columns);
            out += "\n";
        }
        const std::string legend = std::string(symbols_.all) + " everything, " + symbols_.some +
                                   " in part, " + symbols_.none +
                                   " nothing: from the row to the column";
        return out + wrapped(legend, 0, style_.width) + "\n" + parts();
    }

private:
    struct Columns {
        std::size_t from = 0;
        std::size_t to = 0;  ///< behind the last
    };

    void add(const analyzer::ConnectivityRow& row) {
        const auto at = [&](const std::string& name) {
            const auto found = index_.find(name);
            return found == index_.end() ? names_.size() - 1 : found->second;
        };
        auto& cell = cells_[{at(row.src), at(row.dst)}];
        cell = cell | row.traffic;
        if (is_some(row.src) || is_some(row.dst)) partly_.insert({at(row.src), at(row.dst)});
    }

    /// Some addresses outside, not all of a family.
    bool is_some(const std::string& name) const {
        return !index_.contains(name) && name != "0.0.0.0-255.255.255.255" &&
               name != "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    }

    std::string shown(std::size_t index) const {
        const std::string name = for_terminal(names_[index]);
        return cut_middle(style_.unicode ? name : ascii_only(name), longest_name(),
                          style_.unicode ? "\u2026" : "~");
    }
    /// Half of the terminal is left for the symbols.
    std::size_t longest_name() const {
        if (style_.width == 0) return most_of_a_name;
        return std::clamp(style_.width / 2, least_of_a_name, most_of_a_name);
    }
    std::size_t name_width() const {
        std::size_t width = 0;
        for (std::size_t i = 0; i < names_.size(); ++i)
            width = std::max(width, display_width(shown(i)));
        return width;
    }
    std::size_t number_width() const { return std::to_string(names_.size()).size(); }
    std::string right(const std::string& text) const {
        const std::size_t width = display_width(text);
        return std::string(number_width() - std::min(number_width(), width), ' ') + text;
    }

    /// How many have room beside the names; at least one.
    std::size_t columns_at_once() const {
        if (style_.width == 0) return size();
        const std::size_t each = number_width() + 1;
        const std::size_t names = name_width() + each;
        return style_.width > names + each ? (style_.width - names) / each : 1;
    }
    std::string heading(const Columns& columns) const {
        std::string out(name_width() + 1 + number_width(), ' ');
        for (std::size_t i = columns.from; i < columns.to; ++i)
            out += " " + right(std::to_string(i + 1));
        return out + "\n";
    }
    std::string line(std::size_t from, const Columns& columns) const {
        const std::string name = shown(from);
        std::string out = name + std::string(name_width() - display_width(name), ' ') + " " +
                          right(std::to_string(from + 1));
        for (std::size_t to = columns.from; to < columns.to; ++to)
            out += " " + right(symbol(from, to));
        return out + "\n";
    }
    const char* symbol(std::size_t from, std::size_t to) const {
        if (from == to) return symbols_.self;
        const auto cell = cells_.find({from, to});
        if (cell == cells_.end()) return symbols_.none;
        return is_whole(*cell) ? symbols_.all : symbols_.some;
    }
    using Cell = std::pair<const std::pair<std::size_t, std::size_t>, TrafficSet>;
    bool is_whole(const Cell& cell) const {
        return to_conn(cell.second) == "All Connections" && !partly_.contains(cell.first);
    }
    std::string parts() const {
        std::string out;
        for (const auto& cell : cells_) {
            if (is_whole(cell)) continue;
            const std::string ends = right(std::to_string(cell.first.first + 1)) + " -> " +
                                     right(std::to_string(cell.first.second + 1)) + "  ";
            const std::string what =
                to_conn(cell.second) + (partly_.contains(cell.first) ? ", some addresses" : "");
            out += ends + wrapped(what, ends.size(), style_.width).substr(ends.size()) + "\n";
        }
        return out.empty() ? out : "\n" + out;
    }

    const TextStyle& style_;
    Symbols symbols_;
    std::vector<std::string> names_;
    std::map<std::string, std::size_t> index_;
    std::map<std::pair<std::size_t, std::size_t>, TrafficSet> cells_;
    std::set<std::pair<std::size_t, std::size_t>> partly_;
};

}  // namespace

std::optional<std::string> to_matrix(const analyzer::Connectivity& connectivity,
                                     const TextStyle& style, std::size_t most) {
    if (connectivity.peers.size() > most) return std::nullopt;
    return Matrix(connectivity, style).text();
}

}  // namespace nspect::viz
