// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <set>
#include <vector>

#include "model/ip.h"

namespace nspect::analyzer {

/// How many address blocks a rule may list before neighbouring addresses share one.
inline constexpr std::size_t block_budget = 16;

/// Blocks around `addresses`: each address its own (/32, /128) while they are few, else as few more
/// addresses as `budget` blocks allow. A block never contains an address of `avoid`, never both
/// families, and is never wider than /8 (IPv6: /16); for that the budget may be exceeded.
std::vector<IpPrefix> cover(const std::set<IpAddress>& addresses, std::size_t budget,
                            const std::vector<IpAddress>& avoid);

}  // namespace nspect::analyzer
