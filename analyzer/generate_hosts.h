// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/engine.h"

namespace nspect::analyzer {

/// Traffic to let pass, by address.
struct HostPass {
    IpPrefix from;
    IpPrefix to;
    Protocol protocol = Protocol::tcp;
    PortRange ports;

    auto operator<=>(const HostPass&) const = default;
    bool operator==(const HostPass&) const = default;
};

/// Policies as a host's packet filter needs them.
struct HostRules {
    std::vector<std::pair<IpAddress, std::string>> covered;  ///< isolated containers, by address
    std::vector<HostPass> passes;                            ///< sorted, each once
};

/// What the policies of the engine's world allow between containers, and between them and the
/// addresses their rules name. TCP, UDP and SCTP. Of an address, who had it last.
HostRules host_rules(const PolicyEngine& engine);

/// How to divide one Compose project into networks so that only services that may talk meet.
struct NetworkSplit {
    std::string project;
    std::vector<std::string> services;            ///< sorted
    std::vector<std::set<std::string>> networks;  ///< in each, any two may talk
    std::set<std::string> outside;                ///< services that talk to other addresses
};

/// By project. Networks know no ports and no direction: who may meet on any port meets on all.
std::vector<NetworkSplit> split_networks(const PolicyEngine& engine);

}  // namespace nspect::analyzer
