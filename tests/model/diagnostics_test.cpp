// SPDX-License-Identifier: Apache-2.0
#include "model/diagnostics.h"

#include <catch2/catch.hpp>

using namespace nspect;

namespace {

Diagnostic typing_error() {
    Diagnostic made;
    made.code = "NP014";
    made.message = "policy \"db-in\" selects no workload";
    made.hint = "did you mean \"database\"?";
    made.location = {"shop/netpol.yaml", 14, 14, ""};
    made.source_line = "        app: databse";
    made.width = 7;
    return made;
}

/// A diagnostic about one place of one line, without the parts that do not matter here.
Diagnostic at_column(std::string source, std::size_t column, std::size_t width) {
    Diagnostic made;
    made.code = "X";
    made.message = "m";
    made.location = {"f", 1, column, ""};
    made.source_line = std::move(source);
    made.width = width;
    return made;
}

std::string two_lines(const std::string& source, const std::string& caret) {
    return "f:1: error[X]: m\n   1 | " + source + "\n     | " + caret;
}

std::string shown(const Diagnostic& diagnostic) {
    auto text = to_string(diagnostic);
    const auto column = ':' + std::to_string(diagnostic.location.column) + ": error";
    text.replace(text.find(column), column.size(), ": error");
    return text;
}

}  // namespace

TEST_CASE("a diagnostic shows the line, the place and the hint", "[diagnostics]") {
    CHECK(to_string(typing_error()) ==
          "shop/netpol.yaml:14:14: error[NP014]: policy \"db-in\" selects no workload\n"
          "   14 |         app: databse\n"
          "      |              ^~~~~~~\n"
          "   hint: did you mean \"database\"?");
}

TEST_CASE("a diagnostic leaves out what is not known", "[diagnostics]") {
    auto diagnostic = typing_error();
    diagnostic.hint.clear();
    diagnostic.location.column = 0;
    CHECK(to_string(diagnostic) ==
          "shop/netpol.yaml:14: error[NP014]: policy \"db-in\" selects no workload\n"
          "   14 |         app: databse");
    diagnostic.source_line.clear();
    diagnostic.severity = Diagnostic::Severity::warning;
    CHECK(to_string(diagnostic) ==
          "shop/netpol.yaml:14: warning[NP014]: policy \"db-in\" selects no workload");
    diagnostic.code.clear();
    diagnostic.location = {};
    diagnostic.severity = Diagnostic::Severity::note;
    CHECK(to_string(diagnostic) == "note: policy \"db-in\" selects no workload");
}

TEST_CASE("a location is shortened by what is not known", "[diagnostics]") {
    const auto [location, expected] = GENERATE(table<Location, std::string>({
        {{"a.yaml", 14, 11, ""}, "a.yaml:14:11"},
        {{"a.yaml", 14, 0, ""}, "a.yaml:14"},
        {{"a.yaml", 0, 0, ""}, "a.yaml"},
        {{"a.yaml", 0, 5, ""}, "a.yaml"},
        {{"", 3, 4, ""}, "3:4"},
        {{"", 0, 0, ""}, ""},
        {{"a.json", 0, 0, "items[12].spec"}, "a.json:items[12].spec"},
        {{"a.json", 2, 3, "items[12].spec"}, "a.json:2:3"},
    }));
    CHECK(to_string(location) == expected);
}

TEST_CASE("the caret stands under the column, whatever stands before it", "[diagnostics]") {
    struct Row {
        std::string source;
        std::size_t column;
        std::size_t width;
        std::string shown_source;
        std::string caret;
    };
    const auto row = GENERATE(values<Row>({
        {"abc", 1, 1, "abc", "^"},
        {"abc", 3, 1, "abc", "  ^"},
        {"abc", 2, 99, "abc", " ^~"},
        {"abc", 2, 0, "abc", " ^"},
        {"abc", 2, std::string::npos, "abc", " ^~"},
        {"abc", 4, 1, "abc", "   ^"},
        {"abc", 99, 5, "abc", "   ^"},
        {"\t\tkey: x", 8, 1, "\t\tkey: x", "\t\t     ^"},
        {"a\tb", 3, 1, "a\tb", " \t^"},
        {"n\xc3\xa4me: x", 7, 1, "n\xc3\xa4me: x", "      ^"},
        {"\x1b[31mred", 2, 4, "\\x1B[31mred", "    ^~~~"},
        {"\x1b[31mred", 1, 1, "\\x1B[31mred", "^~~~"},
        {"\xff\xfe x", 4, 1, "\\xFF\\xFE x", "         ^"},
        {"abc\r\n", 2, 1, "abc", " ^"},
    }));
    CAPTURE(row.source, row.column);
    CHECK(shown(at_column(row.source, row.column, row.width)) ==
          two_lines(row.shown_source, row.caret));
}

