// SPDX-License-Identifier: Apache-2.0
#include "tests/viz/hostile.h"

namespace nspect::test {

const std::vector<std::string>& hostile_texts() {
    static const std::vector<std::string> texts{
        "<script>alert(1)</script>",
        "</script><img src=x onerror=alert(1)>",
        "<!--<script>",
        "\"><svg onload=alert(1)>",
        "\x1b[31mred\x1b]0;title\x07",
        "a\" -> b; subgraph { \"",
        "back\\slash\\n\\G",
        "&lt;b&gt;&#x3c;",
        "=cmd|' /C calc'!A0",
        "+1+2",
        "@SUM(1)",
        "-2",
        "a,b\";c",
        "web\u202Egnp.exe",
        "\u2066hidden\u200B\uFEFF",
        "two\nlines\r\nand\ttab",
        "| a | b |",
        "[click](javascript:alert(1)) `code` ![x](y)",
        "@maintainer see #1 and https://example.com www.example.com",
        "\"]; click n0 href \"javascript:alert(1)\"",
        "%%{init: {'securityLevel': 'loose'}}%%",
        "key: value\n- item: {a: [b]} # c",
        "@DATA@ @SCRIPT@ @D3@",
        std::string("nul\0inside", 10),
        "not a character \uFFFE]]>",
        "bad \xff\xfe utf-8 \xc0\xaf",
        "",
        std::string(5000, 'x'),
    };
    return texts;
}

viz::View hostile_view(const std::string& text) {
    viz::View view;
    view.title = text;
    view.summary = {text};
    view.figures = {{text, text}};
    view.warnings = {text};
    view.graph.nodes = {{text + "/a[Pod]", text, text, GraphNode::Kind::workload, {}},
                        {"b", text, "plain", GraphNode::Kind::external, {}}};
    GraphEdge edge;
    edge.from = 0;
    edge.to = 1;
    edge.point = {Protocol::tcp, Port{80}};
    edge.conversations = 1;
    edge.outcomes[0] = 1;
    edge.rules = {text};
    edge.app = text;
    edge.services = {text};
    edge.lost = edge.retransmitting = edge.retransmits = 1;
    edge.lost_between = {text, text};
    view.graph.edges = {edge};
    view.findings = {
        {"some-code", Severity::high, text, text, {text}, Location{text, 3, 4, ""}, 0}};
    view.known = {{{"other-code", Severity::low, text, text, {text}, Location{text, 3, 4, ""}, {}},
                   text,
                   std::nullopt}};
    view.checks = {{text, text, viz::Check::Status::fail, text, {text}}};
    view.tables = {{"edges", text, {"From", text}, {{text, text}}, {}}};
    view.documents = {{text, text}};
    view.page_tables = {{"unprotected", text, {text}, {{text}}, {}}};
    view.details.talks = {{0, {}, text, text, text, text, text}};
    view.details.sources = {{text, text}};
    view.details.in_force = {{text, text, text, text}};
    view.details.generated = {{text, text, "", text}};
    view.details.proof = {text};
    return view;
}

}  // namespace nspect::test
