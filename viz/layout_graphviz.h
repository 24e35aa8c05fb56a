// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "model/result.h"
#include "viz/layout.h"

namespace nspect::viz {

/// What Graphviz is asked to do.
struct GraphvizJob {
    std::string dot;     ///< ids as dot_text() makes them
    std::string format;  ///< "svg", "png", "pdf", or `coordinates`
    std::string engine;
    std::size_t edges = 0;  ///< that must be in the result
    double pixels = 40e6;   ///< of a PNG, at most: 160 MB while it is drawn
};

inline constexpr const char* coordinates = "coordinates";

/// Runs it in a child process, bounded by `limits`: nothing of Graphviz's memory outlives it, and
/// its leaks and crashes stay there.
Result<std::string> run_graphviz(const GraphvizJob& job, const LayoutLimits& limits);

/// Reads what the format `coordinates` gives. `into` has its vectors sized.
void read_coordinates(const std::string& text, Positions& into);

}  // namespace nspect::viz
