// SPDX-License-Identifier: Apache-2.0
#include "viz/layout.h"

#include <string>
#include <utility>
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
constexpr std::size_t dense_lines = 2000;
constexpr double dense_pixels = 12e6;
constexpr double least_pixels = 3e6;

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

/// Thousands of lines leave no even ground, which takes long to pack: a PNG of them has fewer dots,
/// and fewer still where that took too long.
Result<std::string> drawn(GraphvizJob job, const LayoutLimits& limits) {
    if (job.format == "png" && job.edges > dense_lines) job.pixels = dense_pixels;
    auto result = run_graphviz(job, limits);
    if (result || job.format != "png") return result;
    job.pixels = least_pixels;
    return run_graphviz(job, limits);
}

Positions read_positions(const View& view, const std::vector<DrawnEdge>& lines,
                         const std::string& text) {
    Positions result;
    result.nodes.resize(view.graph.nodes.size());
    result.lines.resize(lines.size());
    result.groups.resize(groups(view.graph).size());
    read_coordinates(text, result);
    return result;
}

/// Where the first engine that can puts everything; an Error when none can.
Result<Positions> first_layout(const View& view, const std::vector<DrawnEdge>& lines, bool picture,
                               const PictureOptions& options) {
    GraphvizJob job{dot_text(view, lines, {.legend = picture, .places = picture}), coordinates, "",
                    lines.size()};
    Error last{Error::Kind::unavailable, "the graph is too large for Graphviz", "", ""};
    for (const char* engine : engines(view.graph, lines.size())) {
        job.engine = engine;
        const auto text = run_graphviz(job, options.limits);
        if (text) return read_positions(view, lines, *text);
        last = text.error();
    }
    return last;
}

}  // namespace

Result<std::string> render(const View& view, std::string_view format,
                           const PictureOptions& options) {
    const auto lines = drawn_lines(view.graph, view.wires);
    if (const auto where = first_layout(view, lines, true, options)) {
        return drawn(
            {dot_text(view, lines, {.where = &*where, .routed = true, .theme = options.theme}),
             std::string(format), "nop2", lines.size()},
            options.limits);
    }
    const Positions where = blocks(view.graph, lines);
    // Linear in the size of the graph, but nothing comes after it: on a busy machine it may take
    // longer.
    const LayoutLimits last{options.limits.seconds * 4, options.limits.memory};
    return drawn({dot_text(view, lines, {.where = &where, .theme = options.theme}),
                  std::string(format), "nop", lines.size()},
                 last);
}

Positions positions(const View& view, const LayoutLimits& limits) {
    const auto lines = drawn_lines(view.graph, view.wires);
    auto where = first_layout(view, lines, false, {&light_theme(), limits});
    return where ? *std::move(where) : blocks(view.graph, lines);
}

}  // namespace nspect::viz
