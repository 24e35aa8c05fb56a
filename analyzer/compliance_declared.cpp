// SPDX-License-Identifier: Apache-2.0
// What policy says, whatever was seen.
#include <algorithm>
#include <map>
#include <set>

#include "analyzer/compliance_facts.h"

namespace nspect::analyzer {

namespace {

const IpAddress& metadata_address() {
    static const IpAddress address = *IpAddress::parse("169.254.169.254");
    return address;
}

bool is_docker_alone(const World& world) {
    return !world.policies.empty() &&
           std::all_of(world.policies.begin(), world.policies.end(),
                       [](const Policy& each) { return each.kind == PolicyKind::docker_network; });
}

void check_namespaces(ComplianceFacts& facts) {
    ComplianceCheck check =
        statement("cis-5.3.2", "CIS Kubernetes Benchmark 5.3.2",
                  "Every namespace that runs something has a policy that selects something "
                  "in it.");
    if (facts.undeclared(check)) return;
    if (is_docker_alone(facts.engine.world()))
        return facts.not_observable(check, "these are container networks, not namespaces");
    std::map<std::string, bool> selected;
    for (const std::size_t each : facts.subjects()) {
        const auto& name =
            facts.inventory.workload_of(facts.inventory.endpoints()[each]).namespace_name;
        selected[name] |= facts.engine.selected(each, Direction::ingress) ||
                          facts.engine.selected(each, Direction::egress);
    }
    std::vector<std::string> without;
    for (const auto& [name, any] : selected) {
        if (!any) without.push_back("namespace " + name);
    }
    facts.judge(std::move(check), without, "policies select something in each",
                "no policy selects anything there");
}

std::vector<std::string> either_direction(const ComplianceFacts& facts) {
    std::set<std::string> names;
    for (const auto direction : {Direction::ingress, Direction::egress}) {
        for (const auto& each : facts.not_isolated(facts.subjects(), direction)) {
            names.insert(each);
        }
    }
    std::vector<std::string> list;
    const auto in = facts.not_isolated(facts.subjects(), Direction::ingress);
    const auto out = facts.not_isolated(facts.subjects(), Direction::egress);
    for (const auto& each : names) {
        const bool open_in = std::binary_search(in.begin(), in.end(), each);
        const bool open_out = std::binary_search(out.begin(), out.end(), each);
        list.push_back(each + (open_in && open_out ? ": ingress and egress"
                               : open_in           ? ": ingress"
                                                   : ": egress"));
    }
    return list;
}

void check_isolation(ComplianceFacts& facts) {
    ComplianceCheck check =
        statement("nsa-default-deny", "NSA/CISA Kubernetes Hardening Guide, network separation",
                  "Every workload is isolated in both directions: what no rule names is "
                  "denied.");
    if (facts.undeclared(check)) return;
    facts.judge(std::move(check), either_direction(facts), "policies isolate each in both",
                "no policy isolates them in the directions named");
}

void check_metadata(ComplianceFacts& facts) {
    ComplianceCheck check =
        statement("nsa-metadata", "NSA/CISA Kubernetes Hardening Guide, network separation",
                  "No workload may reach the metadata service of a cloud "
                  "(169.254.169.254).");
    if (facts.undeclared(check)) return;
    std::set<std::string> names;
    std::vector<signed char> by_class(facts.engine.class_count(), -1);
    for (const std::size_t each : facts.subjects()) {
        auto& open = by_class[facts.engine.class_of(each)];
        if (open < 0) {
            open = facts.engine
                           .allowed(Direction::egress, Who::of_endpoint(each),
                                    Who::of_address(metadata_address()))
                           .empty()
                       ? 0
                       : 1;
        }
        if (open == 1) names.insert(facts.workload(each));
    }
    facts.judge(std::move(check), {names.begin(), names.end()}, "policy lets none reach it",
                "policy lets them reach it; whether anything answers there is not known");
}

void check_namespaces_apart(ComplianceFacts& facts) {
    ComplianceCheck check =
        statement("owasp-k07", "OWASP Kubernetes Top Ten K07",
                  "From another namespace a workload can be reached only where a rule "
                  "says so.");
    if (facts.undeclared(check)) return;
    std::set<std::string> namespaces;
    for (const std::size_t each : facts.subjects()) {
        namespaces.insert(
            facts.inventory.workload_of(facts.inventory.endpoints()[each]).namespace_name);
    }
    if (namespaces.size() < 2)
        return facts.not_observable(check, "the inputs have workloads of one namespace only");
    facts.judge(std::move(check), facts.not_isolated(facts.subjects(), Direction::ingress),
                "policies isolate each for ingress",
                "no policy isolates them for ingress: every namespace may reach every port");
}

}  // namespace

void check_declared(ComplianceFacts& facts) {
    check_namespaces(facts);
    check_isolation(facts);
    check_metadata(facts);
    check_namespaces_apart(facts);
}

}  // namespace nspect::analyzer
