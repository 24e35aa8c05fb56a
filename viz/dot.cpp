// SPDX-License-Identifier: Apache-2.0
#include "viz/dot.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "viz/escape.h"
#include "viz/formats.h"

namespace nspect::viz {

namespace {

constexpr std::size_t longest_label = 36;
constexpr std::size_t labelled_edges = 300;  // more labels than that only cover each other
constexpr std::size_t legend_columns = 3;

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

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return text;
}

/// For a label, which Graphviz reads as markup; what it may not be is empty.
std::string short_markup(std::string_view text) {
    const std::string shown = cut_middle(for_terminal(text), longest_label, "\u2026");
    return shown.empty() ? " " : for_html(shown);
}

bool is_open(const GraphNode& node) {
    return node.kind == GraphNode::Kind::workload && node.judged && !node.isolated_ingress &&
           !node.isolated_egress;
}

std::string node_label(const GraphNode& node) {
    std::string text = short_markup(node.label);
    const std::string_view kind = kind_in(node.id);
    if (!kind.empty()) {
        text += "<br/><font point-size=\"8\" color=\"#667085\">" + short_markup(kind) + "</font>";
    }
    return "<" + text + ">";
}

/// Graphviz counts upwards.
std::string place(const Positions& where, const Positions::Box& box) {
    return number(box.center.x) + "," + number(where.height - box.center.y);
}

std::string node_line(const Graph& graph, std::size_t index, const Positions* where) {
    const GraphNode& node = graph.nodes[index];
    const std::string name = "n" + std::to_string(index);
    std::string text = "    " + name + " [id=" + name + ", label=" + node_label(node) +
                       ", tooltip=" + quoted(node.id) + ", shape=" + shape(node.kind);
    if (is_open(node)) text += ", style=\"rounded,filled,dashed\"";
    if (where != nullptr) {
        const Positions::Box& box = where->nodes[index];
        text += ", pos=\"" + place(*where, box) + "\", width=" + number(box.width / 72) +
                ", height=" + number(box.height / 72) + ", fixedsize=true";
    }
    return text + "];\n";
}

std::string group_box(const Positions& where, const Positions::Box& box) {
    const double top = where.height - box.center.y;
    return "; bb=\"" + number(box.center.x - box.width / 2) + "," + number(top - box.height / 2) +
           "," + number(box.center.x + box.width / 2) + "," + number(top + box.height / 2) + "\"";
}

std::string group_text(const Graph& graph, const std::string& group,
                       const std::vector<std::size_t>& members, std::size_t index,
                       const Positions* where) {
    std::string nodes;
    for (const std::size_t i : members) nodes += node_line(graph, i, where);
    if (group.empty()) return nodes;
    const std::string name = std::to_string(index);
    return "  subgraph cluster_" + name + " {\n    id=g" + name + "; label=<<b>" +
           short_markup(group) + "</b>>; tooltip=" + quoted(group) +
           (where != nullptr ? group_box(*where, where->groups[index]) : "") +
           "; style=\"rounded,filled\"; color=\"#cbd5e0\"; fillcolor=\"#f4f6f9\"; "
           "fontcolor=\"#4a5568\"; fontsize=10; labeljust=l; labelloc=t; margin=14;\n" +
           nodes + "  }\n";
}

/// On its own background, so that the line it stands on does not run through the text.
std::string edge_label(const DrawnEdge& edge) {
    return "<<table border=\"0\" cellborder=\"0\" cellpadding=\"1\" cellspacing=\"0\" "
           "bgcolor=\"white\"><tr><td>" +
           for_html(edge.label) + "</td></tr></table>>";
}

std::string wire_line(const Graph& graph, const DrawnEdge& line, std::size_t index) {
    const EdgeStyle& style = wire_style(*line.wire);
    const std::string tooltip = graph.nodes[line.from].id + " - " + graph.nodes[line.to].id + ": " +
                                std::string(style.words);
    return "  n" + std::to_string(line.from) + " -> n" + std::to_string(line.to) + " [id=e" +
           std::to_string(index) + ", tooltip=" + quoted(tooltip) + ", color=\"" +
           std::string(style.color) + "\", style=" + std::string(style.dash) +
           ", arrowhead=" + std::string(style.arrow) + "];\n";
}

std::string edge_line(const View& view, const DrawnEdge& edge, std::size_t index, bool labelled) {
    const Graph& graph = view.graph;
    if (edge.wire) return wire_line(graph, edge, index);
    const EdgeStyle& style = edge_style(edge.state);
    const std::string color(style.color);
    const std::string tooltip = graph.nodes[edge.from].id + " -> " + graph.nodes[edge.to].id +
                                ": " + edge.label + ", " +
                                std::string(state_words(graph.edges[edge.edges.front()]));
    return "  n" + std::to_string(edge.from) + " -> n" + std::to_string(edge.to) + " [id=e" +
           std::to_string(index) + (labelled ? ", label=" + edge_label(edge) : "") +
           ", tooltip=" + quoted(tooltip) + ", color=\"" + color + "\", fontcolor=\"" + color +
           "\", style=" + std::string(style.dash) + ", arrowhead=" + std::string(style.arrow) +
           ", penwidth=" + number(line_width(edge, view.wide_by_bytes)) + "];\n";
}

std::string legend_entry(const EdgeStyle& style, std::string_view words) {
    return "<font color=\"" + std::string(style.color) + "\">" + std::string(style.symbol) + " " +
           std::string(words) + "</font> (" + std::string(style.dash) + ")";
}

/// The kinds of wires that occur.
void add_wires_to_legend(const View& view, std::vector<std::string>& entries) {
    using enum Wire::Kind;
    for (const auto kind : {pair, port, upon}) {
        const bool drawn = std::any_of(view.wires.begin(), view.wires.end(),
                                       [&](const Wire& wire) { return wire.kind == kind; });
        if (drawn) entries.push_back(legend_entry(wire_style(kind), wire_style(kind).words));
    }
}

/// The states that occur, and what a dashed box means.
std::string legend(const View& view, const std::vector<DrawnEdge>& edges) {
    std::array<std::string_view, edge_state_count> words{};
    for (const DrawnEdge& edge : edges) {
        if (edge.wire) continue;
        words[static_cast<std::size_t>(edge.state)] =
            state_words(view.graph.edges[edge.edges.front()]);
    }
    std::vector<std::string> entries;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].empty()) continue;
        entries.push_back(legend_entry(edge_style(static_cast<EdgeState>(i)), words[i]));
    }
    add_wires_to_legend(view, entries);
    bool open = false;
    for (const GraphNode& node : view.graph.nodes) open = open || is_open(node);
    if (open) entries.emplace_back("\u25A1 no policy selects it (dashed box)");
    if (view.wide_by_bytes && !edges.empty()) entries.emplace_back("wider lines: more bytes");
    std::string rows;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (i % legend_columns == 0) rows += i == 0 ? "<tr>" : "</tr><tr>";
        rows += "<td align=\"left\">" + entries[i] + "</td>";
    }
    return rows.empty() ? rows : rows + "</tr>";
}

