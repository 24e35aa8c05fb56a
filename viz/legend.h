// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "viz/drawn.h"
#include "viz/view.h"

namespace nspect::viz {

/// What one mark of a picture means.
struct LegendEntry {
    std::string mark;                     ///< as text: "✓", "mTLS", "…", "□"
    std::string words;                    ///< "allowed and used"
    std::optional<EdgeState> state = {};  ///< then it is a kind of line
    std::optional<Wire::Kind> wire = {};
    Lock lock = Lock::none;
};

/// Every kind of mark that these lines and the view's nodes are drawn with, and no other.
std::vector<LegendEntry> legend(const View& view, const std::vector<DrawnEdge>& lines);

/// Drawn dashed: policies were asked for, and none selects it.
bool is_open(const GraphNode& node);

}  // namespace nspect::viz
