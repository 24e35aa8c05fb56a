// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingest/calico/expression.h"
#include "model/diagnostics.h"
#include "model/ip.h"
#include "model/policy.h"

namespace nspect::ingest {

/// What Calico's documents said, as written. Whom a selector names is known only when every
/// network set, service account, tier and Service has been read: see settle.h.

struct CalicoTier {
    std::string name;
    std::optional<double> order;  ///< absent: after all that have one
    bool denies = true;           ///< defaultAction; else Pass
};

/// NetworkSet and GlobalNetworkSet.
struct CalicoNetworkSet {
    std::string namespace_name;  ///< empty for global ones
    Labels labels;
    IpSet nets;
    std::vector<std::string> domains;
    bool wider_domains = false;  ///< they name more than is written
};

struct ServiceAccount {
    std::string namespace_name;
    std::string name;
    Labels labels;
};

struct CalicoServiceRef {
    std::string namespace_name;
    std::string name;
    Diagnostic missing;  ///< to be said when there is no such Service
};

/// One side of a rule; all that is given must hold.
struct CalicoEntity {
    std::optional<Expression> selector;  ///< with namespaceSelector and serviceAccounts in it
    std::optional<Expression> not_selector;
    std::optional<IpSet> nets;
    IpSet not_nets;
    std::optional<CalicoServiceRef> service;
    std::vector<std::string> domains;

    bool selects() const { return selector.has_value() || not_selector.has_value(); }
};

struct CalicoRule {
    Rule rule;            ///< without peers
    Diagnostic narrower;  ///< to be said, with the condition, when it gets one it had not
    CalicoEntity source;
    CalicoEntity destination;
    bool v4 = true;
    bool v6 = true;
};

struct CalicoPolicy {
    Policy policy;  ///< without stage, subjects and rules
    std::string tier = "default";
    Diagnostic missing_tier;  ///< to be said when there is no such Tier
    Expression subject;
    std::vector<CalicoRule> ingress;
    std::vector<CalicoRule> egress;
    bool staged = false;
};

/// A staged policy of any kind, but for what it would enforce.
struct CalicoStagedAction {
    PolicyKind kind = PolicyKind::calico_network_policy;
    std::string namespace_name;
    std::string name;
    bool removes = false;
    std::optional<Policy> kubernetes;  ///< StagedKubernetesNetworkPolicy
    Location where;
};

struct CalicoDocuments {
    std::vector<CalicoTier> tiers;
    std::vector<CalicoNetworkSet> sets;
    std::vector<ServiceAccount> accounts;
    std::vector<CalicoPolicy> policies;
    std::vector<CalicoStagedAction> staged;

    bool empty() const { return policies.empty() && staged.empty(); }
};

}  // namespace nspect::ingest
