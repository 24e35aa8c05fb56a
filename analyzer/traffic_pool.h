// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "model/traffic.h"

namespace nspect::analyzer {

/// A traffic set by number: equal sets have equal numbers.
using TrafficId = std::uint32_t;

/// Keeps each distinct traffic set once and remembers the result of every operation on two of them,
/// so that policy evaluation over many classes works on small numbers. Not thread-safe.
class TrafficPool {
public:
    static constexpr TrafficId none = 0;
    static constexpr TrafficId all = 1;

    TrafficPool();

    TrafficId intern(const TrafficSet& traffic);
    /// REQUIRES: `id` came from this pool. The reference is valid until the next call that may add.
    const TrafficSet& operator[](TrafficId id) const { return sets_[id]; }
    std::size_t size() const noexcept { return sets_.size(); }

    TrafficId unite(TrafficId a, TrafficId b);
    TrafficId intersect(TrafficId a, TrafficId b);
    TrafficId subtract(TrafficId a, TrafficId b);

private:
    using Memo = std::unordered_map<std::uint64_t, TrafficId>;

    std::vector<TrafficSet> sets_;
    std::unordered_map<std::uint64_t, std::vector<TrafficId>> by_hash_;
    Memo unions_;
    Memo intersections_;
    Memo differences_;
};

}  // namespace nspect::analyzer
