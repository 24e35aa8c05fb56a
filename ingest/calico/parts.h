// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/calico/documents.h"
#include "ingest/kubernetes/object.h"

namespace nspect::ingest {

/// The field as a selector; absent when it is missing or empty. CA001: not in the language.
/// CA002: global(), unless `may_be_global` and it is all there is.
std::optional<Expression> selector_field(const Node& parent, std::string_view key, Report& report,
                                         bool may_be_global = false);

/// A number that orders policies or tiers (CA003).
std::optional<double> order_field(const Node& spec, Report& report);

/// "10.0.0.0/8" or one address (NP009).
IpSet read_nets(const Node& list, Report& report);

/// A domain in the form DomainPeer has. Sets `wider` when it names more than is written.
std::string calico_domain(std::string_view written, bool& wider);

/// What a rule says of protocols, ports and ICMP: rule.ports, all_ports and conditions.
void read_calico_traffic(const Node& node, Rule& rule, Report& report);

/// Adds what is not evaluated to the words that say so.
void add_condition(Rule& rule, std::string_view words);

/// spec.ingress or spec.egress. `own_namespace` is empty for global policies. Rules that only log
/// are left out; the others keep their number.
std::vector<CalicoRule> read_calico_rules(const Node* list, Direction direction,
                                          const std::string& own_namespace, Report& report);

}  // namespace nspect::ingest
