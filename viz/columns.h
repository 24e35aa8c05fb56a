// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace nspect::viz {

/// How many columns of a terminal a code point takes: 0 for marks that combine with the one before,
/// 2 for wide and fullwidth ones (Unicode Standard Annex 11) and pictographs, else 1.
std::size_t columns_of(std::uint32_t code_point);

}  // namespace nspect::viz
