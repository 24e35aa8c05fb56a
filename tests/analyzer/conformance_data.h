// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "analyzer/connectivity.h"
#include "analyzer/world.h"

/// Access to the shared conformance data, which is not part of the source tree.
namespace nspect::conformance {

/// Its folder; nothing, with one line that says what is left out, when it is not there.
std::optional<std::string> folder(const std::string& name);

/// The folders in `parent` that hold a file `marker`, as paths, sorted.
std::vector<std::string> cases_in(const std::string& parent, const std::string& marker);

nlohmann::json read_json(const std::string& path);

/// The world that files and folders declare; blocks do not match pods unless `blocks` says so.
analyzer::World load_world(const std::vector<std::string>& inputs,
                           analyzer::IpBlockPods blocks = analyzer::IpBlockPods::never);

/// (src, dst) -> CONN.
using Rows = std::map<std::pair<std::string, std::string>, std::string>;
/// IPv6 rows are left out: the data ignores IPv6.
Rows rows_of(const analyzer::Connectivity& connectivity);
Rows rows_of(const nlohmann::json& expected);

/// The first row on which they differ, in words; empty when there is none.
std::string difference(const Rows& expected, const Rows& actual);

}  // namespace nspect::conformance
