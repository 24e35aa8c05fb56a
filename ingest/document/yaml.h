// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "ingest/document/tree_builder.h"

namespace nspect::ingest {

/// Reads every YAML document of the source from byte `from` on. After a syntax error it goes on
/// with the next document ("---").
void read_yaml(Report& report, TreeBuilder& builder, std::size_t from = 0);

}  // namespace nspect::ingest
