// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "viz/drawn.h"
#include "viz/legend.h"
#include "viz/theme.h"

namespace nspect::viz {

/// Graphviz markup of the label of a line, on its own background so that the line does not run
/// through the text; a lock is drawn, not written, so that no font is needed for it. `places`: a
/// second line says where packets were lost.
std::string label_markup(const DrawnEdge& edge, const Theme& theme, bool places = true);

/// Title and legend as the label of the whole picture: each kind of line with a piece of it, and
/// how far the capture can be trusted, which must not get lost with the text around a picture.
std::string legend_markup(const View& view, const std::vector<LegendEntry>& entries,
                          const Theme& theme);

/// Text from strangers, cut in the middle; what may not be empty is a space.
std::string short_markup(std::string_view text);

}  // namespace nspect::viz
