// SPDX-License-Identifier: Apache-2.0
#include "tests/viz/hostile.h"

#include <algorithm>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "ingest/baseline.h"
#include "viz/escape.h"
#include "viz/formats.h"
#include "viz/html_data.h"
#include "viz/json.h"
#include "viz/layout.h"
#include "viz/policy_yaml.h"
#include "viz/text.h"

using namespace nspect;
using test::hostile_texts;
using test::hostile_view;

namespace {

using Json = nlohmann::json;

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) {
        ++found;
    }
    return found;
}

/// Nothing in it moves a cursor, changes a colour, hides, or turns text around. `line_ends` says
/// what may end a line.
void check_plain(const std::string& text, const std::string& line_ends = "\n") {
    for (const char c : text) {
        if (line_ends.find(c) != std::string::npos) continue;
        const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        CHECK_FALSE(control);
    }
    for (const char* mark : {"\u202E", "\u2066", "\u200B", "\uFEFF", "\u2028", "\u009B"}) {
        CHECK(count(text, mark) == 0);
    }
    CHECK(viz::valid_utf8(text) == text);
}

/// RFC 4180.
std::vector<std::vector<std::string>> read_csv(const std::string& text) {
    std::vector<std::vector<std::string>> rows{{""}};
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        std::string& cell = rows.back().back();
        if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
            cell += text[++i];
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && c == ',') {
            rows.back().emplace_back();
        } else if (!quoted && c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
            rows.push_back({""});
            ++i;
        } else {
            cell += c;
        }
    }
    rows.pop_back();
    return rows;
}

}  // namespace

