// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "analyzer/engine.h"
#include "model/inventory.h"
#include "model/result.h"
#include "model/traffic.h"

namespace nspect::cli {

/// What a person names as an end of a connection: a workload ("shop/web", "web",
/// "shop/web[Deployment]"), a pod ("shop/web-0"), or an address.
struct Subject {
    std::string name;  ///< as nspect writes it
    analyzer::Who who;
    std::optional<std::size_t> workload;
};
/// An Error names what is near, or all that it could mean.
Result<Subject> find_subject(const Inventory& inventory, const std::string& text);

/// "DST[:PORT[/PROTO]]": the end and what was asked about.
struct Target {
    std::string end;
    std::optional<TrafficPoint> point;
};
Result<Target> parse_target(const std::string& text);

}  // namespace nspect::cli
