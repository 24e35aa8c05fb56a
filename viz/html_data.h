// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "viz/layout.h"
#include "viz/view.h"

namespace nspect::viz {

/// What the report page draws, as JSON; its shape is written down at the head of web/report.js.
std::string html_data(const View& view, const LayoutLimits& limits = {},
                      const std::string& theme = {});

}  // namespace nspect::viz
