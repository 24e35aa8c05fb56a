// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
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

struct Connectivity {
    std::vector<std::string> peers;     ///< all workloads (or pods), sorted
    std::vector<ConnectivityRow> rows;  ///< sorted by (src, dst); no row: nothing is allowed
};

/// Declared reachability between all workloads or pods and the outside. No row from one to itself,
/// none between two outside ranges; for one workload and direction, adjacent ranges with equal
/// traffic are merged. At workload level a row is the union over the workload's endpoints.
Connectivity connectivity(const PolicyEngine& engine, Level level,
                          Scope scope = Scope::connections);

}  // namespace nspect::analyzer
