// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ingest/document/tree_builder.h"

namespace nspect::ingest {

/// Reads the documents of one file: JSON when its first character is { or [, else YAML. Every
/// object goes to `handler`, in order; what is wrong goes to `report`.
void read_documents(Report& report, ObjectHandler handler);

/// The bound on one file; positions in it fit into 32 bits.
inline constexpr std::size_t largest_file = std::size_t{1} << 30U;

/// The text without the mark that some editors put in front of UTF-8.
std::string_view without_byte_order_mark(std::string_view text);

}  // namespace nspect::ingest
