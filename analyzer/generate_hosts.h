// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/engine.h"
#include "model/recording.h"

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

/// Traffic to let pass between two interfaces.
struct VethPass {
    std::string from;
    std::string to;
    Protocol protocol = Protocol::tcp;
    PortRange ports;

    auto operator<=>(const VethPass&) const = default;
    bool operator==(const VethPass&) const = default;
};

/// Policies as a host's packet filter needs them.
struct HostRules {
    std::vector<std::pair<IpAddress, std::string>> covered;  ///< isolated containers, by address
    std::vector<HostPass> passes;                            ///< sorted, each once
    /// Host ends of isolated containers with what addresses are theirs; empty: rules are by address
    /// alone.
    std::vector<std::pair<std::string, IpAddress>> veths = {};
    std::vector<VethPass> veth_passes = {};  ///< sorted, each once
};

/// What the policies of the engine's world allow between containers, and between them and the
/// addresses their rules name. TCP, UDP and SCTP. Of an address, who had it last.
HostRules host_rules(const PolicyEngine& engine);

/// Adds what the rules come to by interface, where the recording tells a container's host end. A
/// name that two containers had at once (on two hosts) names neither.
void add_veths(const Recording& context, HostRules& rules);

/// How to divide one Compose project into networks so that only services that may talk meet.
struct NetworkSplit {
    std::string project;
    std::vector<std::string> services;            ///< sorted
    std::vector<std::set<std::string>> networks;  ///< in each, any two may talk
    std::set<std::string> outside;                ///< services that talk to anyone else
};

/// By project, of what Compose can run. Networks know no ports and no direction: who may meet on
/// any port meets on all.
std::vector<NetworkSplit> split_networks(const PolicyEngine& engine);

}  // namespace nspect::analyzer
