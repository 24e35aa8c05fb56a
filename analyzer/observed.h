// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/engine.h"
#include "analyzer/how_far.h"
#include "analyzer/observed_ends.h"
#include "model/conversation.h"
#include "model/graph.h"

namespace nspect::analyzer {

inline constexpr std::size_t no_edge = static_cast<std::size_t>(-1);

/// The communication graph of a recording.
struct Observed {
    Graph graph;
    std::vector<std::size_t> edge_of;  ///< by conversation: its edge
    std::vector<Talk> talks;           ///< by conversation: its ends
};

/// What stands for whom nobody in the inventory is.
enum class OutsideBy : std::uint8_t {
    /// As few nodes as still mean something:
    ///   the DNS name the client had asked for, where it is known;
    ///   a block that some rule sets apart, where it is smaller than what follows;
    ///   a /24 or /64 of private addresses nobody is known to own;
    ///   "internet" for everything else, "multicast", "broadcast", "link-local",
    ///   "metadata-service" for those.
    asked,
    name,   ///< the same, and "NAME (SNI)" where a client told TLS a name it had not asked DNS for
    block,  ///< no names: a /24 or /64, or less where a rule sets less apart
    internet,  ///< no names: one "internet" for all that is not private
};

/// Who talked to whom. States of edges are not decided here.
Observed observe(const PolicyEngine& engine, const std::vector<Conversation>& conversations,
                 const HowFar& how_far = {});
/// The same with nodes and edges in the order in which they were first seen: for who adds to them
/// and sorts then.
Observed observe_unsorted(const PolicyEngine& engine,
                          const std::vector<Conversation>& conversations,
                          const HowFar& how_far = {});

/// The name of the outside node that `address` belongs to, as the peer of rules of `direction`.
std::string outside_name(const PolicyEngine& engine, Direction direction, const IpAddress& address,
                         OutsideBy outside = OutsideBy::asked);

/// "10.0.0.0/8" where the range is one block, else "10.0.0.1-10.0.0.9".
std::string range_name(const IpRange& range);

/// "shop/web[Deployment] -> shop/db[StatefulSet] TCP 5432".
std::string edge_name(const Graph& graph, const GraphEdge& edge);

}  // namespace nspect::analyzer
