// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

namespace nspect::analyzer {

/// Is told now and then how much of long work is done, and of how much; may be empty. What follows
/// the last of it is not counted.
using HowFar = std::function<void(std::size_t done, std::size_t total)>;

/// Passes on each thousandth, the first and the last.
inline void tell(const HowFar& how_far, std::size_t done, std::size_t total) {
    constexpr std::size_t now_and_then = 1000;
    if (how_far && (done % now_and_then == 0 || done == total)) how_far(done, total);
}

/// For one of several passes over the same `whole`, as a part of all of them.
inline HowFar pass_of(const HowFar& how_far, std::size_t pass, std::size_t passes,
                      std::size_t whole) {
    if (!how_far) return {};
    return [how_far, pass, passes, whole](std::size_t done, std::size_t total) {
        const std::size_t in_pass = total == 0 ? whole : done * whole / total;
        how_far((pass * whole + in_pass) / passes, whole);
    };
}

}  // namespace nspect::analyzer
