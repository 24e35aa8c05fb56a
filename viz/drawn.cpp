// SPDX-License-Identifier: Apache-2.0
#include "viz/drawn.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

namespace nspect::viz {

namespace {

constexpr std::size_t listed_ports = 4;  // more would make a label wider than its line

std::string port_text(const GraphEdge& edge) {
    if (edge.declared_traffic) return to_conn(*edge.declared_traffic);
    return to_string(edge.point);
}

/// "TCP 80, 443, UDP 53": the protocol is not repeated.
std::string port_list(const Graph& graph, const std::vector<std::size_t>& edges) {
    std::string text;
    std::string protocol;
    std::size_t listed = 0;
    for (const std::size_t index : edges) {
        if (listed == listed_ports) return text + " +" + std::to_string(edges.size() - listed);
        const std::string one = port_text(graph.edges[index]);
        const auto space = one.find(' ');
        const std::string name = one.substr(0, space);
        const bool same = name == protocol && space != std::string::npos;
        text += (text.empty() ? "" : ", ") + (same ? one.substr(space + 1) : one);
        protocol = name;
        ++listed;
    }
    return text;
}

/// Closed when every TLS conversation is mutual, half when some TLS is one-way; nothing without
/// TLS.
std::string lock(const Graph& graph, const std::vector<std::size_t>& edges) {
    std::uint64_t tls = 0;
    std::uint64_t mutual = 0;
    std::uint64_t unknown = 0;
    for (const std::size_t index : edges) {
        tls += graph.edges[index].tls;
        mutual += graph.edges[index].mutual_tls;
        unknown += graph.edges[index].unknown_tls;
    }
    if (tls == 0) return {};
    if (mutual == tls) return " [mTLS]";
    return unknown == tls ? " [TLS ?]" : " [TLS]";
}

}  // namespace

const EdgeStyle& edge_style(EdgeState state) {
    static constexpr std::array<EdgeStyle, 6> styles{{
        {"#2f855a", "solid", "\u2713", "allowed and used"},
        {"#718096", "dashed", "\u25CB", "allowed, never used"},
        {"#b7791f", "dotted", "\u2717", "denied and blocked"},
        {"#c53030", "bold", "\u26A0", "denied, but it flowed"},
        {"#3182ce", "solid", "\u00B7", "seen, no policy applies"},
        {"#805ad5", "dashed", "?", "depends on what is not evaluated"},
    }};
    return styles[static_cast<std::size_t>(state)];
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
    }
    std::vector<DrawnEdge> list;
    for (auto& [key, line] : lines) {
        line.label = std::string(edge_style(line.state).symbol) + " " +
                     port_list(graph, line.edges) + lock(graph, line.edges);
        list.push_back(std::move(line));
    }
    return list;
}

std::vector<std::string> groups(const Graph& graph) {
    std::set<std::string> names;
    for (const GraphNode& node : graph.nodes) names.insert(node.group);
    return {names.begin(), names.end()};
}

}  // namespace nspect::viz
