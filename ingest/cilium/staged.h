// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/diagnostics.h"
#include "model/inventory.h"
#include "model/policy.h"

namespace nspect::ingest::cilium {

/// Some of a rule's peers, and what is not evaluated about them.
struct PeerPart {
    std::vector<Peer> peers;
    std::string condition;
};

/// Some of a rule's ports, and what is not evaluated about them.
struct PortPart {
    std::vector<PortMatch> ports;
    bool all = false;
    std::string condition;
};

/// toServices: which Services are meant is known when all documents are read.
struct ServiceReference {
    std::string namespace_name;      ///< empty: of any namespace
    std::string name;                ///< asked without `labels`
    std::optional<Selector> labels;  ///< of the Service
    Diagnostic missing;              ///< for when there is none
};

/// cidrGroupRef and cidrGroupSelector.
struct GroupReference {
    std::string name;  ///< asked without `labels`
    std::optional<Selector> labels;
    IpSet except;
    Diagnostic missing;
};

struct CidrGroup {
    std::string name;
    Labels labels;
    IpSet addresses;
};

/// Whom a rule names, as far as it is known while its document is read.
struct Peers {
    std::vector<Peer> exact;
    std::vector<PeerPart> partly;
    std::vector<ServiceReference> services;
    std::vector<GroupReference> groups;
    bool kube_apiserver = false;
    bool known_kube_apiserver = false;  ///< it too, where its address is known
    bool by_endpoints = false;  ///< named as endpoints: what fromRequires and toRequires narrow
};

/// One rule as written; it becomes one Rule for each pair of peers and ports that are evaluated
/// alike.
struct StagedRule {
    Rule rule;  ///< without peers and ports
    Peers peers;
    std::vector<PortPart> ports;
};

struct StagedPolicy {
    Policy policy;  ///< without rules
    std::vector<StagedRule> ingress;
    std::vector<StagedRule> egress;
    bool has_requirements = false;
};

/// Order of rules within the stage of namespaces. A denial comes first. What fromRequires and
/// toRequires ask for limits rules that name endpoints, NetworkPolicy's among them, so rules that
/// name others are asked before it.
inline constexpr double deny_order = -1;
inline constexpr double wide_requirement_order = 0;
inline constexpr double other_peers_order = 998;
inline constexpr double requirement_order = 999;

/// "a and b", or the one that is not empty.
std::string joined_conditions(const std::string& left, const std::string& right);

/// What Cilium's documents said.
struct Documents {
    std::vector<StagedPolicy> policies;
    std::vector<CidrGroup> groups;
};

/// Adds the policies in their normal form, once everything else is in the inventory.
/// `apiserver` are the addresses of the Kubernetes API server, empty when they are not known.
void settle(Documents documents, const std::vector<IpAddress>& apiserver,
            const Inventory& inventory, std::vector<Policy>& policies, Diagnostics& diagnostics);

}  // namespace nspect::ingest::cilium
