// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
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
    /// Each way that is allowed and not in `used`, by name, until `visit` returns false.
    void each_beyond(const std::set<WorkloadPoint>& used,
                     const std::function<bool(const WorkloadPoint&)>& visit) const;

private:
    /// What one group may send: by column of destinations, and to groups that differ.
    struct Row {
        std::vector<std::uint32_t> usual;                             // indices into sets_
        std::vector<std::pair<std::uint32_t, std::uint32_t>> listed;  // (group, set), sorted
    };

    void group_workloads();
    void fill_sparse(const std::set<TrafficPoint>& universe);
    void fill_dense(const std::set<TrafficPoint>& universe);
    std::uint32_t set_number(std::size_t from, std::size_t to) const;
    std::uint64_t allowed_from(std::size_t from, const std::vector<std::uint64_t>& weights) const;
    std::vector<std::size_t> receivers(
        std::size_t from, const std::vector<std::size_t>& by_name,
        const std::vector<std::vector<std::size_t>>& places_of_group) const;

    const PolicyEngine& engine_;
    std::vector<std::vector<std::uint32_t>> groups_;  ///< by group: its classes
    std::vector<std::size_t> sizes_;                  ///< by group: workloads
    std::vector<std::size_t> group_of_;               ///< by workload; no_group without a pod
    std::vector<std::uint32_t> column_of_;            ///< by group
    std::vector<Row> rows_;                           ///< by group
    std::vector<std::vector<TrafficPoint>> sets_;
};

/// TCP, UDP and SCTP ports that any container declares, any rule names, or any of `seen` uses. Of a
/// range in a rule its first and last.
std::set<TrafficPoint> point_universe(const std::vector<const World*>& worlds,
                                      const std::set<TrafficPoint>& seen);

}  // namespace nspect::analyzer
