// SPDX-License-Identifier: Apache-2.0
#include "viz/html_data.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <optional>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "model/hash_seed.h"
#include "viz/collapse.h"
#include "viz/drawn.h"
#include "viz/escape.h"
#include "viz/json_value.h"
#include "viz/layout.h"
#include "viz/legend.h"
#include "viz/words.h"

namespace nspect::viz {

namespace {

/// What deceives the eye is made visible here, once; the page sets every string as text.
std::string shown(std::string_view text) {
    return for_terminal(text);
}

/// The same for text of several lines.
std::string readable(std::string_view text) {
    std::string out;
    for (;;) {
        const auto end = std::min(text.find('\n'), text.size());
        out += shown(text.substr(0, end));
        if (end == text.size()) return out;
        out += '\n';
        text.remove_prefix(end + 1);
    }
}

std::int64_t milliseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

/// Texts that stand in many places: each once, named by its number.
class Words {
public:
    std::size_t number(const std::string& text) {
        const auto [at, added] = numbers_.try_emplace(shown(text), list_.size());
        if (added) list_.push_back(at->first);
        return at->second;
    }

    Json numbers(const std::vector<std::string>& list) {
        Json json = Json::array();
        for (const auto& each : list) json.push_back(number(each));
        return json;
    }

    Json take() { return std::move(list_); }

private:
    std::unordered_map<std::string, std::size_t, SeededTextHash> numbers_;
    Json list_ = Json::array();
};

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

const char* kind_name(GraphNode::Kind kind) {
    switch (kind) {
        case GraphNode::Kind::workload:
            return "workload";
        case GraphNode::Kind::node:
            return "node";
        case GraphNode::Kind::external:
            return "external";
        case GraphNode::Kind::group:
            break;
    }
    return "group";
}

Json node_json(const GraphNode& node) {
    return {{"id", shown(node.id)},
            {"label", shown(node.label)},
            {"type", shown(kind_in(node.id))},
            {"group", shown(node.group)},
            {"kind", kind_name(node.kind)},
            {"judged", node.judged},
            {"ingress", node.isolated_ingress},
            {"egress", node.isolated_egress}};
}

/// "2026-01-01 00:00:58": to the second, as people compare it with their logs.
std::string moment(Timestamp time) {
    std::string text = to_string(time).substr(0, 19);
    if (text.size() == 19) text[10] = ' ';
    return text;
}

const char* encryption(const GraphEdge& edge) {
    const std::uint64_t all = carried(edge);
    if (all == 0) return "unknown";
    if (edge.tls == 0) return "none";
    if (edge.mutual_tls == all) return "mutual";
    return edge.tls == all ? "tls" : "partly";
}

std::string tls_words(const GraphEdge& edge) {
    if (edge.tls == 0) return "none seen";
    std::string text = std::to_string(edge.tls) + " of " + std::to_string(carried(edge)) +
                       " encrypted, " + std::to_string(edge.mutual_tls) + " mutual";
    if (edge.unknown_tls > 0) text += ", " + std::to_string(edge.unknown_tls) + " not known";
    return text;
}

Json edge_facts(const GraphEdge& edge, Words& texts) {
    Json facts = Json::array();
    const auto add = [&](std::string_view name, const std::string& value) {
        facts.push_back({texts.number(std::string(name)), texts.number(value)});
    };
    if (edge.conversations == 0) return facts;
    for (std::size_t i = 0; i < outcome_count; ++i) {
        if (edge.outcomes[i] == 0) continue;
        add(to_string(static_cast<Outcome>(i)), counted(edge.outcomes[i], "conversation"));
    }
    add("bytes",
        byte_words(edge.sent.bytes) + " sent, " + byte_words(edge.received.bytes) + " received");
    add("first", moment(edge.first));
    add("last", moment(edge.last));
    if (!edge.app.empty()) add("application", edge.app);
    if (carried(edge) > 0) add("TLS", tls_words(edge));
    for (const auto& service : edge.services) add("dialled as", service);
    return facts;
}

Json edge_json(const GraphEdge& edge, Words& texts) {
    return {{"from", edge.from},
            {"to", edge.to},
            {"traffic", traffic_words(edge)},
            {"state", to_string(edge.state)},
            {"count", edge.conversations},
            {"tls", encryption(edge)},
            {"rules", texts.numbers(edge.rules)},
            {"facts", edge_facts(edge, texts)}};
}

Json box_json(const Positions::Box& box) {
    return {std::round(box.center.x), std::round(box.center.y), std::round(box.width),
            std::round(box.height)};
}

double tenth(double value) {
    return std::round(value * 10) / 10;
}

const char* lock_name(Lock lock) {
    constexpr std::array<const char*, lock_count> names{"", "closed", "half", "unknown", "open"};
    return names[static_cast<std::size_t>(lock)];
}

/// What a label is drawn of: text, lock, text, lock, ... and the losses last.
Json parts_json(const DrawnEdge& line) {
    Json json = Json::array();
    std::string before = std::string(edge_style(line.state).symbol) + " ";
    for (const LabelPart& each : line.parts) {
        json.push_back({shown(before + each.text), lock_name(each.lock), shown(each.word)});
        before = each.text.empty() && each.lock == Lock::none ? "" : ", ";
    }
    if (!line.losses.empty()) json.push_back({loss_words(line.losses), "", ""});
    return json;
}

/// `edges` translates indices where the picture is not of the whole graph.
Json line_json(const DrawnEdge& line, const Positions::Line& where,
               const std::vector<std::size_t>* edges) {
    Json curve = Json::array();
    for (const Point& each : where.curve) {
        curve.push_back(tenth(each.x));
        curve.push_back(tenth(each.y));
    }
    Json indices = Json::array();
    for (const std::size_t each : line.edges)
        indices.push_back(edges == nullptr ? each : (*edges)[each]);
    return {{"from", line.from},
            {"to", line.to},
            {"state", to_string(line.state)},
            {"label", shown(line.label)},
            {"parts", parts_json(line)},
            {"width", tenth(line_width(line))},
            {"at",
             {tenth(where.label.x), tenth(where.label.y), tenth(where.label_width),
              tenth(where.label_height)}},
            {"curve", std::move(curve)},
            {"edges", std::move(indices)}};
}

Json picture_json(const char* name, const Graph& graph, const std::vector<std::size_t>* edges,
                  const LayoutLimits& limits) {
    View view;
    view.graph = graph;
    const Positions where = positions(view, limits);
    const auto lines = drawn_edges(graph);
    const auto names = groups(graph);
    Json json{{"name", name},
              {"width", std::ceil(where.width)},
              {"height", std::ceil(where.height)},
              {"boxes", Json::array()},
              {"groups", Json::array()},
              {"lines", Json::array()}};
    for (const auto& box : where.nodes) json["boxes"].push_back(box_json(box));
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i].empty()) continue;
        json["groups"].push_back({{"name", shown(names[i])}, {"box", box_json(where.groups[i])}});
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        json["lines"].push_back(line_json(lines[i], where.lines[i], edges));
    }
    return json;
}

