// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/engine.h"
#include "model/ip.h"
#include "model/traffic.h"

namespace nspect::analyzer {

/// One end of a row of declared connectivity: the text form of the machine format
/// (`ns/name[Kind]`, an address range, `{ingress-controller}`).
struct ConnectivityRow {
    std::string src;
    std::string dst;
    TrafficSet traffic;

    bool operator==(const ConnectivityRow&) const = default;
};

enum class Level { workload, pod };

/// What rows tell: connections, the TCP, UDP and SCTP part that machine formats show (whole when
/// all three are), or all traffic with ICMP and the rest.
enum class Scope { connections, all_traffic };

/// Some of those who can be an end of a row.
struct RowEnds {
    std::vector<std::size_t> endpoints;  ///< sorted, each once
    IpSet addresses;                     ///< outside
    bool ingress_controller = false;
};

/// Which rows are asked for; by default all of them.
struct ConnectivityQuery {
    Level level = Level::workload;
    Scope scope = Scope::connections;
    std::optional<RowEnds> from = std::nullopt;
    std::optional<RowEnds> to = std::nullopt;
    std::optional<RowEnds> either = std::nullopt;      ///< one of the two ends at least
    std::optional<TrafficSet> traffic = std::nullopt;  ///< this part of the traffic alone
};

/// All workloads or pods, sorted.
std::vector<std::string> unit_names(const PolicyEngine& engine, Level level);

/// Takes one row; false ends the enumeration.
using RowSink = std::function<bool(const ConnectivityRow& row)>;

/// Declared reachability between workloads or pods and the outside, row by row in the order of
/// (src, dst), never holding them all. No row from one to itself, none between two outside ranges;
/// for one workload and direction, adjacent ranges with equal traffic are merged. At workload level
/// a row is the union over the workload's endpoints.
void connectivity(const PolicyEngine& engine, const ConnectivityQuery& query, const RowSink& sink);

struct Connectivity {
    std::vector<std::string> peers;     ///< all workloads (or pods), sorted
    std::vector<ConnectivityRow> rows;  ///< sorted by (src, dst); no row: nothing is allowed
};

/// The same, all at once.
Connectivity connectivity(const PolicyEngine& engine, Level level,
                          Scope scope = Scope::connections);

/// Rows counted: pairs of workloads (or pods) by what they may do, and who has a way in or out.
struct ConnectivitySummary {
    std::uint64_t units = 0;  ///< workloads or pods
    std::uint64_t pairs = 0;  ///< ordered, of different ones, that were asked about
    std::uint64_t open = 0;   ///< of these: everything is allowed
    std::uint64_t restricted = 0;
    std::uint64_t closed = 0;
    std::uint64_t from_outside = 0;  ///< units that some outside address may reach
    std::uint64_t to_outside = 0;    ///< units that may reach some outside address
    std::uint64_t classes = 0;       ///< endpoints that policy cannot tell apart, counted as one
};

ConnectivitySummary summarize(const PolicyEngine& engine, const ConnectivityQuery& query);

}  // namespace nspect::analyzer
