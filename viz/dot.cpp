// SPDX-License-Identifier: Apache-2.0
#include "viz/dot.h"

#include <cstdio>
#include <map>

#include "viz/dot_label.h"
#include "viz/escape.h"
#include "viz/formats.h"
#include "viz/legend.h"

namespace nspect::viz {

namespace {

constexpr std::size_t labelled_edges = 300;  // more labels than that only cover each other

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

std::string node_label(const GraphNode& node, const Theme& theme) {
    std::string text = short_markup(node.label);
    const std::string_view kind = kind_in(node.id);
    if (!kind.empty()) {
        text += "<br/><font point-size=\"8\" color=\"" + std::string(theme.soft) + "\">" +
                short_markup(kind) + "</font>";
    }
    return "<" + text + ">";
}

/// Graphviz counts upwards.
std::string place(const Positions& where, const Point& point) {
    return number(point.x) + "," + number(where.height - point.y);
}

std::string node_line(const Graph& graph, std::size_t index, const DotOptions& options) {
    const GraphNode& node = graph.nodes[index];
    const std::string name = "n" + std::to_string(index);
    std::string text = "    " + name + " [id=" + name +
                       ", label=" + node_label(node, *options.theme) +
                       ", tooltip=" + quoted(node.id) + ", shape=" + shape(node.kind);
    if (is_open(node)) text += ", style=\"rounded,filled,dashed\"";
    if (const Positions* where = options.where) {
        const Positions::Box& box = where->nodes[index];
        text += ", pos=\"" + place(*where, box.center) + "\", width=" + number(box.width / 72) +
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
                       const DotOptions& options) {
    const Positions* where = options.where;
    const Theme& theme = *options.theme;
    std::string nodes;
    for (const std::size_t i : members) nodes += node_line(graph, i, options);
    if (group.empty()) return nodes;
    const std::string name = std::to_string(index);
    return "  subgraph cluster_" + name + " {\n    id=g" + name + "; label=<<b>" +
           short_markup(group) + "</b>>; tooltip=" + quoted(group) +
           (where != nullptr ? group_box(*where, where->groups[index]) : "") +
           "; style=\"rounded,filled\"; color=\"" + std::string(theme.group_stroke) +
           "\"; fillcolor=\"" + std::string(theme.group) + "\"; fontcolor=\"" +
           std::string(theme.soft) + "\"; fontsize=10; labeljust=l; labelloc=t; margin=14;\n" +
           nodes + "  }\n";
}

/// How a line runs, where that is given.
std::string route(const DotOptions& options, std::size_t index) {
    if (!options.routed) return {};
    const Positions::Line& line = options.where->lines[index];
    const std::size_t count = line.curve.size() - (line.tip ? 3 : 0);
    std::string text = line.tip ? "e," + place(*options.where, line.curve.back()) : "";
    for (std::size_t i = 0; i < count; ++i) {
        text += (text.empty() ? "" : " ") + place(*options.where, line.curve[i]);
    }
    return ", pos=\"" + text + "\"";
}

std::string wire_line(const Graph& graph, const DrawnEdge& line, std::size_t index,
                      const DotOptions& options) {
    const Theme& theme = *options.theme;
    const EdgeStyle& style = wire_style(*line.wire);
    const std::string tooltip = graph.nodes[line.from].id + " - " + graph.nodes[line.to].id + ": " +
                                std::string(style.words);
    return "  n" + std::to_string(line.from) + " -> n" + std::to_string(line.to) + " [id=e" +
           std::to_string(index) + ", tooltip=" + quoted(tooltip) + ", color=\"" +
           std::string(theme.of(*line.wire)) + "\", style=" + std::string(style.dash) +
           ", arrowhead=" + std::string(style.arrow) + route(options, index) + "];\n";
}

std::string edge_tooltip(const Graph& graph, const DrawnEdge& edge) {
    return quoted(graph.nodes[edge.from].id + " -> " + graph.nodes[edge.to].id + ": " + edge.label +
                  ", " + std::string(state_words(graph.edges[edge.edges.front()])));
}

/// A label as a node of its own: Graphviz draws nodes above all lines.
std::string label_line(const Graph& graph, const DrawnEdge& edge, std::size_t index,
                       const DotOptions& options) {
    const Positions::Line& line = options.where->lines[index];
    if (edge.wire || line.label_width == 0) return {};
    const std::string name = "l" + std::to_string(index);
    return "  " + name + " [id=" + name + ", class=label, shape=plain, style=solid, fontsize=9, " +
           "fontcolor=\"" + std::string(options.theme->of(edge.state)) +
           "\", label=" + label_markup(edge, *options.theme, options.places) +
           ", tooltip=" + edge_tooltip(graph, edge) + ", pos=\"" +
           place(*options.where, line.label) + "\"];\n";
}

std::string edge_line(const View& view, const DrawnEdge& edge, std::size_t index, bool labelled,
                      const DotOptions& options) {
    const Theme& theme = *options.theme;
    const Graph& graph = view.graph;
    if (edge.wire) return wire_line(graph, edge, index, options);
    const EdgeStyle& style = edge_style(edge.state);
    const std::string color(theme.of(edge.state));
    return "  n" + std::to_string(edge.from) + " -> n" + std::to_string(edge.to) + " [id=e" +
           std::to_string(index) +
           (labelled ? ", label=" + label_markup(edge, theme, options.places) : "") +
           ", tooltip=" + edge_tooltip(graph, edge) + ", color=\"" + color + "\", fontcolor=\"" +
           color + "\", style=" + std::string(style.dash) +
           ", arrowhead=" + std::string(style.arrow) +
           ", penwidth=" + number(line_width(edge, view.wide_by_bytes)) + route(options, index) +
           "];\n";
}

}  // namespace

std::string dot_text(const View& view, const std::vector<DrawnEdge>& edges,
                     const DotOptions& options) {
    const Positions* where = options.where;
    const Theme& theme = *options.theme;
    std::string text =
        "digraph nspect {\n  graph [fontname=\"DejaVu Sans\", fontsize=10, rankdir=LR, "
        "nodesep=0.4, ranksep=0.8, pad=0.2, outputorder=edgesfirst, sep=\"+16\", bgcolor=\"" +
        std::string(theme.background) + "\", fontcolor=\"" + std::string(theme.text) + "\"";
    if (options.legend) {
        text +=
            ", labelloc=b, labeljust=l, label=" + legend_markup(view, legend(view, edges), theme);
    }
    if (where != nullptr) {
        text +=
            ", splines=line, bb=\"0,0," + number(where->width) + "," + number(where->height) + "\"";
    }
    text +=
        "];\n"
        "  node [fontname=\"DejaVu Sans\", fontsize=11, style=\"rounded,filled\", "
        "fillcolor=\"" +
        std::string(theme.node) + "\", color=\"" + std::string(theme.stroke) + "\", fontcolor=\"" +
        std::string(theme.text) +
        "\", margin=\"0.14,0.06\"];\n"
        "  edge [fontname=\"DejaVu Sans\", fontsize=9, arrowsize=0.8];\n";
    std::map<std::string, std::vector<std::size_t>> members;  // in the order of groups()
    for (std::size_t i = 0; i < view.graph.nodes.size(); ++i) {
        members[view.graph.nodes[i].group].push_back(i);
    }
    std::size_t index = 0;
    for (const auto& [group, nodes] : members) {
        text += group_text(view.graph, group, nodes, index++, options);
    }
    const bool labelled = edges.size() <= labelled_edges && !options.routed;
    for (std::size_t i = 0; i < edges.size(); ++i) {
        text += edge_line(view, edges[i], i, labelled, options);
    }
    for (std::size_t i = 0; options.routed && i < edges.size(); ++i) {
        text += label_line(view.graph, edges[i], i, options);
    }
    return text + "}\n";
}

std::string to_dot(const View& view, const Theme& theme) {
    DotOptions options;
    options.theme = &theme;
    return dot_text(view, drawn_lines(view.graph, view.wires), options);
}

}  // namespace nspect::viz