TEST_CASE("a very long line is cut to a window around the column", "[diagnostics]") {
    std::string line;
    for (int i = 0; line.size() < 1000; ++i) line += std::to_string(i % 10);
    SECTION("at its start") {
        CHECK(shown(at_column(line, 3, 2)) == two_lines(line.substr(0, 100) + "...", "  ^~"));
    }
    SECTION("in its middle") {
        CHECK(shown(at_column(line, 501, 2)) ==
              two_lines("..." + line.substr(451, 100) + "...", std::string(52, ' ') + "^~"));
    }
    SECTION("at its end") {
        CHECK(shown(at_column(line, 1000, 1)) ==
              two_lines("..." + line.substr(900), std::string(102, ' ') + "^"));
    }
    SECTION("past its end") {
        CHECK(shown(at_column(line, 5000, 1)) ==
              two_lines("..." + line.substr(900), std::string(103, ' ') + "^"));
    }
    SECTION("when it goes on for megabytes") {
        CHECK(to_string(at_column(std::string(5'000'000, '\x1b'), 2'500'000, 5'000'000)).size() <
              2000);
    }
}

TEST_CASE("no text of a stranger reaches the terminal unescaped", "[diagnostics]") {
    auto diagnostic = typing_error();
    const std::string hostile = "a\x1b]0;x\x07\n\r\x7f\xc2\x9b\xe2\x80\xae";
    diagnostic.message = diagnostic.hint = diagnostic.code = diagnostic.source_line = hostile;
    diagnostic.location.file = hostile;
    const auto text = to_string(diagnostic);
    CHECK(std::count(text.begin(), text.end(), '\n') == 3);
    for (const std::string_view unsafe :
         {"\x1b", "\x07", "\r", "\x7f", "\xc2\x9b", "\xe2\x80\xae"}) {
        CHECK(text.find(unsafe) == std::string::npos);
    }
}

TEST_CASE("printable text keeps letters of all scripts and escapes the rest", "[diagnostics]") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"", ""},
        {"plain ~ text", "plain ~ text"},
        {"\xc3\xa4\xe4\xb8\xad\xf0\x9f\x90\xb3", "\xc3\xa4\xe4\xb8\xad\xf0\x9f\x90\xb3"},
        {"a\nb\tc", "a\\x0Ab\\x09c"},
        {std::string("a\0b", 3), "a\\x00b"},
        {"\xc0\x80", "\\xC0\\x80"},                    // overlong
        {"\xe0\x80\x8a", "\\xE0\\x80\\x8A"},           // overlong
        {"\xed\xa0\x80", "\\xED\\xA0\\x80"},           // surrogate
        {"\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"},  // past U+10FFFF
        {"\xe4\xb8", "\\xE4\\xB8"},                    // cut off
        {"\xe4\xb8x", "\\xE4\\xB8x"},
        {"\xef\xbb\xbf", "\\xEF\\xBB\\xBF"},    // invisible
        {"\xe2\x81\xa6x", "\\xE2\\x81\\xA6x"},  // turns direction
    }));
    CHECK(printable(text) == expected);
}

TEST_CASE("diagnostics are sorted by place, then code, and each said once", "[diagnostics]") {
    const auto make = [](std::string file, std::size_t line, std::size_t column, std::string code) {
        Diagnostic made;
        made.location = {std::move(file), line, column, ""};
        made.code = std::move(code);
        made.severity = Diagnostic::Severity::warning;
        return made;
    };
    const std::vector<Diagnostic> sorted{make("a", 1, 9, "Z"), make("a", 2, 1, "A"),
                                         make("a", 2, 1, "B"), make("a", 10, 1, "A"),
                                         make("b", 1, 1, "A")};
    Diagnostics diagnostics;
    for (auto it = sorted.rbegin(); it != sorted.rend(); ++it) diagnostics.add(*it);
    diagnostics.add(sorted[2]);
    diagnostics.sort();
    CHECK(diagnostics.items() == sorted);
    CHECK_FALSE(diagnostics.has_errors());
    diagnostics.add(typing_error());
    CHECK(diagnostics.has_errors());
    CHECK_FALSE(diagnostics.empty());
    CHECK(Diagnostics{}.empty());
}

TEST_CASE("a name typed wrong finds the one that was meant", "[diagnostics]") {
    const std::vector<std::string> candidates{"database", "web",      "worker", "ingress",
                                              "egress",   "postgres", "v2",     ""};
    const auto [word, expected] = GENERATE(table<std::string, std::string>({
        {"databse", "database"},
        {"databsae", "database"},  // swapped neighbours
        {"datbaes", "database"},   // two errors in a longer name
        {"Postgres", "postgres"},
        {"POSTGRES", "postgres"},
        {"wbe", "web"},
        {"wob", "web"},
        {"v1", "v2"},
        {"ingres", "ingress"},
        {"xyz", ""},
        {"elephant", ""},
        {"w", ""},
        {"", ""},
    }));
    CHECK(nearest_name(word, candidates) == expected);
}

TEST_CASE("of names equally near the first in the alphabet is suggested", "[diagnostics]") {
    CHECK(nearest_name("wez", {"wey", "web", "wex"}) == "web");
    CHECK(nearest_name("web", {"wex", "web"}) == "web");
    CHECK(nearest_name("web", {}).empty());
}

TEST_CASE("a hostile name costs no time and suggests nothing", "[diagnostics]") {
    const std::string word(1'000'000, 'a');
    CHECK(nearest_name(word, {word + 'b', "a"}).empty());
}
