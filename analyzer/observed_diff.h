// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/audit.h"
#include "model/graph.h"

namespace nspect::analyzer {

/// One edge that is not the same in two recordings.
struct ObservedChange {
    enum class Type : std::uint8_t { added, removed, changed };
    Type type = Type::changed;
    std::string src;
    std::string dst;
    TrafficPoint point;
    std::optional<GraphEdge> before;  ///< as it was counted; absent when added
    std::optional<GraphEdge> after;   ///< absent when removed
    std::vector<std::string> what;    ///< changed: in clear, was mutual TLS
};

std::string_view to_string(ObservedChange::Type type);

/// What two recordings show of who talks to whom, held against each other.
struct ObservedDiff {
    std::vector<ObservedChange> rows;  ///< sorted by (src, dst, point)
    std::uint64_t same = 0;            ///< edges in both that did not change
    std::vector<GraphNode> nodes;      ///< of both, sorted by id
    std::vector<std::string> added;    ///< workloads that talk only in the second, sorted
    std::vector<std::string> removed;
    Duration before{};  ///< how long each recording is
    Duration after{};
    std::vector<std::string>
        warnings;        ///< how far each can be trusted, "before: ...", "after: ..."
    bool lossy = false;  ///< packets were lost: what is gone may only not have been seen

    bool empty() const noexcept { return rows.empty(); }
};

/// Edges are the same when policy says the same of them, when they get as far, are protected alike
/// and carry bytes at a rate that is not ten times another. Edges known only from policy are not
/// part of it.
ObservedDiff diff(const Audit& before, const Audit& after);

}  // namespace nspect::analyzer
