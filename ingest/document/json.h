// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "ingest/document/tree_builder.h"

namespace nspect::ingest {

struct JsonMistake {
    std::size_t offset = 0;
    std::string message;
};

/// Reads one JSON value from byte `from` on and moves `from` behind it. What is no JSON comes back;
/// a false from the builder ends the reading too, with `from` at the end of the text.
std::optional<JsonMistake> read_json(Report& report, TreeBuilder& builder, std::size_t& from);

}  // namespace nspect::ingest
