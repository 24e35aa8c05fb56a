// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "analyzer/engine.h"

namespace nspect::analyzer {

/// One workload reaching another on one port.
using WorkloadPoint = std::tuple<std::size_t, std::size_t, TrafficPoint>;

/// What a set of policies allows between workloads, over the points of a universe. Workloads whose
/// pods no policy tells apart are asked about once.
class BreadthCounter {
public:
    BreadthCounter(const PolicyEngine& engine, const std::set<TrafficPoint>& universe);

    /// Ordered pairs of different workloads x points.
    std::uint64_t allowed() const;
    /// What is allowed and not in `used`, by name; at most `most` lines.
    std::vector<std::string> beyond(const std::set<WorkloadPoint>& used, std::size_t most) const;

private:
    void group_workloads();
    void fill_rows(const std::set<TrafficPoint>& universe);

    const PolicyEngine& engine_;
    std::vector<std::vector<std::uint32_t>> groups_;  ///< by group: its classes
    std::vector<std::size_t> sizes_;                  ///< by group: workloads
    std::vector<std::size_t> group_of_;               ///< by workload; no_group without a pod
    std::vector<std::vector<std::uint32_t>> rows_;    ///< by groups: index into sets_
    std::vector<std::vector<TrafficPoint>> sets_;
};

/// TCP, UDP and SCTP ports that any container declares, any rule names, or any of `seen` uses. Of a
/// range in a rule its first and last.
std::set<TrafficPoint> point_universe(const std::vector<const World*>& worlds,
                                      const std::set<TrafficPoint>& seen);

}  // namespace nspect::analyzer
