// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ingest/document/report.h"
#include "ingest/istio/sources.h"
#include "model/traffic.h"

namespace nspect::ingest::istio {

/// What an entry of from, to or when lets through: all three must hold, and the conditions that are
/// not evaluated.
struct Match {
    Sources sources = Sources::everyone();
    PortSet ports{all_ports};
    std::vector<std::string> conditions;  ///< in words
};
using Matches = std::vector<Match>;  ///< any of them

/// Each of one with each of the other.
Matches operator&(const Matches& left, const Matches& right);

/// An entry of `from`, of `to`, of `when`. `own_namespace` is the policy's.
Matches read_source(const Node& entry, const std::string& own_namespace, Report& report);
Matches read_operation(const Node& entry, Report& report);
Matches read_condition(const Node& entry, const std::string& own_namespace, Report& report);

}  // namespace nspect::ingest::istio
