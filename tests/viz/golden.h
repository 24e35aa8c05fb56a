// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace nspect::test {

/// Compares with tests/golden/viz/NAME; with NSPECT_UPDATE=1 in the environment it writes it.
void check_golden(const std::string& name, const std::string& text);

}  // namespace nspect::test
