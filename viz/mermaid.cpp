// SPDX-License-Identifier: Apache-2.0
#include "viz/drawn.h"
#include "viz/escape.h"
#include "viz/formats.h"
#include "viz/legend.h"

namespace nspect::viz {

namespace {

std::string node_text(const Graph& graph, std::size_t index) {
    const GraphNode& node = graph.nodes[index];
    const bool outside = node.kind == GraphNode::Kind::external;
    return "    n" + std::to_string(index) + (outside ? "([\"" : "[\"") + for_mermaid(node.label) +
           (outside ? "\"])\n" : "\"]\n");
}

const char* arrow(EdgeState state) {
    switch (state) {
        case EdgeState::denied_flowed:
        case EdgeState::added:
            return " ==>";
        case EdgeState::allowed_unused:
        case EdgeState::denied_blocked:
        case EdgeState::removed:
        case EdgeState::undecided:
            return " -.->";
        default:
            return " -->";
    }
}

/// One box with a line for each mark.
std::string legend_text(const View& view, const std::vector<DrawnEdge>& edges) {
    std::string lines;
    for (const LegendEntry& each : legend(view, edges)) {
        const std::string mark = each.lock == Lock::none ? each.mark + " " : "[" + each.mark + "] ";
        lines += (lines.empty() ? "" : "<br/>") + for_mermaid(mark + each.words);
    }
    return lines.empty() ? lines : "  legend[\"" + lines + "\"]\n";
}

}  // namespace

std::string to_mermaid(const View& view, const Theme& theme) {
    std::string text = theme.name == "dark" ? "%%{init: {\"theme\": \"dark\"}}%%\n" : "";
    text += "flowchart LR\n";
    std::size_t number = 0;
    for (const std::string& group : groups(view.graph)) {
        if (!group.empty()) {
            text +=
                "  subgraph g" + std::to_string(number++) + "[\"" + for_mermaid(group) + "\"]\n";
        }
        for (std::size_t i = 0; i < view.graph.nodes.size(); ++i) {
            if (view.graph.nodes[i].group == group) text += node_text(view.graph, i);
        }
        if (!group.empty()) text += "  end\n";
    }
    const auto edges = drawn_edges(view.graph);
    for (const DrawnEdge& edge : edges) {
        text += "  n" + std::to_string(edge.from) + arrow(edge.state) + "|\"" +
                for_mermaid(edge.label) + "\"| n" + std::to_string(edge.to) + "\n";
    }
    for (std::size_t i = 0; i < edges.size(); ++i) {
        text += "  linkStyle " + std::to_string(i) +
                " stroke:" + std::string(theme.of(edges[i].state)) + "\n";
    }
    return text + legend_text(view, edges);
}

}  // namespace nspect::viz
