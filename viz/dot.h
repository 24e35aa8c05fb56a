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
    const Positions* where = nullptr;  ///< for an engine that keeps what it is given
    const Theme* theme = &light_theme();
};

/// As to_dot(). Objects have ids: n and e with the index of the node or drawn edge, g with that of
/// the group.
std::string dot_text(const View& view, const std::vector<DrawnEdge>& edges,
                     const DotOptions& options);

}  // namespace nspect::viz
