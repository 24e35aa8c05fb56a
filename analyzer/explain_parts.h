// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "analyzer/connectivity.h"
#include "analyzer/explain.h"

namespace nspect::analyzer {

/// Endpoints or addresses that policy cannot tell apart.
struct Part {
    std::vector<std::size_t> endpoints;  ///< sorted
    IpSet addresses;                     ///< outside
    bool ingress_controller = false;

    bool operator==(const Part&) const = default;
};

/// What holds between every member of one part and every member of another.
struct PartAnswer {
    Part from;
    Part to;
    Who one_from;  ///< one member each, to ask more about; of the ingress controller: nobody
    Who one_to;
    Explanation explanation;
};

/// All of those, as parts.
std::vector<Part> parts_of(const PolicyEngine& engine, const RowEnds& ends);

/// Why those of `from` may or may not talk to those of `to`: one answer where all get the same,
/// else one per part. With a point, only about that one. At most `limit` pairs of parts are looked
/// at; `left_out` counts the rest.
std::vector<PartAnswer> explain_parts(const PolicyEngine& engine, const RowEnds& from,
                                      const RowEnds& to, const std::optional<TrafficPoint>& point,
                                      std::size_t limit, std::size_t& left_out);

}  // namespace nspect::analyzer
