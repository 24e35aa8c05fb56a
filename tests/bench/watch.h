// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <ctime>

namespace nspect::bench {

/// Wall and processor time since it was made: on a busy machine the second says more.
class Watch {
public:
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_).count();
    }
    double cpu_seconds() const {
        return static_cast<double>(std::clock() - clock_) / CLOCKS_PER_SEC;
    }

private:
    std::chrono::steady_clock::time_point wall_ = std::chrono::steady_clock::now();
    std::clock_t clock_ = std::clock();
};

}  // namespace nspect::bench
