// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"
#include "viz/theme.h"
#include "viz/view.h"

namespace nspect::viz {

/// How far a layout may go before the next, cheaper engine is tried.
struct LayoutLimits {
    int seconds = 5;                             ///< for each engine
    std::size_t memory = std::size_t{1} << 30U;  ///< bytes, on top of what the program has
};

struct PictureOptions {
    const Theme* theme = &light_theme();
    LayoutLimits limits = {};
};

/// The view's graph as "svg", "png" or "pdf". Graphviz lays it out: dot while it is small, then
/// fdp, or sfdp where there are no groups. Where those are too slow, lose an edge or
/// make a strip, groups stand as blocks in a grid. Graphviz runs in a process of its own, bounded
/// in time and memory, and every edge is checked to be in the result. An Error when not even the
/// blocks could be drawn.
Result<std::string> render(const View& view, std::string_view format,
                           const PictureOptions& options = {});

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
        Point label;               ///< its middle
        double label_width = 0;    ///< 0 without a label
        double label_height = 0;
        bool tip = false;  ///< the last piece of the curve is straight: an arrow's head
    };
    double width = 0;
    double height = 0;
    std::vector<Box> nodes;   ///< by index into Graph::nodes
    std::vector<Line> lines;  ///< by index into drawn_lines()
    std::vector<Box> groups;  ///< by index into groups(); that of "" is empty
};
/// As render() does it; blocks at the latest, so there is always an answer.
Positions positions(const View& view, const LayoutLimits& limits = {});

}  // namespace nspect::viz