TEST_CASE("hostile names cannot steer a terminal", "[viz][hostile]") {
    for (const auto& text : hostile_texts()) {
        CAPTURE(text.substr(0, 60));
        check_plain(viz::to_text(hostile_view(text), {}));
        check_plain(viz::to_text(hostile_view(text), {100, false, true}));
        const std::string ascii = viz::to_text(hostile_view(text), {100, false, false});
        CHECK(std::all_of(ascii.begin(), ascii.end(),
                          [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
        const auto matrix =
            viz::to_matrix({{text + "/a[Pod]"}, {{text + "/a[Pod]", text, {}}}}, {});
        REQUIRE(matrix);
        check_plain(*matrix);
    }
}

TEST_CASE("hostile names stay one CSV cell, and no formula", "[viz][hostile]") {
    for (const auto& text : hostile_texts()) {
        CAPTURE(text.substr(0, 60));
        const std::string csv = viz::to_csv(hostile_view(text).tables[0]);
        check_plain(csv, "\r\n");
        const auto rows = read_csv(csv);
        REQUIRE(rows.size() == 2);
        for (const auto& row : rows) {
            REQUIRE(row.size() == 2);
            for (const auto& cell : row) {
                const bool formula =
                    cell.size() > 1 && std::string("=+-@").find(cell[0]) != std::string::npos;
                CHECK_FALSE(formula);
            }
        }
    }
}

TEST_CASE("hostile names are no Markdown and no HTML", "[viz][hostile]") {
    for (const auto& text : hostile_texts()) {
        CAPTURE(text.substr(0, 60));
        const std::string markdown = viz::to_markdown(hostile_view(text));
        check_plain(markdown);
        CHECK(count(markdown, "<") == count(markdown, "<!-- -->"));
        CHECK(count(markdown, "](") == count(markdown, "\\]("));
        CHECK(count(markdown, "@") == count(markdown, "@<!-- -->"));
        CHECK(count(markdown, "://") == 0);
        CHECK(count(markdown, "www.") == count(markdown, "www.<!-- -->"));
        CHECK(count(markdown, "\n| ") == 3);  // head, rule, row
    }
}

TEST_CASE("hostile names cannot leave their place in a diagram's source", "[viz][hostile]") {
    for (const auto& text : hostile_texts()) {
        CAPTURE(text.substr(0, 60));
        const auto view = hostile_view(text);
        check_plain(viz::to_dot(view));
        const std::string mermaid = viz::to_mermaid(view);
        check_plain(mermaid);
        const std::size_t groups = text.empty() ? 1 : 2;
        CHECK(count(mermaid, "\"") ==
              2 * (2 + groups + 1 + 1));  // around nodes, groups, label, legend
        CHECK(count(mermaid, "%%") == 0);
        CHECK(count(mermaid, "\n") == 1 + 2 + 2 * groups + 2 + 1);
    }
}

TEST_CASE("hostile names are drawn as text", "[viz][hostile]") {
    for (const auto& text : hostile_texts()) {
        CAPTURE(text.substr(0, 60));
        const auto svg = viz::render(hostile_view(text), "svg");
        REQUIRE(svg);
        check_plain(*svg);
        CHECK(count(*svg, "class=\"node\"") == 2);
        CHECK(count(*svg, "class=\"edge\"") == 1);
        for (const char* tag : {"<script", "<img", "<svg onload", "javascript:alert(1)\""}) {
            CHECK(count(*svg, tag) == 0);
        }
    }
}

TEST_CASE("hostile names cannot leave the report's data", "[viz][hostile]") {
    for (const auto& text : hostile_texts()) {
        CAPTURE(text.substr(0, 60));
        const std::string html = viz::to_html(hostile_view(text));
        CHECK(count(html, "<script") == 7);
        CHECK(count(html, "</script") == 7);
        const std::string open = "id=\"data\">";
        const auto start = html.find(open) + open.size();
        const std::string data = html.substr(start, html.find("</script>", start) - start);
        CHECK(count(data, "<") == 0);
        const Json json = Json::parse(data, nullptr, false);
        REQUIRE_FALSE(json.is_discarded());
        CHECK(json["title"] == viz::for_terminal(text));
        CHECK(json["nodes"][0]["label"] == viz::for_terminal(text));
        CHECK(json["documents"][0][1] == viz::valid_utf8(text));
    }
}

TEST_CASE("hostile names survive in JSON and SARIF as they are", "[viz][hostile]") {
    for (const auto& text : hostile_texts()) {
        CAPTURE(text.substr(0, 60));
        const auto view = hostile_view(text);
        const Json graph = Json::parse(viz::to_json(view.graph), nullptr, false);
        REQUIRE_FALSE(graph.is_discarded());
        const bool valid = viz::valid_utf8(text) == text;
        if (valid) CHECK(graph["edges"][0]["rules"][0] == text);
        const Json sarif = Json::parse(viz::to_sarif(view, "0"), nullptr, false);
        REQUIRE_FALSE(sarif.is_discarded());
        const auto& result = sarif["runs"][0]["results"][0];
        const std::string message = result["message"]["text"];
        check_plain(message);
        CHECK(count(message, "](") == count(message, "\\]("));
        if (text.empty()) continue;  // no file
        const std::string uri =
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        CHECK(uri.find_first_of(" <>\"\\^`{|}\n\r\t#?[]") == std::string::npos);
    }
}

TEST_CASE("hostile names are text of JUnit's XML", "[viz][hostile]") {
    for (const auto& text : hostile_texts()) {
        CAPTURE(text.substr(0, 60));
        const std::string xml = viz::to_junit(hostile_view(text), {"nspect audit", Severity::low});
        check_plain(xml);
        CHECK(count(xml, "\uFFFE") == 0);  // XML 1.0, 2.2
        const std::size_t tags = count(xml, "<");
        CHECK(tags == count(xml, ">"));
        CHECK(tags == 1 + 4 + 2 * 3 + 2 * 2 + 1);  // head, suites, tests, failures, a skipped one
        CHECK(count(xml, "\"") % 2 == 0);
        CHECK(count(xml, "&") == count(xml, "&amp;") + count(xml, "&lt;") + count(xml, "&gt;") +
                                     count(xml, "&quot;") + count(xml, "&#39;"));
    }
}

TEST_CASE("hostile names are scalars of a baseline", "[viz][hostile]") {
    for (const auto& text : hostile_texts()) {
        CAPTURE(text.substr(0, 60));
        const std::string yaml = viz::to_baseline(hostile_view(text));
        check_plain(yaml);
        CHECK(count(yaml, "\n") == 4 + 3 + 3);
        Diagnostics diagnostics;
        const auto entries = ingest::read_baseline("b", yaml, diagnostics);
        // The new finding has no reason yet; the known one is read back.
        CHECK(diagnostics.items().size() == 1 + (text.empty() ? 3 : 0));
        if (text.empty()) continue;
        REQUIRE(entries.size() == 1);
        CHECK(entries[0].subject == viz::for_terminal(text));
    }
}

TEST_CASE("hostile notes stay comments of a policy", "[viz][hostile]") {
    for (const auto& text : hostile_texts()) {
        CAPTURE(text.substr(0, 60));
        analyzer::GeneratedPolicy made;
        made.policy.namespace_name = text;
        made.policy.name = text;
        made.policy.isolates_ingress = true;
        made.notes = {text};
        const std::string yaml = viz::to_yaml(made);
        check_plain(yaml);
        // A policy without a namespace has no line for it.
        CHECK(count(yaml, "\n") == (text.empty() ? 8 : 9));
        CHECK(yaml.starts_with("# "));
    }
}
