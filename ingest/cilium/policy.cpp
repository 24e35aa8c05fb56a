// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <string>

#include "ingest/cilium/peers.h"
#include "ingest/cilium/ports.h"
#include "ingest/cilium/selector.h"
#include "ingest/document/fields.h"
#include "ingest/kubernetes/kinds.h"
#include "ingest/kubernetes/labels.h"
#include "ingest/kubernetes/policy_parts.h"

namespace nspect::ingest {

namespace cilium {
namespace {

void check_rule_fields(const Node& node, Direction direction, Action action, Report& report) {
    const bool in = direction == Direction::ingress;
    if (in && action == Action::allow) {
        check_fields(node, report,
                     {"fromEndpoints", "fromRequires", "fromEntities", "fromCIDR", "fromCIDRSet",
                      "fromNodes", "fromGroups", "toPorts", "icmps", "authentication"});
    } else if (in) {
        check_fields(node, report,
                     {"fromEndpoints", "fromRequires", "fromEntities", "fromCIDR", "fromCIDRSet",
                      "fromNodes", "fromGroups", "toPorts", "icmps"});
    } else if (action == Action::allow) {
        check_fields(node, report,
                     {"toEndpoints", "toRequires", "toEntities", "toCIDR", "toCIDRSet", "toNodes",
                      "toGroups", "toServices", "toFQDNs", "toPorts", "icmps", "authentication"});
    } else {
        check_fields(node, report,
                     {"toEndpoints", "toRequires", "toEntities", "toCIDR", "toCIDRSet", "toNodes",
                      "toGroups", "toServices", "toPorts", "icmps"});
    }
}

std::string condition_of_authentication(const Node& rule, Report& report) {
    const Node* field = mapping_field(rule, "authentication", report);
    if (field == nullptr) return {};
    check_fields(*field, report, {"mode"});
    const std::string mode = text_field(*field, "mode", report).value_or("");
    if (mode == "disabled") return {};
    report.key_warning(*field, "CI007", "authentication is not evaluated",
                       "verdicts that need this rule say \"at most\"");
    return mode == "test-always-fail" ? "an authentication that always fails"
                                      : "mutual authentication";
}

/// Reads one rule of `specs`, or `spec`, into a policy.
class SpecReader {
public:
    SpecReader(const Object& object, const Node& spec)
        : object_(object), spec_(spec), report_(object.report) {}

    StagedPolicy read() {
        check_fields(spec_, report_,
                     {"endpointSelector", "nodeSelector", "ingress", "ingressDeny", "egress",
                      "egressDeny", "enableDefaultDeny", "labels", "description", "log"});
        const bool namespaced = !object_.namespace_name.empty();
        staged_.policy = make_policy(object_,
                                     namespaced ? PolicyKind::cilium_network_policy
                                                : PolicyKind::cilium_clusterwide_network_policy,
                                     {namespace_stage, "namespace"});
        staged_.policy.where = report_.location_of(spec_);
        read_subject();
        read_section("ingressDeny", Direction::ingress, Action::deny);
        read_section("ingress", Direction::ingress, Action::allow);
        read_section("egressDeny", Direction::egress, Action::deny);
        read_section("egress", Direction::egress, Action::allow);
        read_default_deny();
        return std::move(staged_);
    }

private:
    void read_subject() {
        const Node* endpoints = mapping_field(spec_, "endpointSelector", report_);
        const Node* nodes = mapping_field(spec_, "nodeSelector", report_);
        const bool any = any_field(spec_, "endpointSelector") != nullptr ||
                         any_field(spec_, "nodeSelector") != nullptr;
        if (!any || (endpoints != nullptr && nodes != nullptr)) {
            report_.error(spec_, "CI001",
                          "a rule needs exactly one of endpointSelector and nodeSelector",
                          "endpointSelector: {} is every pod");
            return;
        }
        if (nodes != nullptr) {
            report_.key_warning(*nodes, "CI002",
                                "policies for nodes are not evaluated: verdicts about nodes and "
                                "pods on the host network are without this one");
            return;
        }
        if (endpoints == nullptr) return;
        EndpointTerm term =
            read_term(*endpoints, object_.namespace_name, TermUse::subject, report_);
        subject_condition_ = term.condition;
        if (term.nobody || !term.reserved.empty()) return;
        staged_.policy.subjects.push_back(std::move(term.pods));
    }

    void read_section(std::string_view key, Direction direction, Action action) {
        const Node* list = sequence_field(spec_, key, report_);
        if (list == nullptr) return;
        const bool in = direction == Direction::ingress;
        bool& isolates = in ? staged_.policy.isolates_ingress : staged_.policy.isolates_egress;
        isolates = isolates || list->size > 0;
        std::size_t index = 0;
        for (const Node& node : *list) {
            ++index;
            if (!node.is_mapping() && !node.is_null()) {
                report_.error(node, "DOC019", "a rule must be a mapping");
                continue;
            }
            StagedRule rule;
            rule.rule.action = action;
            rule.rule.order = action == Action::deny ? deny_order : network_policy_order;
            rule.rule.index = index;
            rule.rule.where = report_.location_of(node);
            rule.rule.condition = subject_condition_;
            if (action == Action::deny) rule.rule.name = std::string(key);
            read_rule(node, direction, std::move(rule));
        }
    }

