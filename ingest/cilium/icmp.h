// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ingest/document/report.h"
#include "model/traffic.h"

namespace nspect::ingest::cilium {

/// The types of ICMP and ICMPv6 that a list of icmps names, by number or by name.
TrafficSet read_icmps(const Node& list, Report& report);

}  // namespace nspect::ingest::cilium
