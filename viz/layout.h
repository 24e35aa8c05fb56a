// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "model/result.h"
#include "viz/view.h"

namespace nspect::viz {

/// The view's graph as "svg", "png" or "pdf", laid out by Graphviz: dot for small graphs, fdp and
/// sfdp for larger ones, bounded in time; every edge is checked to be in the result.
Result<std::string> render(const View& view, std::string_view format);

}  // namespace nspect::viz
