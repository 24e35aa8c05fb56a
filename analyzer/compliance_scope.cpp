// SPDX-License-Identifier: Apache-2.0
// PCI DSS: about the part that holds account data, which only people can name.
#include <optional>
#include <set>

#include "analyzer/compliance_facts.h"
#include "analyzer/observed_ends.h"

namespace nspect::analyzer {

namespace {

constexpr const char* unnamed =
    "where account data are is not known: name the workloads with --scope";

bool no_scope(ComplianceFacts& facts, const ComplianceCheck& check) {
    if (!facts.input.scope.empty()) return false;
    facts.not_observable(check, unnamed);
    return true;
}

std::vector<std::string> passed_against_policy(const ComplianceFacts& facts, bool inbound) {
    std::vector<std::string> list;
    const Graph& graph = facts.audit.graph;
    for (const GraphEdge& edge : graph.edges) {
        const bool from = facts.node_in_scope(graph.nodes[edge.from]);
        const bool to = facts.node_in_scope(graph.nodes[edge.to]);
        if (edge.state != EdgeState::denied_flowed || from == to) continue;
        if (inbound == to) list.push_back(facts.title(edge) + ": denied, and it passed");
    }
    return list;
}

void check_direction(ComplianceFacts& facts, Direction direction) {
    const bool in = direction == Direction::ingress;
    ComplianceCheck check =
        statement(in ? "pci-1.3.1" : "pci-1.3.2",
                  in ? "PCI DSS 4.0 1.3.1, segmentation" : "PCI DSS 4.0 1.3.2, segmentation",
                  in ? "Only traffic that a rule names comes into the scope."
                     : "Only traffic that a rule names leaves the scope.");
    if (no_scope(facts, check) || facts.undeclared(check)) return;
    std::vector<std::string> open = facts.not_isolated(facts.input.scope, direction);
    for (auto& each : open) each += in ? ": open for ingress" : ": open for egress";
    for (auto& each : passed_against_policy(facts, in)) open.push_back(std::move(each));
    facts.judge_seen(std::move(check), open,
                     "policies isolate each workload of the scope, and nothing was seen to pass "
                     "against them",
                     "policy leaves it open, or was not enforced");
}

/// Of addresses that policy cannot tell apart, some that are not private.
std::optional<IpRange> public_part(const IpSet& addresses) {
    for (const IpRange& each : addresses.intervals()) {
        if (!is_private(each.first)) return each;
    }
    return std::nullopt;
}

void check_public(ComplianceFacts& facts) {
    ComplianceCheck check = statement("pci-1.4.4", "PCI DSS 4.0 1.4.4, segmentation",
                                      "No public address may reach the scope directly.");
    if (no_scope(facts, check) || facts.undeclared(check)) return;
    std::set<std::string> open;
    const auto& classes = facts.engine.address_classes(Direction::ingress);
    for (const IpSet& each : classes) {
        const auto range = public_part(each);
        if (!range) continue;
        const Who from = Who::of_address(range->first);
        for (const std::size_t endpoint : facts.input.scope) {
            const Who to = Who::of_endpoint(endpoint);
            if (facts.engine.allowed(Direction::ingress, from, to).empty()) continue;
            open.insert(facts.workload(endpoint) + ": from " + to_string(range->first) + "-" +
                        to_string(range->last));
        }
    }
    facts.judge(std::move(check), {open.begin(), open.end()}, "policy lets none in",
                "policy lets them in; ways from outside to the pods are not part of this");
}

bool is_public(const GraphNode& node) {
    if (node.kind != GraphNode::Kind::external) return false;
    const auto address = IpAddress::parse(node.id.substr(0, node.id.find_first_of("/-")));
    return !address || !is_private(*address);
}

void check_transmission(ComplianceFacts& facts) {
    ComplianceCheck check =
        statement("pci-4.2.1", "PCI DSS 4.0 4.2.1, strong cryptography over public networks",
                  "Conversations between the scope and public addresses are encrypted, "
                  "without weak TLS.");
    if (no_scope(facts, check) || facts.unseen(check)) return;
    const Graph& graph = facts.audit.graph;
    std::uint64_t all = 0;
    std::vector<std::string> open;
    for (const GraphEdge& edge : graph.edges) {
        const GraphNode& from = graph.nodes[edge.from];
        const GraphNode& to = graph.nodes[edge.to];
        const bool crosses = (facts.node_in_scope(from) && is_public(to)) ||
                             (is_public(from) && facts.node_in_scope(to));
        const Protected each = protection(edge);
        if (!crosses || each.all == 0) continue;
        all += each.all;
        if (each.tls < each.all) open.push_back(facts.title(edge) + ": in clear");
        for (const Finding& finding : facts.audit.findings) {
            if (finding.code == "weak-tls" && finding.subject == facts.title(edge))
                open.push_back(facts.title(edge) + ": weak TLS");
        }
    }
    if (all == 0)
        return facts.not_observable(check,
                                    "no TCP conversation of the scope with a public "
                                    "address was recorded");
    facts.judge_seen(std::move(check), open,
                     "all " + std::to_string(all) + " that were recorded were", "some were not");
}

}  // namespace

void check_scope(ComplianceFacts& facts) {
    check_direction(facts, Direction::ingress);
    check_direction(facts, Direction::egress);
    check_public(facts);
    check_transmission(facts);
}

}  // namespace nspect::analyzer
