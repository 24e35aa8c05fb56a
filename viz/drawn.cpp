// SPDX-License-Identifier: Apache-2.0
#include "viz/drawn.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace nspect::viz {

const EdgeStyle& edge_style(EdgeState state) {
    static constexpr std::array<EdgeStyle, edge_state_count> styles{{
        {"#2f855a", "solid", "normal", "\u2713", "allowed and used"},
        {"#667085", "dashed", "onormal", "\u25CB", "allowed, never used"},
        {"#975a16", "dotted", "tee", "\u2717", "denied and blocked"},
        {"#c53030", "bold", "normalnormal", "\u26A0", "denied, but it flowed"},
        {"#2b6cb0", "solid", "vee", "\u25C7", "seen, no policy applies"},
        {"#805ad5", "dashed", "odiamond", "?", "not decided by policy alone"},
        {"#c2410c", "bold", "normal", "+", "new"},
        {"#667085", "dashed", "tee", "\u2212", "gone"},
        {"#2b6cb0", "solid", "vee", "\u2260", "changed"},
    }};
    return styles[static_cast<std::size_t>(state)];
}

const EdgeStyle& wire_style(Wire::Kind kind) {
    static constexpr std::array<EdgeStyle, 3> styles{{
        {"#2b6cb0", "solid", "none", "\u2194", "ends of one pair"},
        {"#4a5568", "dashed", "none", "\u2282", "port of a bridge or bond"},
        {"#805ad5", "dotted", "normal", "\u2193", "on top of another device"},
    }};
    return styles[static_cast<std::size_t>(kind)];
}

std::string_view state_words(const GraphEdge& edge) {
    if (edge.declared_traffic && edge.state == EdgeState::allowed_used) return "allowed";
    if (edge.declared_traffic && edge.state == EdgeState::added) return "opened";
    if (edge.declared_traffic && edge.state == EdgeState::removed) return "closed";
    return edge_style(edge.state).words;
}

std::vector<DrawnEdge> drawn_edges(const Graph& graph) {
    std::map<std::tuple<std::size_t, std::size_t, EdgeState>, DrawnEdge> lines;
    for (std::size_t i = 0; i < graph.edges.size(); ++i) {
        const GraphEdge& edge = graph.edges[i];
        DrawnEdge& line = lines[{edge.from, edge.to, edge.state}];
        line.from = edge.from;
        line.to = edge.to;
        line.state = edge.state;
        line.edges.push_back(i);
        line.conversations += edge.conversations;
        line.bytes += edge.sent.bytes + edge.received.bytes;
    }
    std::vector<DrawnEdge> list;
    for (auto& [key, line] : lines) {
        line.parts = ports_and_locks(graph, line.edges);
        line.losses = loss_marks(graph, line.edges);
        const std::string lost = loss_words(line.losses);
        const std::string place = loss_place(line.losses);
        line.label = std::string(edge_style(line.state).symbol) + " " + label_words(line.parts) +
                     (lost.empty() ? "" : " ") + lost;
        if (!place.empty()) line.label += " (lost " + place + ")";
        list.push_back(std::move(line));
    }
    return list;
}

std::vector<DrawnEdge> drawn_lines(const Graph& graph, const std::vector<Wire>& wires) {
    auto lines = drawn_edges(graph);
    for (const Wire& wire : wires) {
        DrawnEdge line;
        line.from = wire.from;
        line.to = wire.to;
        line.wire = wire.kind;
        lines.push_back(std::move(line));
    }
    return lines;
}

std::vector<std::string> groups(const Graph& graph) {
    std::set<std::string> names;
    for (const GraphNode& node : graph.nodes) names.insert(node.group);
    return {names.begin(), names.end()};
}

double line_width(const DrawnEdge& edge, bool by_bytes) {
    constexpr double kilobyte = 1000;  // about what one short conversation comes to
    const double amount = by_bytes ? static_cast<double>(edge.bytes) / kilobyte
                                   : static_cast<double>(edge.conversations);
    const double width = 1.2 + 0.6 * std::log10(1 + amount);
    return std::min(4.5, edge.state == EdgeState::denied_flowed ? width + 1.6 : width);
}

std::string_view kind_in(std::string_view id) {
    const auto bracket = id.rfind('[');
    if (bracket == std::string_view::npos || !id.ends_with(']')) return {};
    return id.substr(bracket + 1, id.size() - bracket - 2);
}

std::string_view without_kind(std::string_view id) {
    return kind_in(id).empty() ? id : id.substr(0, id.rfind('['));
}

}  // namespace nspect::viz
