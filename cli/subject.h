// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "analyzer/connectivity.h"
#include "analyzer/engine.h"
#include "model/inventory.h"
#include "model/result.h"
#include "model/traffic.h"

namespace nspect::cli {

/// Everyone a person means by a workload, a pod, a whole namespace ("shop/"), a Service
/// ("service/shop/db" or its address), an address or a block of them, "internet" (every address
/// outside) or "ingress-controller".
struct NamedEnds {
    std::string name;  ///< as nspect writes it
    analyzer::RowEnds ends;
    std::optional<std::size_t> service;  ///< then `ends` is empty: see Inventory::services
};
Result<NamedEnds> find_ends(const Inventory& inventory, const std::string& text);

/// "5432", "8000-8080/UDP", "TCP", "ICMP": a part of traffic; TCP where there is only a number.
Result<TrafficSet> parse_traffic(const std::string& text);

/// "DST[:PORT[/PROTO]]": the end and what was asked about.
struct Target {
    std::string end;
    std::optional<TrafficPoint> point;
};
Result<Target> parse_target(const std::string& text);

}  // namespace nspect::cli
