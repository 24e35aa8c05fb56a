// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "analyzer/generate_hosts.h"

/// Policies for hosts without a network plugin.
namespace nspect::viz {

/// A ruleset for `nft -f`: two tables of our own, replaced as a whole, for what is routed and for
/// what crosses a bridge. Replies and what the host itself sends into a container always pass.
std::string to_nftables(const analyzer::HostRules& rules);

/// A Compose file to put after the project's own: networks on which only services meet that may.
std::string to_compose(const analyzer::NetworkSplit& split);

}  // namespace nspect::viz
