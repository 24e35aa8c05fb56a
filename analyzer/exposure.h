// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/engine.h"
#include "model/ip.h"
#include "model/labels.h"

namespace nspect::analyzer {

/// Someone a workload may talk to although no manifest has to name them.
struct ExposurePeer {
    enum class Kind { external, entire_cluster, potential };
    Kind kind = Kind::entire_cluster;
    IpRange range;  ///< external
    /// Potential: pods no manifest contains but a rule describes. Without a name, namespaces by
    /// selector; an empty selector is all of them.
    std::optional<std::string> namespace_name;
    Selector namespaces;
    Selector pods;

    bool operator==(const ExposurePeer&) const = default;
};

struct ExposureRow {
    std::string workload;
    ExposurePeer peer;
    TrafficSet traffic;
    /// Ports known by name alone, since the destination does not exist yet: "TCP http", "* http".
    std::vector<std::string> named_ports;

    bool operator==(const ExposureRow&) const = default;
};

/// What workloads would accept or send if more pods existed than the manifests list.
struct Exposure {
    std::vector<ExposureRow>
        egress;  ///< by workload; outside, then the cluster, then potential peers
    std::vector<ExposureRow> ingress;
    /// Workloads that no policy selects in a direction.
    std::vector<std::pair<std::string, Direction>> unprotected;
};

/// A potential peer has a row where its traffic is not what the whole cluster has, and no pod that
/// exists already answers to a description by plain labels.
Exposure exposure(const PolicyEngine& engine);

/// The row's CONN with its named ports, "TCP 80,http".
std::string to_conn(const ExposureRow& row);

}  // namespace nspect::analyzer
