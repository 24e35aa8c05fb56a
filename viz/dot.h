// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "viz/drawn.h"
#include "viz/layout.h"
#include "viz/theme.h"
#include "viz/view.h"

namespace nspect::viz {

struct DotOptions {
    bool legend = true;                ///< title and legend below the picture
    bool places = true;                ///< labels say where packets were lost
    const Positions* where = nullptr;  ///< for an engine that keeps what it is given
    bool routed = false;               ///< `where` has the lines too, and labels lie above them all
    const Theme* theme = &light_theme();
};

/// As to_dot(). Objects have ids: n and e with the index of the node or drawn edge, l with that of
/// the edge whose label it is where it stands apart, g with that of the group.
std::string dot_text(const View& view, const std::vector<DrawnEdge>& edges,
                     const DotOptions& options);

}  // namespace nspect::viz