Json nodes_json(const Graph& graph) {
    Json json = Json::array();
    for (const GraphNode& each : graph.nodes) json.push_back(node_json(each));
    return json;
}

/// The picture of all nodes, and for large graphs one of the groups before it.
Json pictures_json(const Graph& graph, const LayoutLimits& limits) {
    Json list = Json::array();
    if (graph.nodes.empty()) return list;
    const auto made =
        graph.nodes.size() >= readable_nodes ? useful_overview(graph) : std::optional<Overview>();
    if (made) {
        Json json = picture_json("overview", made->graph, &made->edges, limits);
        json["nodes"] = nodes_json(made->graph);
        json["node_of"] = made->node_of;
        list.push_back(std::move(json));
    }
    list.push_back(picture_json("workloads", graph, nullptr, limits));
    return list;
}

/// What the chips of the verdicts do not say already.
Json legend_json(const View& view) {
    Json json = Json::array();
    for (const LegendEntry& each : legend(view, drawn_edges(view.graph))) {
        if (each.state) continue;
        json.push_back({each.mark, lock_name(each.lock), each.words});
    }
    return json;
}

Json states_json(const Graph& graph) {
    std::array<std::uint64_t, edge_state_count> edges{};
    std::array<std::string_view, edge_state_count> words{};
    for (const GraphEdge& each : graph.edges) {
        ++edges[static_cast<std::size_t>(each.state)];
        words[static_cast<std::size_t>(each.state)] = state_words(each);
    }
    Json json = Json::array();
    for (std::size_t i = 0; i < edges.size(); ++i) {
        const auto state = static_cast<EdgeState>(i);
        if (edges[i] == 0) continue;
        json.push_back({{"state", to_string(state)},
                        {"words", words[i]},
                        {"symbol", edge_style(state).symbol},
                        {"edges", edges[i]}});
    }
    return json;
}

