// SPDX-License-Identifier: Apache-2.0
#include "ingest/document/fields.h"
#include "ingest/kubernetes/kinds.h"
#include "ingest/kubernetes/policy_parts.h"

namespace nspect::ingest {

namespace {

const Node* read_spec(const Object& object) {
    const Node* spec = mapping_field(object.root, "spec", object.report);
    if (spec == nullptr && any_field(object.root, "spec") == nullptr) {
        object.report.error(object.root, "NP020", "the policy has no subject: it has no spec");
    }
    return spec;
}

void hand_over(const Object& object, Policy policy, const Node& spec, const AdminDialect& dialect,
               Staging& staging) {
    policy.subjects = read_subject(spec, object.report);
    policy.ingress = read_admin_rules(spec, Direction::ingress, dialect, object.report);
    policy.egress = read_admin_rules(spec, Direction::egress, dialect, object.report);
    if (object.whole()) staging.add(std::move(policy));
}

}  // namespace

void read_admin_network_policy(const Object& object, Staging& staging) {
    const Node* spec = read_spec(object);
    if (spec == nullptr) return;
    check_fields(*spec, object.report, {"priority", "subject", "ingress", "egress"});
    Policy policy = make_policy(object, PolicyKind::admin_network_policy, {admin_stage, "admin"});
    policy.priority = read_priority(*spec, object.report);
    const AdminDialect dialect{
        {{"Allow", Action::allow}, {"Deny", Action::deny}, {"Pass", Action::pass}},
        "ports",
        read_admin_ports,
        policy.priority};
    hand_over(object, std::move(policy), *spec, dialect, staging);
}

void read_baseline_admin_network_policy(const Object& object, Staging& staging) {
    if (!object.name.empty() && object.name != "default") {
        object.report.error(object.name_node(), "NP027",
                            "a BaselineAdminNetworkPolicy must be named \"default\"");
    }
    const Node* spec = read_spec(object);
    if (spec == nullptr) return;
    check_fields(*spec, object.report, {"subject", "ingress", "egress"});
    Policy policy = make_policy(object, PolicyKind::baseline_admin_network_policy,
                                {baseline_stage, "baseline"});
    const AdminDialect dialect{
        {{"Allow", Action::allow}, {"Deny", Action::deny}}, "ports", read_admin_ports, 0};
    hand_over(object, std::move(policy), *spec, dialect, staging);
}

void read_cluster_network_policy(const Object& object, Staging& staging) {
    const Node* spec = read_spec(object);
    if (spec == nullptr) return;
    check_fields(*spec, object.report, {"tier", "priority", "subject", "ingress", "egress"});
    const Node* tier = any_field(*spec, "tier");
    const bool is_baseline = tier != nullptr && tier->text == "Baseline";
    if (!is_baseline && (tier == nullptr || tier->text != "Admin")) {
        object.report.error(
            tier == nullptr ? *spec : *tier, "NP026",
            tier == nullptr ? "the policy has no tier" : "unknown tier " + in_quotes(tier->text),
            "known are Admin and Baseline");
    }
    Policy policy =
        make_policy(object, PolicyKind::cluster_network_policy,
                    is_baseline ? Stage{baseline_stage, "baseline"} : Stage{admin_stage, "admin"});
    policy.priority = read_priority(*spec, object.report);
    const AdminDialect dialect{
        {{"Accept", Action::allow}, {"Deny", Action::deny}, {"Pass", Action::pass}},
        "protocols",
        read_cluster_protocols,
        policy.priority,
        25};
    hand_over(object, std::move(policy), *spec, dialect, staging);
}

}  // namespace nspect::ingest
