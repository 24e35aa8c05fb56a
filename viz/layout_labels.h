// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "viz/layout.h"

namespace nspect::viz {

/// Puts each label on its own line or beside it, near to where the engine put it, where it covers
/// no box, no border or title of a group, nothing of `taken`, no other label, and as few other
/// lines as may be. How many still cover something.
std::size_t place_labels(Positions& positions, const std::vector<Positions::Box>& taken = {});

/// Points along a Bezier curve, its first and last among them.
std::vector<Point> along(const std::vector<Point>& curve);

}  // namespace nspect::viz
