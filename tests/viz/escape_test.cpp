// SPDX-License-Identifier: Apache-2.0
#include "viz/escape.h"

#include <string>

#include <catch2/catch.hpp>

using namespace nspect::viz;

TEST_CASE("bytes that are not UTF-8 are replaced one by one", "[viz]") {
    auto [bytes, text] = GENERATE(table<std::string, std::string>({
        {"plain", "plain"},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x92", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x92"},
        {"\xff", "\uFFFD"},
        {"\xc3", "\uFFFD"},                                // cut
        {"\xc0\xaf", "\uFFFD\uFFFD"},                      // overlong
        {"\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"},            // a surrogate
        {"\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},  // beyond Unicode
        {"a\x80z", "a\uFFFDz"},
    }));
    CHECK(valid_utf8(bytes) == text);
}

TEST_CASE("a terminal sees control characters instead of obeying them", "[viz]") {
    auto [name, shown] = GENERATE(table<std::string, std::string>({
        {"\x1b[2J", "\\x1b[2J"},
        {"a\nb", "a\\x0ab"},
        {"\xc2\x9b", "\\x9b"},
        {"\u202Egnp", "\\u202egnp"},
        {"\u00e9\u4e2d", "\u00e9\u4e2d"},
    }));
    CHECK(for_terminal(name) == shown);
}

TEST_CASE("each output has its own escape", "[viz]") {
    CHECK(for_html("<a b='c'>&\"") == "&lt;a b=&#39;c&#39;&gt;&amp;&quot;");
    CHECK(for_dot("\"\\n") == "\\\"\\\\n");
    CHECK(for_markdown("a|b*c") == "a\\|b\\*c");
    CHECK(for_markdown("shop/web[Pod]") == "shop/web\\[Pod\\]");
    CHECK(for_mermaid("\"#;`") == "#quot;#35;;#96;");
}

TEST_CASE("a CSV cell is quoted where it must be, and is no formula", "[viz]") {
    auto [name, cell] = GENERATE(table<std::string, std::string>({
        {"plain text", "plain text"},
        {"a,b", "\"a,b\""},
        {"say \"a\"", "\"say \"\"a\"\"\""},
        {"=1+2", "'=1+2"},
        {"-", "-"},
        {"@a,b", "\"'@a,b\""},
    }));
    CHECK(for_csv(name) == cell);
}

TEST_CASE("columns are those of a terminal", "[viz]") {
    auto [text, columns] = GENERATE(table<std::string, std::size_t>({
        {"plain", 5},
        {"e\u0301te\u0301", 3},                 // marks combine
        {"\u6771\u4eac", 4},                    // wide
        {"\uff57\uff45\uff42", 6},              // fullwidth
        {"\ud55c\uad6d", 4},                    // Hangul
        {"\u0627\u064b", 1},                    // Arabic with a vowel
        {"\U0001f600", 2},                      // a pictograph
        {"\u2713\u25cb\u2717\u26a0\u25c7", 5},  // our own marks
    }));
    CAPTURE(text);
    CHECK(display_width(text) == columns);
}

TEST_CASE("a cut counts columns, and leaves no mark without its letter", "[viz]") {
    CHECK(cut_middle("\u6771\u4eac\u90fd\u5e81", 5, "~") == "\u6771~\u5e81");
    CHECK(cut_middle("abce\u0301fgh", 5, "~") == "ab~gh");
    CHECK(cut_middle("abcfge\u0301", 5, "~") == "ab~ge\u0301");
    for (std::size_t columns = 1; columns < 12; ++columns) {
        CHECK(display_width(cut_middle("\u6771e\u0301\u4eac-x-\u90fd\u5e81", columns, "~")) <=
              columns);
    }
}

TEST_CASE("where there is only ASCII, all else is told by number", "[viz]") {
    CHECK(ascii_only("caf\u00e9 \u20ac \U0001f600") == "caf\\xe9 \\u20ac \\U0001f600");
}

TEST_CASE("a cut leaves both ends of a name", "[viz]") {
    auto [name, columns, cut] = GENERATE(table<std::string, std::size_t, std::string>({
        {"short", 9, "short"},
        {"exactly-9", 9, "exactly-9"},
        {"longer-than-9", 9, "long\u2026an-9"},
        {"\u00e9\u00e9\u00e9\u00e9\u00e9", 3, "\u00e9\u2026\u00e9"},
        {"abc", 1, "\u2026"},
    }));
    const std::string result = cut_middle(name, columns, "\u2026");
    CHECK(result == cut);
    CHECK(display_width(result) <= columns);
}
