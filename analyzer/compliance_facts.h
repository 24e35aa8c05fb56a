// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "analyzer/compliance.h"

namespace nspect::analyzer {

/// What the statements of compliance() share.
class ComplianceFacts {
public:
    ComplianceFacts(const PolicyEngine& policy_engine, const Audit& audited,
                    const ComplianceInput& given);

    const PolicyEngine& engine;
    const Audit& audit;
    const ComplianceInput& input;
    const Inventory& inventory;

    /// Adds a statement; `failed` decides between pass and fail.
    void judge(ComplianceCheck check, const std::vector<std::string>& failed,
               const std::string& when_passed, const std::string& when_failed);
    /// The same of what was seen: over losses nothing passes, for what failed may be among them.
    void judge_seen(ComplianceCheck check, const std::vector<std::string>& failed,
                    const std::string& when_passed, const std::string& when_failed);
    void not_observable(ComplianceCheck check, std::string reason);
    /// Says so and returns true where there are no manifests to judge, or no workloads in them.
    bool undeclared(const ComplianceCheck& check);
    /// The same where nothing was recorded.
    bool unseen(const ComplianceCheck& check);

    /// Endpoints that policy can select: those on the host network are left to the node.
    const std::vector<std::size_t>& subjects() const { return subjects_; }
    bool in_scope(std::size_t endpoint) const;
    /// Whether the node is a workload with an endpoint in the scope.
    bool node_in_scope(const GraphNode& node) const;
    std::string workload(std::size_t endpoint) const;
    /// Workloads of these endpoints that no policy isolates in the direction, each once, sorted.
    std::vector<std::string> not_isolated(const std::vector<std::size_t>& endpoints,
                                          Direction direction) const;
    /// "shop/web[Deployment] -> shop/db[StatefulSet] TCP 5432".
    std::string title(const GraphEdge& edge) const;
    /// Subjects of the findings with one of these codes.
    std::vector<std::string> found(const std::vector<std::string>& codes) const;
    /// "7 conversations in 8 s were recorded".
    std::string window() const;

    std::vector<ComplianceCheck> checks;

private:
    std::vector<std::size_t> subjects_;
};

/// A statement that nothing is known of yet.
ComplianceCheck statement(std::string id, std::string guideline, std::string says);

/// TCP conversations that could carry data, and how many of them were encrypted.
struct Protected {
    std::uint64_t all = 0;
    std::uint64_t tls = 0;
    std::uint64_t mutual = 0;
    std::uint64_t unknown = 0;  ///< TLS, and whether it was mutual could not be told
};
Protected protection(const GraphEdge& edge);

// compliance_declared.cpp
void check_declared(ComplianceFacts& facts);
// compliance_observed.cpp
void check_observed(ComplianceFacts& facts);
// compliance_scope.cpp
void check_scope(ComplianceFacts& facts);

}  // namespace nspect::analyzer
