// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "analyzer/compiled.h"
#include "analyzer/traffic_pool.h"

namespace nspect::analyzer {

/// What one class may send to another, as numbers of a pool of its own that starts with the
/// engine's. Asked often, it remembers the intersections it made. Not thread-safe; make one per
/// thread.
class ClassPairs {
public:
    explicit ClassPairs(const PolicyEngine::Compiled& compiled)
        : compiled_(compiled), pool_(compiled.rules.traffic()) {}

    TrafficPool& pool() noexcept { return pool_; }

    /// From one endpoint of `from` to another one of `to`.
    TrafficId traffic(std::uint32_t from, std::uint32_t to);
    /// What the policies of the class allow to or from an address class outside.
    TrafficId outside(Direction direction, std::uint32_t class_id, std::uint32_t address_class);

private:
    TrafficId over(IpFamily family, std::uint32_t from, std::uint32_t to);

    const PolicyEngine::Compiled& compiled_;
    TrafficPool pool_;
};

}  // namespace nspect::analyzer
