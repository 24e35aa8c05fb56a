// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>

#include <nlohmann/json.hpp>

#include "viz/drawn.h"
#include "viz/escape.h"
#include "viz/formats.h"
#include "viz/json_value.h"
#include "viz/layout.h"
#include "viz/web/assets.h"
#include "viz/words.h"

namespace nspect::viz {

namespace {

/// What deceives the eye is made visible here, once; the page sets every string as text.
std::string shown(const std::string& text) {
    return for_terminal(text);
}

Json strings(const std::vector<std::string>& list) {
    Json json = Json::array();
    for (const auto& each : list) json.push_back(shown(each));
    return json;
}

Json pairs(const std::vector<std::pair<std::string, std::string>>& list) {
    Json json = Json::array();
    for (const auto& [first, second] : list) json.push_back({shown(first), shown(second)});
    return json;
}

Json box_json(const Positions::Box& box) {
    return {std::round(box.center.x), std::round(box.center.y), std::round(box.width),
            std::round(box.height)};
}

Json node_json(const GraphNode& node, const Positions::Box* box) {
    return {{"id", shown(node.id)},
            {"label", shown(node.label)},
            {"group", shown(node.group)},
            {"kind", node.kind == GraphNode::Kind::external ? "external" : "workload"},
            {"open", node.kind == GraphNode::Kind::workload && !node.isolated_ingress &&
                         !node.isolated_egress},
            {"box", box == nullptr ? Json(nullptr) : box_json(*box)}};
}

Json line_json(const DrawnEdge& line, const Positions::Line* where) {
    Json json{{"from", line.from},          {"to", line.to},       {"state", to_string(line.state)},
              {"label", shown(line.label)}, {"edges", line.edges}, {"curve", Json::array()},
              {"at", Json::array()}};
    if (where == nullptr) return json;
    for (const Point& each : where->curve) {
        json["curve"].push_back(std::round(each.x));
        json["curve"].push_back(std::round(each.y));
    }
    json["at"] = {std::round(where->label.x), std::round(where->label.y)};
    return json;
}

Json fact(const char* name, const std::string& value) {
    return Json::array({name, shown(value)});
}

Json edge_facts(const GraphEdge& edge) {
    Json facts = Json::array();
    if (edge.conversations == 0) return facts;
    facts.push_back(fact("conversations", std::to_string(edge.conversations)));
    for (std::size_t i = 0; i < outcome_count; ++i) {
        if (edge.outcomes[i] == 0) continue;
        const std::string outcome(to_string(static_cast<Outcome>(i)));
        facts.push_back(fact(outcome.c_str(), std::to_string(edge.outcomes[i])));
    }
    facts.push_back(fact("sent", byte_words(edge.sent.bytes)));
    facts.push_back(fact("received", byte_words(edge.received.bytes)));
    facts.push_back(fact("first", clock(edge.first)));
    facts.push_back(fact("last", clock(edge.last)));
    if (!edge.app.empty()) facts.push_back(fact("protocol", edge.app));
    if (edge.tls > 0) {
        facts.push_back(
            fact("TLS", std::to_string(edge.tls) + ", mutual " + std::to_string(edge.mutual_tls)));
    }
    for (const auto& service : edge.services) facts.push_back(fact("dialled", service));
    return facts;
}

Json edge_json(const Graph& graph, const GraphEdge& edge) {
    return {{"src", shown(graph.nodes[edge.from].id)},
            {"dst", shown(graph.nodes[edge.to].id)},
            {"traffic",
             edge.declared_traffic ? to_conn(*edge.declared_traffic) : to_string(edge.point)},
            {"state", to_string(edge.state)},
            {"rules", strings(edge.rules)},
            {"facts", edge_facts(edge)}};
}

Json finding_json(const Finding& finding) {
    return {{"code", shown(finding.code)},
            {"severity", to_string(finding.severity)},
            {"subject", shown(finding.subject)},
            {"message", shown(finding.message)},
            {"evidence", strings(finding.evidence)},
            {"location", finding.location ? shown(to_string(*finding.location)) : std::string()},
            {"edge", finding.edge ? Json(*finding.edge) : Json(nullptr)}};
}

Json table_json(const Table& table) {
    Json rows = Json::array();
    for (const auto& row : table.rows) rows.push_back(strings(row));
    return {{"id", table.id},
            {"title", shown(table.title)},
            {"columns", strings(table.columns)},
            {"rows", std::move(rows)},
            {"numeric", table.numeric}};
}

void add_graph(Json& json, const View& view) {
    const auto where = positions(view);
    json["width"] = where ? std::ceil(where->width) : 0;
    json["height"] = where ? std::ceil(where->height) : 0;
    json["nodes"] = Json::array();
    for (std::size_t i = 0; i < view.graph.nodes.size(); ++i) {
        json["nodes"].push_back(node_json(view.graph.nodes[i], where ? &where->nodes[i] : nullptr));
    }
    json["lines"] = Json::array();
    json["states"] = Json::array();
    const auto lines = drawn_edges(view.graph);
    std::array<bool, 6> states{};
    for (std::size_t i = 0; i < lines.size(); ++i) {
        json["lines"].push_back(line_json(lines[i], where ? &where->lines[i] : nullptr));
        states[static_cast<std::size_t>(lines[i].state)] = true;
    }
    for (std::size_t i = 0; i < states.size(); ++i) {
        const auto state = static_cast<EdgeState>(i);
        if (!states[i]) continue;
        json["states"].push_back({{"state", to_string(state)},
                                  {"words", edge_style(state).words},
                                  {"symbol", edge_style(state).symbol}});
    }
    json["groups"] = Json::array();
    const auto names = groups(view.graph);
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i].empty() || !where) continue;
        json["groups"].push_back({{"name", shown(names[i])}, {"box", box_json(where->groups[i])}});
    }
    json["edges"] = Json::array();
    for (const GraphEdge& each : view.graph.edges)
        json["edges"].push_back(edge_json(view.graph, each));
}

