// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "model/baseline.h"
#include "model/diagnostics.h"
#include "model/result.h"

namespace nspect::ingest {

/// Reads a file of known findings (docs/ci.md). What is wrong with entries goes to `diagnostics`
/// (BL001 to BL004); the Result fails only for a file that cannot be read.
Result<Baseline> load_baseline(const std::string& path, Diagnostics& diagnostics);
/// The same from text; `name` stands for the file in locations.
Baseline read_baseline(const std::string& name, std::string_view text, Diagnostics& diagnostics);

}  // namespace nspect::ingest
