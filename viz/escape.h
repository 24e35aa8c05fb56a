// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Names, labels and SNI come from strangers: each output has one function that makes them inert in
/// it. All of them first replace bytes that are not UTF-8 by U+FFFD.
namespace nspect::viz {

/// For a terminal: control characters (ANSI escapes too) and characters that change the direction
/// of text become visible, \x1b and \u202e.
std::string for_terminal(std::string_view text);
/// Text and attribute values of HTML, SVG and XML.
std::string for_html(std::string_view text);
/// Inside a quoted DOT string; a backslash stays a backslash instead of one of Graphviz's escapes.
std::string for_dot(std::string_view text);
/// A table cell or running text of GitHub Markdown.
std::string for_markdown(std::string_view text);
/// A CSV cell, quoted where RFC 4180 asks for it; what a spreadsheet would run starts with a quote
/// mark.
std::string for_csv(std::string_view text);
/// Inside a quoted Mermaid label.
std::string for_mermaid(std::string_view text);

/// Bad UTF-8 replaced.
std::string valid_utf8(std::string_view text);
/// With every other character as \xe9, \u20ac or \U0001f600, for terminals that have no more.
std::string ascii_only(std::string_view text);
/// Columns in a terminal: two for East Asian wide characters, none for combining marks.
std::size_t display_width(std::string_view utf8);
/// Its beginning that is at most `columns` wide; of a text that is not empty at least a character.
std::string_view first_columns(std::string_view utf8, std::size_t columns);
/// At most `columns` wide, cut in the middle: both the beginning and the end of a name tell it
/// apart. REQUIRES: columns > 0.
std::string cut_middle(std::string_view utf8, std::size_t columns, std::string_view mark);

}  // namespace nspect::viz
