// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "model/finding.h"

/// What the json_*.cpp files share. Inside viz/ only: it names nlohmann's type, nothing else does.
namespace nspect::viz {

struct JudgedFindings;

/// Keys keep the order they were set in: the documented one.
using Json = nlohmann::ordered_json;

Json finding_json(const Finding& finding);
/// "known" and "baseline_unused", "compliance": what there is of them.
void add_judged(const JudgedFindings& judged, Json& json);

/// One line of text, bad UTF-8 replaced by U+FFFD.
std::string dumped(const Json& value);

}  // namespace nspect::viz