std::string report_data(const View& view) {
    Json json;
    json["title"] = shown(view.title);
    json["summary"] = strings(view.summary);
    json["figures"] = pairs(view.figures);
    json["warnings"] = strings(view.warnings);
    add_graph(json, view);
    json["findings"] = Json::array();
    for (const Finding& each : view.findings) json["findings"].push_back(finding_json(each));
    json["tables"] = Json::array();
    for (const Table& each : view.tables) json["tables"].push_back(table_json(each));
    json["documents"] = Json::array();
    for (const auto& [name, text] : view.documents)
        json["documents"].push_back({shown(name), valid_utf8(text)});
    return dumped(json);
}

/// No text inside can end the script element it stands in.
std::string inert(const std::string& json) {
    std::string out;
    out.reserve(json.size());
    for (const char c : json) {
        if (c == '<') {
            out += "\\u003c";
        } else {
            out += c;
        }
    }
    return out;
}

unsigned nibble(char c) {
    return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
}

/// A Content-Security-Policy source: 'sha256-BASE64'.
std::string csp_hash(std::string_view hex) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string base64;
    unsigned bits = 0;
    unsigned held = 0;
    for (const char c : hex) {
        bits = (bits << 4U) | nibble(c);
        held += 4;
        if (held < 6) continue;
        held -= 6;
        base64 += digits[(bits >> held) & 63U];
    }
    if (held > 0) base64 += digits[(bits << (6 - held)) & 63U];
    while (base64.size() % 4 != 0) base64 += '=';
    return "'sha256-" + base64 + "'";
}

}  // namespace

std::string to_html(const View& view) {
    const std::string data = inert(report_data(view));
    const std::string hashes = csp_hash(web::d3.sha256) + " " + csp_hash(web::script.sha256);
    const std::string style_hash = csp_hash(web::style.sha256);
    const std::pair<std::string_view, std::string_view> parts[] = {
        {"@HASHES@", hashes}, {"@STYLE_HASH@", style_hash}, {"@STYLE@", web::style.text},
        {"@DATA@", data},     {"@D3@", web::d3.text},       {"@SCRIPT@", web::script.text},
    };
    std::string html;
    std::string_view page = web::page.text;
    for (const auto& [mark, text] :
         parts) {  // in the page's order, so that no part is searched for marks
        const auto at = page.find(mark);
        html.append(page.substr(0, at)).append(text);
        page.remove_prefix(at + mark.size());
    }
    return html.append(page);
}

}  // namespace nspect::viz
