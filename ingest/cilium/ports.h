// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ingest/cilium/staged.h"
#include "ingest/document/report.h"

namespace nspect::ingest::cilium {

/// toPorts and icmps of a rule: parts that are evaluated alike, all traffic where it has neither.
/// Entries of toPorts with conditions on what is said within a connection are parts of their own.
std::vector<PortPart> read_ports(const Node& rule, Action action, Report& report);

}  // namespace nspect::ingest::cilium
