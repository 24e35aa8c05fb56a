// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "model/graph.h"

namespace nspect::viz {

/// By node: "around web", the name of its community (analyzer/communities.h) after that of its
/// `members` which talks to most others. Empty for who is not of these. Two of one name are one.
std::vector<std::string> community_names(const Graph& graph, const std::vector<bool>& members);

}  // namespace nspect::viz
