// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "viz/layout.h"

namespace nspect::viz {

/// Puts each label on its own line, near to where the engine put it, where it covers no box, no
/// other label, and as few other lines as may be.
void place_labels(Positions& positions);

/// Points along a Bezier curve, its first and last among them.
std::vector<Point> along(const std::vector<Point>& curve);

}  // namespace nspect::viz
