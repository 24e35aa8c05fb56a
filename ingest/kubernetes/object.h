// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "ingest/document/report.h"
#include "model/policy.h"
#include "model/workload.h"

namespace nspect::ingest {

/// One Kubernetes object while it is read: what all kinds have in common.
struct Object {
    const Node& root;
    Report& report;
    std::string kind;
    std::string group;  ///< of apiVersion; empty for the core group
    std::string
        namespace_name;  ///< "default" where it is not given; empty for cluster-scoped kinds
    std::string name;
    std::size_t errors_before = 0;

    /// Whether nothing is wrong with it so far. Only whole objects are used.
    bool whole() const { return report.errors() == errors_before; }
    Location where() const { return report.location_of(root); }
    /// metadata.name, or the object when it has none.
    const Node& name_node() const;
    /// "NetworkPolicy shop/db-in".
    std::string title() const;
};

/// The controller named by metadata.ownerReferences, in the namespace of the object.
/// One without a kind counts as a Pod; a Node, which owns static pods, as none.
std::optional<WorkloadId> owner_of(const Object& object);

/// Labels, container ports, service account and the like: what a pod, or a template of pods,
/// declares. `pod` is the mapping with metadata and spec.
Endpoint read_pod_template(const Node& pod, Report& report);

}  // namespace nspect::ingest
