// SPDX-License-Identifier: Apache-2.0
#include "viz/layout.h"

#include <vector>

#include "viz/dot.h"
#include "viz/drawn.h"
#include "viz/layout_blocks.h"
#include "viz/layout_graphviz.h"

namespace nspect::viz {

namespace {

// Beyond, dot with clusters fails, loses edges or takes minutes.
constexpr std::size_t dot_nodes = 100;
constexpr std::size_t dot_lines = 250;
constexpr std::size_t fdp_nodes = 300;
constexpr std::size_t sfdp_nodes = 2000;

/// Cheaper ones later.
std::vector<const char*> engines(const Graph& graph, std::size_t lines) {
    std::vector<const char*> list;
    const std::size_t nodes = graph.nodes.size();
    const bool grouped = groups(graph).size() > 1;
    if (nodes <= dot_nodes && lines <= dot_lines) list.push_back("dot");
    if (nodes <= fdp_nodes) list.push_back("fdp");
    if (nodes <= sfdp_nodes && !grouped) list.push_back("sfdp");  // it knows no clusters
    return list;
}

/// What the first engine gives that can; an Error when none can.
Result<std::string> first_result(const View& view, const std::vector<DrawnEdge>& lines,
                                 std::string_view format, const PictureOptions& options) {
    const bool picture = format != coordinates;
    GraphvizJob job{dot_text(view, lines, {picture, nullptr, options.theme}), std::string(format),
                    "", lines.size()};
    Error last{Error::Kind::unavailable, "the graph is too large for Graphviz", "", ""};
    for (const char* engine : engines(view.graph, lines.size())) {
        job.engine = engine;
        auto result = run_graphviz(job, options.limits);
        if (result) return result;
        last = result.error();
    }
    return last;
}

}  // namespace

Result<std::string> render(const View& view, std::string_view format,
                           const PictureOptions& options) {
    const auto lines = drawn_lines(view.graph, view.wires);
    auto result = first_result(view, lines, format, options);
    if (result) return result;
    const Positions where = blocks(view.graph, lines);
    // Linear in the size of the graph, but nothing comes after it: on a busy machine it may take
    // longer.
    const LayoutLimits last{options.limits.seconds * 4, options.limits.memory};
    return run_graphviz({dot_text(view, lines, {true, &where, options.theme}), std::string(format),
                         "nop", lines.size()},
                        last);
}

Positions positions(const View& view, const LayoutLimits& limits) {
    const auto lines = drawn_lines(view.graph, view.wires);
    const auto text = first_result(view, lines, coordinates, {&light_theme(), limits});
    if (!text) return blocks(view.graph, lines);
    Positions result;
    result.nodes.resize(view.graph.nodes.size());
    result.lines.resize(lines.size());
    result.groups.resize(groups(view.graph).size());
    read_coordinates(*text, result);
    return result;
}

}  // namespace nspect::viz
