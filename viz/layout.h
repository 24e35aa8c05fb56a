// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"
#include "viz/view.h"

namespace nspect::viz {

/// How far a layout may go before the next, cheaper engine is tried.
struct LayoutLimits {
    int seconds = 10;                            ///< for each engine
    std::size_t memory = std::size_t{2} << 30U;  ///< bytes of address space
};

/// The view's graph as "svg", "png" or "pdf", laid out by Graphviz: dot for small graphs, fdp and
/// sfdp for larger ones. Runs in a process of its own, bounded in time and memory; every edge is
/// checked to be in the result. An Error when no engine could.
Result<std::string> render(const View& view, std::string_view format,
                           const LayoutLimits& limits = {});

struct Point {
    double x = 0;
    double y = 0;  ///< downwards
};

/// Where everything stands, in points; (0, 0) is the upper left.
struct Positions {
    struct Box {
        Point center;
        double width = 0;
        double height = 0;
    };
    struct Line {
        std::vector<Point> curve;  ///< Bezier: a start, then three for each piece
        Point label;
    };
    double width = 0;
    double height = 0;
    std::vector<Box> nodes;   ///< by index into Graph::nodes
    std::vector<Line> lines;  ///< by index into drawn_edges()
    std::vector<Box> groups;  ///< by index into groups(); that of "" is empty
};
Result<Positions> positions(const View& view, const LayoutLimits& limits = {});

}  // namespace nspect::viz