    void read_rule(const Node& node, Direction direction, StagedRule rule) {
        const Action action = rule.rule.action;
        check_rule_fields(node, direction, action, report_);
        read_requirements_of(node, direction, rule.rule);
        rule.rule.condition =
            joined_conditions(rule.rule.condition, condition_of_authentication(node, report_));
        PeersRead peers = read_peers(node, direction, object_.namespace_name, report_);
        rule.peers = std::move(peers.peers);
        rule.ports = read_ports(node, action, report_);
        const bool all_ports = rule.ports.front().all;
        // Ports alone are those of everyone; a rule that says nothing names nobody.
        if (!peers.given && !all_ports) rule.peers.exact.push_back(AnyPeer{});
        rules(direction).push_back(std::move(rule));
    }

    // https://docs.cilium.io/en/stable/security/policy/language/#additional-label-requirements
    // In a section of denials they would narrow what is denied.
    void read_requirements_of(const Node& node, Direction direction, Rule& rule) {
        const bool in = direction == Direction::ingress;
        const Node* list = sequence_field(node, in ? "fromRequires" : "toRequires", report_);
        if (list == nullptr || list->size == 0) return;
        if (rule.action == Action::deny) {
            report_.key_warning(*list, "CI007",
                                std::string(list->key) + " of a denial is not evaluated",
                                "verdicts that need this rule say \"at most\"");
            rule.condition = joined_conditions(rule.condition, std::string(list->key));
            return;
        }
        staged_.has_requirements = true;
        for (const Node& entry : *list) {
            const EndpointTerm term =
                read_term(entry, object_.namespace_name, TermUse::peer, report_);
            StagedRule limit;
            limit.rule = rule;
            limit.rule.action = Action::deny;
            limit.rule.name = std::string(list->key);
            limit.rule.order = requirement_order;
            limit.rule.condition = joined_conditions(rule.condition, term.condition);
            limit.rule.where = report_.location_of(entry);
            limit.peers.exact = all_but(term);
            limit.ports.push_back({{}, true, {}});
            if (limit.peers.exact.empty()) continue;
            rules(direction).push_back(limit);
            limit.rule.order = wide_requirement_order;
            limit.rule.condition = joined_conditions(
                limit.rule.condition, "whether requirements limit rules without endpoints");
            rules(direction).push_back(std::move(limit));
        }
    }

    void read_default_deny() {
        Policy& policy = staged_.policy;
        const Node* field = mapping_field(spec_, "enableDefaultDeny", report_);
        if (field != nullptr) {
            check_fields(*field, report_, {"ingress", "egress"});
            const auto ingress = boolean_field(*field, "ingress", report_);
            const auto egress = boolean_field(*field, "egress", report_);
            policy.isolates_ingress = ingress.value_or(policy.isolates_ingress);
            policy.isolates_egress = egress.value_or(policy.isolates_egress);
        }
        const bool says_something = policy.isolates_ingress || policy.isolates_egress ||
                                    !staged_.ingress.empty() || !staged_.egress.empty();
        if (says_something) return;
        report_.warning(spec_, "CI011", "this policy has no rule, and so no effect",
                        "to let nothing in or out write a rule that names nobody: ingress: [{}]");
    }

    std::vector<StagedRule>& rules(Direction direction) {
        return direction == Direction::ingress ? staged_.ingress : staged_.egress;
    }

    const Object& object_;
    const Node& spec_;
    Report& report_;
    std::string subject_condition_;
    StagedPolicy staged_;
};

}  // namespace
}  // namespace cilium

void read_cilium_network_policy(const Object& object, Staging& staging) {
    std::vector<cilium::StagedPolicy> read;
    const Node* spec = mapping_field(object.root, "spec", object.report);
    const Node* specs = sequence_field(object.root, "specs", object.report);
    if (spec != nullptr) read.push_back(cilium::SpecReader(object, *spec).read());
    for (const Node& each : specs == nullptr ? Node() : *specs) {
        if (each.is_mapping()) {
            read.push_back(cilium::SpecReader(object, each).read());
        } else {
            object.report.error(each, "DOC019", "an entry of specs must be a mapping");
        }
    }
    if (read.empty() && object.whole()) {
        object.report.error(object.root, "CI001", "the policy has neither spec nor specs");
    }
    if (!object.whole()) return;
    auto& policies = staging.cilium().policies;
    std::move(read.begin(), read.end(), std::back_inserter(policies));
}

void read_cilium_cidr_group(const Object& object, Staging& staging) {
    Report& report = object.report;
    cilium::CidrGroup group;
    group.name = object.name;
    if (const Node* metadata = any_field(object.root, "metadata")) {
        group.labels =
            read_labels(mapping_field(*metadata, "labels", report), report, object_label_codes);
    }
    const Node* spec = mapping_field(object.root, "spec", report);
    if (spec != nullptr) check_fields(*spec, report, {"externalCIDRs"});
    const Node* list = spec == nullptr ? nullptr : sequence_field(*spec, "externalCIDRs", report);
    for (const Node& entry : list == nullptr ? Node() : *list) {
        const bool address = entry.is_scalar() && IpAddress::parse(entry.text).has_value();
        const auto prefix = address ? IpPrefix::parse(entry.text) : read_prefix(entry, report);
        if (prefix) group.addresses.insert(prefix->range());
    }
    if (object.whole()) staging.cilium().groups.push_back(std::move(group));
}

}  // namespace nspect::ingest
