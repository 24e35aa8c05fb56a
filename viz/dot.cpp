// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "viz/drawn.h"
#include "viz/escape.h"
#include "viz/formats.h"

namespace nspect::viz {

namespace {

const char* shape(GraphNode::Kind kind) {
    switch (kind) {
        case GraphNode::Kind::workload:
            return "box";
        case GraphNode::Kind::node:
            return "box3d";
        case GraphNode::Kind::external:
            return "ellipse";
        case GraphNode::Kind::group:
            break;
    }
    return "folder";
}

std::string quoted(std::string_view text) {
    return "\"" + for_dot(text) + "\"";
}

std::string node_line(const Graph& graph, std::size_t index) {
    const GraphNode& node = graph.nodes[index];
    const bool open =
        node.kind == GraphNode::Kind::workload && !node.isolated_ingress && !node.isolated_egress;
    return "    n" + std::to_string(index) + " [id=n" + std::to_string(index) +
           ", label=" + quoted(node.label) + ", tooltip=" + quoted(node.id) +
           ", shape=" + shape(node.kind) + (open ? ", style=\"rounded,filled,dashed\"" : "") +
           "];\n";
}

std::string group_text(const Graph& graph, const std::string& group, std::size_t number) {
    std::string nodes;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        if (graph.nodes[i].group == group) nodes += node_line(graph, i);
    }
    if (group.empty()) return nodes;
    return "  subgraph cluster_" + std::to_string(number) + " {\n    id=g" +
           std::to_string(number) + "; label=" + quoted(group) +
           "; style=\"rounded,filled\"; color=\"#cbd5e0\"; fillcolor=\"#f7fafc\"; "
           "fontcolor=\"#4a5568\";\n" +
           nodes + "  }\n";
}

std::string width(std::uint64_t conversations) {
    if (conversations >= 1000) return "3";
    return conversations >= 30 ? "2" : "1.2";
}

std::string edge_line(const DrawnEdge& edge, std::size_t index) {
    const EdgeStyle& style = edge_style(edge.state);
    const std::string color(style.color);
    return "  n" + std::to_string(edge.from) + " -> n" + std::to_string(edge.to) + " [id=e" +
           std::to_string(index) + ", label=" + quoted(" " + edge.label + " ") + ", color=\"" +
           color + "\", fontcolor=\"" + color + "\", style=" + std::string(style.dash) +
           ", penwidth=" + width(edge.conversations) + "];\n";
}

/// A line of the graph's label for each state that occurs.
std::string legend(const std::vector<DrawnEdge>& edges) {
    std::set<EdgeState> states;
    for (const DrawnEdge& edge : edges) states.insert(edge.state);
    std::string text;
    for (const EdgeState state : states) {
        const EdgeStyle& style = edge_style(state);
        text += (text.empty() ? "" : "    ") + std::string(style.symbol) + " " +
                std::string(style.words) + " (" + std::string(style.dash) + ")";
    }
    return text;
}

}  // namespace

std::string to_dot(const View& view) {
    const auto edges = drawn_edges(view.graph);
    std::string text =
        "digraph nspect {\n  graph [label=\"" + for_dot(view.title) + "\\n" +
        for_dot(legend(edges)) + "\"" +
        ", labelloc=b, fontname=\"DejaVu Sans\", fontsize=11, rankdir=LR, nodesep=0.35, "
        "ranksep=0.9, bgcolor=white];\n"
        "  node [fontname=\"DejaVu Sans\", fontsize=11, style=\"rounded,filled\", "
        "fillcolor=white, color=\"#4a5568\"];\n"
        "  edge [fontname=\"DejaVu Sans\", fontsize=9];\n";
    std::size_t number = 0;
    for (const std::string& group : groups(view.graph))
        text += group_text(view.graph, group, number++);
    for (std::size_t i = 0; i < edges.size(); ++i) text += edge_line(edges[i], i);
    return text + "}\n";
}

}  // namespace nspect::viz
