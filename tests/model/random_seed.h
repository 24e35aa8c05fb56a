// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

/// A new seed each run, printed; NSPECT_SEED=N runs that one again.
inline std::uint32_t random_seed() {
    const char* fixed = std::getenv("NSPECT_SEED");
    const auto seed = fixed != nullptr ? static_cast<std::uint32_t>(std::stoul(fixed))
                                       : static_cast<std::uint32_t>(std::random_device{}());
    std::cout << "NSPECT_SEED=" << seed << '\n';
    return seed;
}
