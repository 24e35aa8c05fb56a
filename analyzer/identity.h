// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/inventory.h"
#include "model/recording.h"

namespace nspect::analyzer {

/// Adds to `declared` what a recording knows: its containers become endpoints (of the pod a manifest
/// names, where pod name or address say which; else workloads of their own, by container name and
/// labels), their addresses leases over time.
Inventory with_recording(Inventory declared, const Recording& recording);

}  // namespace nspect::analyzer
