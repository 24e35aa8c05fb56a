// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "ingest/document/report.h"
#include "model/istio.h"

namespace nspect::ingest {

/// outboundTrafficPolicy.mode of a mapping (MX001).
std::optional<Told<OutboundPolicy>> read_outbound(const Node& parent, Report& report);

}  // namespace nspect::ingest
