// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ingest/kubernetes/object.h"
#include "model/ip.h"

namespace nspect::ingest {

/// What the policy kinds have in common.

/// A policy of this object, without rules yet.
Policy make_policy(const Object& object, PolicyKind kind, Stage stage);

/// "10.0.0.0/8", with a length (NP009).
std::optional<IpPrefix> read_prefix(const Node& node, Report& report);

/// The only field of `node` that is one of `known`; `code` when there is none or more than one.
const Node* only_field(const Node& node, Report& report, std::string_view code,
                       std::string_view subject, std::initializer_list<std::string_view> known);

/// A port name in a policy (NP005).
std::optional<std::string> read_port_name(const Node& node, Report& report);

/// A range with both ends; `end` before `start` gives `code`.
std::optional<PortRange> read_range(const Node& start, const Node& end, Report& report,
                                    std::string_view code);

/// spec.priority of the admin kinds: 0 to 1000 (NP025).
double read_priority(const Node& spec, Report& report);

/// spec.subject: pods by namespaces or by namespaceSelector and podSelector (NP020).
std::vector<PodPeer> read_subject(const Node& spec, Report& report);

/// How one of the admin languages writes a rule.
struct AdminDialect {
    std::vector<std::pair<std::string_view, Action>> actions;
    std::string_view ports_field;
    std::vector<PortMatch> (*read_ports)(const Node& list, Report& report);
    double order = 0;              ///< of every rule of the policy
    std::size_t most_items = 100;  ///< in one list of rules, peers or ports (NP034)
};

/// spec.ingress and spec.egress. A rule with peers that are only partly evaluated becomes two: the
/// exact one, and one marked narrower.
std::vector<Rule> read_admin_rules(const Node& spec, Direction direction,
                                   const AdminDialect& dialect, Report& report);

/// portNumber, portRange, namedPort: AdminNetworkPolicy and its baseline.
std::vector<PortMatch> read_admin_ports(const Node& list, Report& report);
/// tcp, udp, sctp, destinationNamedPort: ClusterNetworkPolicy.
std::vector<PortMatch> read_cluster_protocols(const Node& list, Report& report);

}  // namespace nspect::ingest
