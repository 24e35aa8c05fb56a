// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "viz/view.h"

namespace nspect::test {

/// Names that try to be markup, code or another name somewhere.
const std::vector<std::string>& hostile_texts();

/// A view that has `text` wherever a stranger can put one.
viz::View hostile_view(const std::string& text);

}  // namespace nspect::test