Json shown_finding(const Finding& finding) {
    return {{"code", shown(finding.code)},
            {"severity", to_string(finding.severity)},
            {"subject", shown(finding.subject)},
            {"message", shown(finding.message)},
            {"evidence", strings(finding.evidence)},
            {"location", finding.location ? shown(to_string(*finding.location)) : std::string()},
            {"edge", finding.edge ? Json(*finding.edge) : Json(nullptr)}};
}

Json table_json(const Table& table, Words& texts) {
    Json rows = Json::array();
    for (const auto& row : table.rows) rows.push_back(texts.numbers(row));
    return {{"id", table.id},
            {"title", shown(table.title)},
            {"columns", strings(table.columns)},
            {"rows", std::move(rows)},
            {"numeric", table.numeric}};
}

/// When conversations began, by edge: step, count, step, count.
Json activity_json(const Activity& activity) {
    Json edges = Json::array();
    for (const auto& counts : activity.edges) {
        Json list = Json::array();
        for (const auto& [step, count] : counts) {
            list.push_back(step);
            list.push_back(count);
        }
        edges.push_back(std::move(list));
    }
    return {{"from", milliseconds(activity.from.time_since_epoch())},
            {"step", static_cast<double>(activity.step.count()) / 1e6},
            {"steps", activity.steps},
            {"edges", std::move(edges)}};
}

/// The conversations by edge, and for each what the columns are.
Json talks_json(const PageDetails& details, std::size_t edges, Words& texts) {
    Json json = Json::array();
    for (std::size_t i = 0; i < edges; ++i) json.push_back(Json::array());
    for (const EdgeTalk& each : details.talks) {
        json[each.edge].push_back(texts.numbers(
            {moment(each.first), each.client, each.outcome, each.bytes, each.tls, each.became}));
    }
    return json;
}

Json policies_json(const std::vector<PolicyText>& list) {
    Json json = Json::array();
    for (const PolicyText& each : list) {
        json.push_back({{"scope", shown(each.scope)},
                        {"title", shown(each.title)},
                        {"place", shown(each.place)},
                        {"text", readable(each.text)}});
    }
    return json;
}

void add_details(const PageDetails& details, std::size_t edges, Words& texts, Json& json) {
    json["activity"] = activity_json(details.activity);
    json["talks"] = details.talks.empty() ? Json::array() : talks_json(details, edges, texts);
    json["sources"] = Json::object();
    for (const auto& [place, text] : details.sources)
        json["sources"][shown(place)] = readable(text);
    json["in_force"] = policies_json(details.in_force);
    json["generated"] = policies_json(details.generated);
    json["proof"] = strings(details.proof);
}

}  // namespace

std::string html_data(const View& view, const LayoutLimits& limits, const std::string& theme) {
    Json json;
    Words texts;
    json["theme"] = theme;
    json["title"] = shown(view.title);
    json["summary"] = strings(view.summary);
    json["figures"] = pairs(view.figures);
    json["warnings"] = strings(view.warnings);
    json["states"] = states_json(view.graph);
    json["nodes"] = nodes_json(view.graph);
    json["edges"] = Json::array();
    for (const GraphEdge& each : view.graph.edges) json["edges"].push_back(edge_json(each, texts));
    json["pictures"] = pictures_json(view.graph, limits);
    json["legend"] = legend_json(view);
    json["findings"] = Json::array();
    for (const Finding& each : view.findings) json["findings"].push_back(shown_finding(each));
    json["tables"] = Json::array();
    for (const auto* tables : {&view.tables, &view.page_tables}) {
        for (const Table& each : *tables) json["tables"].push_back(table_json(each, texts));
    }
    json["documents"] = Json::array();
    for (const auto& [name, text] : view.documents) {
        json["documents"].push_back({shown(name), valid_utf8(text)});
    }
    add_details(view.details, view.graph.edges.size(), texts, json);
    json["strings"] = texts.take();
    return dumped(json);
}

}  // namespace nspect::viz