std::string graph_label(const View& view, const std::vector<DrawnEdge>& edges) {
    return "<<table border=\"0\" cellspacing=\"6\"><tr><td align=\"left\" colspan=\"3\"><b>" +
           short_markup(view.title) + "</b></td></tr>" + legend(view, edges) + "</table>>";
}

}  // namespace

std::string dot_text(const View& view, const std::vector<DrawnEdge>& edges,
                     const DotOptions& options) {
    const Positions* where = options.where;
    std::string text =
        "digraph nspect {\n  graph [fontname=\"DejaVu Sans\", fontsize=10, rankdir=LR, "
        "nodesep=0.4, ranksep=0.8, bgcolor=white, pad=0.2, outputorder=edgesfirst, sep=\"+16\"";
    if (options.legend) {
        text += ", labelloc=b, labeljust=l, label=" + graph_label(view, edges);
    }
    if (where != nullptr) {
        text +=
            ", splines=line, bb=\"0,0," + number(where->width) + "," + number(where->height) + "\"";
    }
    text +=
        "];\n"
        "  node [fontname=\"DejaVu Sans\", fontsize=11, style=\"rounded,filled\", "
        "fillcolor=white, color=\"#4a5568\", margin=\"0.14,0.06\"];\n"
        "  edge [fontname=\"DejaVu Sans\", fontsize=9, arrowsize=0.8];\n";
    std::map<std::string, std::vector<std::size_t>> members;  // in the order of groups()
    for (std::size_t i = 0; i < view.graph.nodes.size(); ++i) {
        members[view.graph.nodes[i].group].push_back(i);
    }
    std::size_t index = 0;
    for (const auto& [group, nodes] : members) {
        text += group_text(view.graph, group, nodes, index++, where);
    }
    const bool labelled = edges.size() <= labelled_edges;
    for (std::size_t i = 0; i < edges.size(); ++i) {
        text += edge_line(view, edges[i], i, labelled);
    }
    return text + "}\n";
}

std::string to_dot(const View& view) {
    return dot_text(view, drawn_lines(view.graph, view.wires), {});
}

}  // namespace nspect::viz
