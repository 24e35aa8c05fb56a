// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/conversation.h"
#include "model/diagnostics.h"
#include "model/time.h"
#include "model/traffic.h"

namespace nspect {

/// One who talks: a workload, a node, or something outside.
struct GraphNode {
    enum class Kind : std::uint8_t { workload, node, external, group };
    std::string id;     ///< "shop/web[Deployment]", "203.0.113.0/24", "node/worker-1"
    std::string label;  ///< short form for pictures
    std::string group;  ///< namespace, or its stand-in; empty outside
    Kind kind = Kind::workload;
    std::optional<std::size_t> workload;  ///< index into the Inventory
    bool isolated_ingress = false;        ///< some policy isolates it in that direction
    bool isolated_egress = false;
    bool judged = true;  ///< false: whether policies isolate it was not asked

    bool operator==(const GraphNode&) const = default;
};

/// What declared policy says about an edge, and what recordings say.
enum class EdgeState : std::uint8_t {
    allowed_used,    ///< declared and seen
    allowed_unused,  ///< declared, never seen
    denied_blocked,  ///< attempted, denied, and it did not pass
    denied_flowed,   ///< denied, and it passed all the same
    unprotected,     ///< seen; no policy selects either side
    undecided,       ///< the answer depends on the network plugin, or on what is not evaluated
    // Of two recordings or two sets of policies, held against each other:
    added,    ///< only in the second
    removed,  ///< only in the first
    changed,  ///< in both, and not the same
};
inline constexpr std::size_t edge_state_count = 9;
std::string_view to_string(EdgeState state);

inline constexpr std::size_t outcome_count = 6;

/// Conversations between two nodes on one (protocol, port).
struct GraphEdge {
    std::size_t from = 0;  ///< index into Graph::nodes
    std::size_t to = 0;
    TrafficPoint point;
    /// For an edge known only from policy: all it allows.
    std::optional<TrafficSet> declared_traffic;
    std::uint64_t conversations = 0;
    std::array<std::uint64_t, outcome_count> outcomes{};  ///< by Outcome
    Counters sent;
    Counters received;
    Timestamp first{};
    Timestamp last{};
    EdgeState state = EdgeState::unprotected;
    /// What decided: "NetworkPolicy shop/db-in rule 1 (file:line)".
    std::vector<std::string> rules;
    std::string app;
    std::uint64_t tls = 0;              ///< conversations with TLS
    std::uint64_t mutual_tls = 0;       ///< of these, with a client certificate
    std::uint64_t unknown_tls = 0;      ///< of these, where it could not be told
    std::vector<std::string> services;  ///< names dialled, each once
    std::uint64_t lost = 0;             ///< conversations of which packets vanished on the way
    /// Where most of these were seen last, and where never: "veth1 (web)", "veth2 (db)". Empty
    /// where none was lost.
    std::pair<std::string, std::string> lost_between;
    std::uint64_t retransmitting = 0;  ///< conversations of which packets were sent again
    std::uint64_t retransmits = 0;     ///< these packets

    std::uint64_t count(Outcome outcome) const {
        return outcomes[static_cast<std::size_t>(outcome)];
    }
    bool operator==(const GraphEdge&) const = default;
};

/// The communication graph. Nodes sorted by id, edges by (from, to, point).
struct Graph {
    std::vector<GraphNode> nodes;
    std::vector<GraphEdge> edges;

    bool operator==(const Graph&) const = default;
};

}  // namespace nspect
