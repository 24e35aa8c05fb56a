// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "model/inventory.h"
#include "model/recording.h"

namespace nspect::analyzer {

using nspect::container_name_label;

/// Adds to `declared` what a recording knows: its containers become endpoints (of the pod a
/// manifest names, where pod name, pod uid, container name or address say which; else workloads of
/// their own, by container name and labels), their addresses leases over time. The host becomes a
/// node.
Inventory with_recording(Inventory declared, const Recording& recording);

/// Which endpoint each container of the recording is, by TargetInfo::id; hosts are not in it.
/// `inventory` is what with_recording() made for this recording.
std::unordered_map<std::uint32_t, std::size_t> endpoints_of_targets(const Inventory& inventory,
                                                                    const Recording& recording);

/// What people call the workload of a container that no manifest names: the Compose or Swarm
/// service, the name of a pod without what its controller appended, else the container's own name.
/// Kind "Container" or, for a pod, "Pod".
WorkloadId container_workload(const TargetInfo& target);

/// Whether a controller of this kind and name gives its pods names like `pod`.
bool may_own_pod(const WorkloadId& workload, std::string_view pod);

}  // namespace nspect::analyzer
