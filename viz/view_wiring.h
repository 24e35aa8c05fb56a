// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "model/attachment.h"
#include "model/recording.h"
#include "viz/view.h"

namespace nspect::viz {

/// The picture of what is plugged into what: a box for each network namespace, in it its interfaces
/// and, where they are several, its containers; wires between the ends of pairs, from ports to
/// their bridges and from devices to those below them. What leads to an interface nobody may see is
/// left out.
void add_wiring(const std::vector<TargetInfo>& targets, const std::vector<Attachment>& attachments,
                View& view);

}  // namespace nspect::viz
