// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "model/ip.h"

namespace nspect {

/// The fewest blocks that cover a set exactly, ascending.
std::vector<IpPrefix> prefixes_of(const IpSet& addresses);

}  // namespace nspect
