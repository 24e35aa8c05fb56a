// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "analyzer/compiled.h"
#include "analyzer/connectivity.h"
#include "analyzer/traffic_pool.h"

namespace nspect::analyzer {

/// All pairs of classes, one source at a time and without ever holding them all. Most destinations
/// of a source are treated alike: a row has one value per group of destinations and lists only
/// those that differ, so making it costs what is listed, not what there is. Keeps scratch space:
/// not thread-safe; make one per thread.
class Reachability {
public:
    explicit Reachability(const PolicyEngine& engine);

    struct Row {
        std::vector<TrafficId> usual;  ///< by group of destinations
        std::vector<std::pair<std::uint32_t, TrafficId>>
            listed;  ///< (destination, traffic), unsorted
    };
    /// What endpoints of the class may send to other endpoints. Overwrites `row`.
    void row(std::uint32_t source, Row& row);

    std::uint32_t group_of(std::uint32_t class_id) const { return group_of_[class_id]; }
    /// Endpoints in a group.
    const std::vector<std::uint64_t>& group_sizes() const noexcept { return group_sizes_; }
    const TrafficPool& pool() const noexcept { return pool_; }

private:
    struct Taken {
        std::uint32_t profile = 0;
        TrafficId traffic = TrafficPool::none;
    };
    /// What a source may send and its destinations take over one family, valid where marked.
    struct Scratch {
        std::vector<TrafficId> sent;         // by destination class
        std::vector<std::uint32_t> sent_at;  // row in which it was set
        std::vector<TrafficId> taken;        // by ingress profile
        std::vector<std::uint32_t> taken_at;
    };

    void index_sources();
    void scatter(std::uint32_t source, IpFamily family, Scratch& scratch);
    void touch(std::uint32_t destination);
    TrafficId value(std::uint32_t source, std::uint32_t destination);

    const PolicyEngine::Compiled& compiled_;
    TrafficPool pool_;
    std::vector<std::uint32_t> group_of_;
    std::vector<TrafficId> group_taken_;
    std::vector<std::uint64_t> group_sizes_;
    std::vector<std::vector<std::uint32_t>> classes_of_;  // by ingress profile
    std::vector<std::size_t> taken_from_;                 // into takes_, by source as a peer
    std::vector<Taken> takes_;
    Scratch scratch_[2];
    std::vector<std::uint32_t> touched_at_;  // by destination
    std::vector<std::uint32_t> touched_;
    std::uint32_t turn_ = 0;
};

/// Counts over all ordered pairs of different endpoints.
struct ReachabilitySummary {
    std::uint64_t pairs = 0;
    std::uint64_t open = 0;        ///< all traffic
    std::uint64_t restricted = 0;  ///< some of it
    std::uint64_t closed = 0;      ///< none
    std::uint64_t classes = 0;

    bool operator==(const ReachabilitySummary&) const = default;
};

ReachabilitySummary summarize(const PolicyEngine& engine, Scope scope = Scope::all_traffic);

}  // namespace nspect::analyzer
