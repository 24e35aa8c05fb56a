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

namespace {

constexpr std::size_t listed_ports = 4;  // more would make a label wider than its line
constexpr std::size_t lone_nodes = 12;   // outside all groups, shown one by one in an overview

/// "TCP 80, 443, UDP 53": the protocol is not repeated, nor is what several edges share.
std::string port_list(const Graph& graph, const std::vector<std::size_t>& edges,
                      std::size_t listed) {
    std::vector<std::string> ports;
    for (const std::size_t index : edges) ports.push_back(traffic_words(graph.edges[index]));
    std::sort(ports.begin(), ports.end(), [](const std::string& a, const std::string& b) {
        return std::pair(a.size(), a) < std::pair(b.size(), b);  // by number, as ports are read
    });
    ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
    std::stable_sort(ports.begin(), ports.end(), [](const std::string& a, const std::string& b) {
        return a.substr(0, a.find(' ')) < b.substr(0, b.find(' '));
    });
    std::string text;
    std::string protocol;
    for (std::size_t i = 0; i < ports.size(); ++i) {
        if (i == listed) return text + " +" + std::to_string(ports.size() - i);
        const auto space = ports[i].find(' ');
        const std::string name = ports[i].substr(0, space);
        const bool same = name == protocol && space != std::string::npos;
        text += (text.empty() ? "" : ", ") + (same ? ports[i].substr(space + 1) : ports[i]);
        protocol = name;
    }
    return text;
}

/// "[mTLS]" when every conversation was mutual, "[mTLS 6/7]" when one was not encrypted at all;
/// nothing without TLS. A mixture of mutual and one-way is just "[TLS]".
std::string lock(const Graph& graph, const std::vector<std::size_t>& edges) {
    std::uint64_t tls = 0;
    std::uint64_t mutual = 0;
    std::uint64_t unknown = 0;
    std::uint64_t all = 0;
    for (const std::size_t index : edges) {
        tls += graph.edges[index].tls;
        mutual += graph.edges[index].mutual_tls;
        unknown += graph.edges[index].unknown_tls;
        all += carried(graph.edges[index]);
    }
    if (tls == 0) return {};
    const std::string share =
        tls < all ? " " + std::to_string(tls) + "/" + std::to_string(all) : std::string();
    if (mutual == tls) return " [mTLS" + share + "]";
    return (unknown == tls ? " [TLS ?" : " [TLS") + share + "]";
}

enum class Secrecy { mutual, tls, unknown, silent, plain };

/// Of one edge; `silent` carried nothing that could be encrypted or not.
Secrecy secrecy(const GraphEdge& edge) {
    if (edge.tls == 0) return carried(edge) == 0 ? Secrecy::silent : Secrecy::plain;
    if (edge.mutual_tls == edge.tls) return Secrecy::mutual;
    return edge.unknown_tls == edge.tls ? Secrecy::unknown : Secrecy::tls;
}

/// "TCP 8080, 8443 [mTLS], TCP 8444 [plain]": each lock stands behind the ports it is true of.
/// A line on which nobody used TLS says nothing about it.
std::string ports_and_locks(const Graph& graph, const std::vector<std::size_t>& edges) {
    std::map<Secrecy, std::vector<std::size_t>> kinds;
    for (const std::size_t index : edges) kinds[secrecy(graph.edges[index])].push_back(index);
    const bool locked =
        kinds.count(Secrecy::mutual) + kinds.count(Secrecy::tls) + kinds.count(Secrecy::unknown) >
        0;
    if (!locked) return port_list(graph, edges, listed_ports);
    const std::size_t listed = std::max<std::size_t>(1, listed_ports / kinds.size());
    std::string text;
    for (const auto& [kind, members] : kinds) {
        text += (text.empty() ? "" : ", ") + port_list(graph, members, listed) +
                (kind == Secrecy::plain ? " [plain]" : lock(graph, members));
    }
    return text;
}

}  // namespace

const EdgeStyle& edge_style(EdgeState state) {
    static constexpr std::array<EdgeStyle, edge_state_count> styles{{
        {"#2f855a", "solid", "normal", "\u2713", "allowed and used"},
        {"#667085", "dashed", "onormal", "\u25CB", "allowed, never used"},
        {"#975a16", "dotted", "tee", "\u2717", "denied and blocked"},
        {"#c53030", "bold", "normal", "\u26A0", "denied, but it flowed"},
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
        line.label =
            std::string(edge_style(line.state).symbol) + " " + ports_and_locks(graph, line.edges);
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

std::uint64_t carried(const GraphEdge& edge) {
    const std::uint64_t through = edge.count(Outcome::established) + edge.count(Outcome::one_way) +
                                  edge.count(Outcome::mid_stream);
    return std::max(through, edge.tls);
}

std::string traffic_words(const GraphEdge& edge) {
    return edge.declared_traffic ? to_conn(*edge.declared_traffic) : to_string(edge.point);
}

Overview overview(const Graph& graph) {
    Overview result;
    std::map<std::string, std::size_t> index;
    const auto alone = static_cast<std::size_t>(
        std::count_if(graph.nodes.begin(), graph.nodes.end(),
                      [](const GraphNode& node) { return node.group.empty(); }));
    const auto node_for = [&](const GraphNode& node) {
        const bool outside = node.group.empty() && alone > lone_nodes;
        const std::string key = outside ? "outside" : node.group.empty() ? node.id : node.group;
        const auto [at, added] = index.try_emplace(key, result.graph.nodes.size());
        if (!added) return at->second;
        GraphNode made = node;
        if (outside || !node.group.empty()) made = {key, key, "", GraphNode::Kind::group, {}};
        result.graph.nodes.push_back(std::move(made));
        return at->second;
    };
    for (const GraphNode& node : graph.nodes) result.node_of.push_back(node_for(node));
    for (std::size_t i = 0; i < graph.edges.size(); ++i) {
        GraphEdge edge = graph.edges[i];
        edge.from = result.node_of[edge.from];
        edge.to = result.node_of[edge.to];
        if (edge.from == edge.to) continue;
        result.graph.edges.push_back(std::move(edge));
        result.edges.push_back(i);
    }
    return result;
}

}  // namespace nspect::viz
