// SPDX-License-Identifier: Apache-2.0
#include "viz/excerpt.h"

#include <algorithm>

namespace nspect::viz {

namespace {

constexpr std::size_t most_lines = 60;

/// Takes the first line off; without its end.
std::string_view take_line(std::string_view& text) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::size_t indent(std::string_view line) {
    return std::min(line.find_first_not_of(' '), line.size());
}

/// Whether a line that is not the first is still inside the node that begins `within` spaces in.
bool belongs(std::string_view line, std::size_t within) {
    if (indent(line) == line.size()) return true;  // empty
    return indent(line) >= within && !line.starts_with("---") && !line.starts_with("...");
}

}  // namespace

std::string excerpt(std::string_view text, const Location& where) {
    if (where.line == 0) return "";
    for (std::size_t line = 1; line < where.line && !text.empty(); ++line) take_line(text);
    if (text.empty()) return "";
    const std::size_t within = where.column > 0 ? where.column - 1 : 0;
    const std::string_view first = take_line(text);
    const std::size_t left = std::min(indent(first), within);
    std::string out(first.substr(left));
    std::string gap = "\n";  // empty lines at the end are left out
    for (std::size_t lines = 1; !text.empty(); ++lines) {
        const std::string_view line = take_line(text);
        if (!belongs(line, within)) break;
        if (lines == most_lines) return out + "\n...";
        if (indent(line) == line.size()) {
            gap += '\n';
            continue;
        }
        out += gap + std::string(line.substr(left));
        gap = "\n";
    }
    return out;
}

}  // namespace nspect::viz
