// SPDX-License-Identifier: Apache-2.0
#include "analyzer/compliance.h"

#include <algorithm>
#include <array>
#include <set>

#include "analyzer/compliance_facts.h"

namespace nspect::analyzer {

namespace {

constexpr std::size_t most_evidence = 10;

std::vector<std::string> some_of(const std::vector<std::string>& all) {
    std::vector<std::string> some(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                 all.size(), most_evidence)));
    if (all.size() > most_evidence) {
        some.push_back("and " + std::to_string(all.size() - most_evidence) + " more");
    }
    return some;
}

/// Statements of one guideline stand together.
std::size_t place_of(std::string_view id) {
    constexpr std::array<std::string_view, 5> order{"cis", "nsa", "nist", "pci", "owasp"};
    const auto at = std::find(order.begin(), order.end(), id.substr(0, id.find('-')));
    return static_cast<std::size_t>(at - order.begin());
}

}  // namespace

std::string_view to_string(ComplianceStatus status) {
    switch (status) {
        case ComplianceStatus::pass:
            return "pass";
        case ComplianceStatus::fail:
            return "fail";
        case ComplianceStatus::not_observable:
            break;
    }
    return "not observable";
}

ComplianceFacts::ComplianceFacts(const PolicyEngine& policy_engine, const Audit& audited,
                                 const ComplianceInput& given)
    : engine(policy_engine),
      audit(audited),
      input(given),
      inventory(policy_engine.world().inventory) {
    for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) {
        const Endpoint& endpoint = inventory.endpoints()[i];
        if (!endpoint.host_network && !endpoint.finished) subjects_.push_back(i);
    }
}

void ComplianceFacts::judge(ComplianceCheck check, const std::vector<std::string>& failed,
                            const std::string& when_passed, const std::string& when_failed) {
    check.status = failed.empty() ? ComplianceStatus::pass : ComplianceStatus::fail;
    check.reason = failed.empty() ? when_passed : when_failed;
    check.evidence = some_of(failed);
    checks.push_back(std::move(check));
}

void ComplianceFacts::judge_seen(ComplianceCheck check, const std::vector<std::string>& failed,
                                 const std::string& when_passed, const std::string& when_failed) {
    if (failed.empty() && audit.lossy) {
        return not_observable(std::move(check),
                              "something was lost while recording: what was not seen may have been "
                              "there");
    }
    judge(std::move(check), failed, when_passed, when_failed);
}

void ComplianceFacts::not_observable(ComplianceCheck check, std::string reason) {
    check.reason = std::move(reason);
    checks.push_back(std::move(check));
}

bool ComplianceFacts::undeclared(const ComplianceCheck& check) {
    if (input.has_manifests && !subjects_.empty()) return false;
    not_observable(check, input.has_manifests ? "the manifests name no pod that policy can select"
                                              : "no manifests were given");
    return true;
}

bool ComplianceFacts::unseen(const ComplianceCheck& check) {
    if (audit.conversations > 0) return false;
    not_observable(check, "no conversation was recorded");
    return true;
}

bool ComplianceFacts::in_scope(std::size_t endpoint) const {
    return std::binary_search(input.scope.begin(), input.scope.end(), endpoint);
}

bool ComplianceFacts::node_in_scope(const GraphNode& node) const {
    if (!node.workload) return false;
    const auto endpoints = inventory.endpoints_of(*node.workload);
    return std::any_of(endpoints.begin(), endpoints.end(),
                       [&](std::size_t each) { return in_scope(each); });
}

std::string ComplianceFacts::workload(std::size_t endpoint) const {
    return to_string(inventory.workload_of(inventory.endpoints()[endpoint]));
}

std::vector<std::string> ComplianceFacts::not_isolated(const std::vector<std::size_t>& endpoints,
                                                       Direction direction) const {
    std::set<std::string> names;
    for (const std::size_t each : endpoints) {
        if (!engine.isolated(each, direction)) names.insert(workload(each));
    }
    return {names.begin(), names.end()};
}

std::string ComplianceFacts::title(const GraphEdge& edge) const {
    return audit.graph.nodes[edge.from].id + " -> " + audit.graph.nodes[edge.to].id + " " +
           to_string(edge.point);
}

std::vector<std::string> ComplianceFacts::found(const std::vector<std::string>& codes) const {
    std::vector<std::string> subjects;
    for (const Finding& each : audit.findings) {
        if (std::find(codes.begin(), codes.end(), each.code) != codes.end()) {
            subjects.push_back(each.subject + " (" + each.code + ")");
        }
    }
    return subjects;
}

std::string ComplianceFacts::window() const {
    const bool one = audit.conversations == 1;
    return std::to_string(audit.conversations) + (one ? " conversation" : " conversations") +
           " in " + to_words(audit.last - audit.first) + (one ? " was" : " were") + " recorded";
}

ComplianceCheck statement(std::string id, std::string guideline, std::string says) {
    ComplianceCheck check;
    check.id = std::move(id);
    check.guideline = std::move(guideline);
    check.statement = std::move(says);
    return check;
}

std::vector<ComplianceCheck> compliance(const PolicyEngine& engine, const Audit& audit,
                                        const ComplianceInput& input) {
    ComplianceFacts facts(engine, audit, input);
    check_declared(facts);
    check_observed(facts);
    check_scope(facts);
    std::stable_sort(facts.checks.begin(), facts.checks.end(),
                     [](const ComplianceCheck& a, const ComplianceCheck& b) {
                         return place_of(a.id) < place_of(b.id);
                     });
    return std::move(facts.checks);
}

}  // namespace nspect::analyzer
