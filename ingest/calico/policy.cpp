// SPDX-License-Identifier: Apache-2.0
// NetworkPolicy, GlobalNetworkPolicy and their staged forms.
#include <algorithm>
#include <limits>

#include "ingest/calico/parts.h"
#include "ingest/calico/read.h"
#include "ingest/document/fields.h"
#include "ingest/kubernetes/kinds.h"
#include "ingest/kubernetes/policy_parts.h"

namespace nspect::ingest {

namespace {

bool is_stored_form(const Object& object) {
    return object.group == "crd.projectcalico.org";
}

void read_tier_name(const Object& object, const Node& spec, CalicoPolicy& made) {
    const auto tier = text_field(spec, "tier", object.report);
    if (!tier || tier->empty()) return;
    made.tier = *tier;
    made.missing_tier = object.report.later_warning(
        *spec.find("tier"), "CA012", "there is no Tier " + in_quotes(*tier) + " in the input",
        "without it the policy is asked after all tiers, and what it leaves is denied");
}

/// spec.selector, and what else decides whom the policy is about.
void read_subject(const Object& object, const Node& spec, CalicoPolicy& made) {
    Report& report = object.report;
    std::vector<Expression> parts;
    if (!object.namespace_name.empty()) {
        parts.push_back(literal(
            {std::string(calico_namespace_key), Requirement::Op::in, {object.namespace_name}}));
    } else if (auto spaces = selector_field(spec, "namespaceSelector", report)) {
        parts.push_back(on_namespace(std::move(*spaces)));
    }
    if (auto selector = selector_field(spec, "selector", report)) {
        parts.push_back(std::move(*selector));
    }
    if (auto accounts = selector_field(spec, "serviceAccountSelector", report)) {
        parts.push_back(with_prefix(std::move(*accounts), account_prefix));
    }
    made.subject = both(std::move(parts));
    if (!pod_terms(made.subject)) {
        report.error(spec, "CA013",
                     "the selector of the policy has more than 256 alternatives once its "
                     "parentheses are taken apart");
    }
}

/// Missing types: Calico fills them in by the rules there are when it stores the policy. What is
/// stored without them applies to both directions.
void default_types(const Object& object, const Node& spec, CalicoPolicy& made) {
    if (is_stored_form(object)) {
        made.policy.isolates_ingress = made.policy.isolates_egress = true;
        object.report.warning(spec, "CA014",
                              "a stored policy without types applies to both directions",
                              "projectcalico.org/v3 would derive the types from the rules");
        return;
    }
    const Node* egress = any_field(spec, "egress");
    const Node* ingress = any_field(spec, "ingress");
    made.policy.isolates_egress = egress != nullptr && egress->size > 0;
    made.policy.isolates_ingress =
        !made.policy.isolates_egress || (ingress != nullptr && ingress->size > 0);
}

void read_types(const Object& object, const Node& spec, CalicoPolicy& made) {
    const Node* types = sequence_field(spec, "types", object.report);
    if (types == nullptr || types->size == 0) return default_types(object, spec, made);
    for (const Node& type : *types) {
        if (type.text == "Ingress") {
            made.policy.isolates_ingress = true;
        } else if (type.text == "Egress") {
            made.policy.isolates_egress = true;
        } else {
            const std::string near = suggestion(type.text, {"Ingress", "Egress"});
            object.report.error(type, "NP018", "unknown policy type " + in_quotes(type.text),
                                near.empty() ? "known are Ingress and Egress" : near);
        }
    }
}

/// Whether the policy is for the hosts alone: before translation of addresses, or untracked.
bool is_for_hosts(const Object& object, const Node& spec) {
    Report& report = object.report;
    for (const std::string_view field : {"preDNAT", "doNotTrack"}) {
        if (!boolean_field(spec, field, report).value_or(false)) continue;
        report.key_warning(*spec.find(field), "CA015",
                           "a policy with " + std::string(field) +
                               " is about host endpoints, which are not evaluated");
        return true;
    }
    if (boolean_field(spec, "applyOnForward", report).value_or(false)) {
        report.key_warning(*spec.find("applyOnForward"), "CA016",
                           "applyOnForward is about host endpoints, which are not evaluated",
                           "for pods the policy is as it would be without");
    }
    return false;
}

CalicoPolicy read_body(const Object& object, PolicyKind kind, const Node& spec) {
    CalicoPolicy made;
    made.policy = make_policy(object, kind, {});
    read_tier_name(object, spec, made);
    made.policy.priority =
        order_field(spec, object.report).value_or(std::numeric_limits<double>::infinity());
    read_subject(object, spec, made);
    read_types(object, spec, made);
    made.ingress = read_calico_rules(sequence_field(spec, "ingress", object.report),
                                     Direction::ingress, object.namespace_name, object.report);
    made.egress = read_calico_rules(sequence_field(spec, "egress", object.report),
                                    Direction::egress, object.namespace_name, object.report);
    if (!made.policy.isolates_ingress) made.ingress.clear();
    if (!made.policy.isolates_egress) made.egress.clear();
    return made;
}

const Node* read_spec(const Object& object) {
    const Node* spec = mapping_field(object.root, "spec", object.report);
    if (spec == nullptr && any_field(object.root, "spec") == nullptr) {
        object.report.error(object.root, "CA017", "the policy has no spec");
    }
    return spec;
}

enum class Stagedness : std::uint8_t { enforced, staged };

void check_spec(const Object& object, PolicyKind kind, const Node& spec, Stagedness how) {
    if (kind == PolicyKind::calico_network_policy && how == Stagedness::enforced) {
        check_fields(spec, object.report,
                     {"tier", "order", "selector", "types", "ingress", "egress",
                      "serviceAccountSelector", "performanceHints"});
    } else if (kind == PolicyKind::calico_network_policy) {
        check_fields(spec, object.report,
                     {"tier", "order", "selector", "types", "ingress", "egress",
                      "serviceAccountSelector", "performanceHints", "stagedAction"});
    } else if (how == Stagedness::enforced) {
        check_fields(
            spec, object.report,
            {"tier", "order", "selector", "types", "ingress", "egress", "serviceAccountSelector",
             "performanceHints", "namespaceSelector", "doNotTrack", "preDNAT", "applyOnForward"});
    } else {
        check_fields(spec, object.report,
                     {"tier", "order", "selector", "types", "ingress", "egress",
                      "serviceAccountSelector", "performanceHints", "namespaceSelector",
                      "doNotTrack", "preDNAT", "applyOnForward", "stagedAction"});
    }
}

void read_enforced(const Object& object, PolicyKind kind, Staging& staging) {
    const Node* spec = read_spec(object);
    if (spec == nullptr) return;
    check_spec(object, kind, *spec, Stagedness::enforced);
    CalicoPolicy made = read_body(object, kind, *spec);
    const bool for_hosts = is_for_hosts(object, *spec);
    if (object.whole() && !for_hosts) staging.calico().policies.push_back(std::move(made));
}

/// spec.stagedAction: whether it stages the removal of the policy of that name.
bool read_removal(const Object& object, const Node& spec) {
    const Node* action = any_field(spec, "stagedAction");
    if (action == nullptr || action->text.empty() || action->text == "Set") return false;
    if (action->text == "Delete") return true;
    const std::string near = suggestion(action->text, {"Set", "Delete"});
    object.report.error(*action, "CA018", "unknown staged action " + in_quotes(action->text),
                        near.empty() ? "known are Set and Delete" : near);
    return false;
}

CalicoStagedAction staged_action(const Object& object, PolicyKind kind, const Node& spec) {
    CalicoStagedAction action;
    action.kind = kind;
    action.namespace_name = object.namespace_name;
    action.name = object.name;
    action.where = object.where();
    action.removes = read_removal(object, spec);
    object.report.note(object.name_node(), "CA019",
                       object.title() + " is not enforced: verdicts are without it",
                       "--staged judges as if it were");
    return action;
}

void read_staged(const Object& object, PolicyKind kind, Staging& staging) {
    const Node* spec = read_spec(object);
    if (spec == nullptr) return;
    check_spec(object, kind, *spec, Stagedness::staged);
    CalicoStagedAction action = staged_action(object, kind, *spec);
    CalicoPolicy made;
    bool for_hosts = false;
    if (!action.removes) {
        made = read_body(object, kind, *spec);
        made.staged = true;
        for_hosts = is_for_hosts(object, *spec);
    }
    if (!object.whole() || for_hosts) return;
    if (!action.removes) staging.calico().policies.push_back(std::move(made));
    staging.calico().staged.push_back(std::move(action));
}

}  // namespace

void read_calico_network_policy(const Object& object, Staging& staging) {
    read_enforced(object, PolicyKind::calico_network_policy, staging);
}

void read_calico_global_network_policy(const Object& object, Staging& staging) {
    read_enforced(object, PolicyKind::calico_global_network_policy, staging);
}

void read_calico_staged_network_policy(const Object& object, Staging& staging) {
    read_staged(object, PolicyKind::calico_network_policy, staging);
}

void read_calico_staged_global_network_policy(const Object& object, Staging& staging) {
    read_staged(object, PolicyKind::calico_global_network_policy, staging);
}

void read_calico_staged_kubernetes_policy(const Object& object, Staging& staging) {
    const Node* spec = read_spec(object);
    if (spec == nullptr) return;
    CalicoStagedAction action = staged_action(object, PolicyKind::network_policy, *spec);
    if (!action.removes) {
        Staging alone;
        read_network_policy(object, alone);
        action.kubernetes = alone.take_policy();
    }
    if (object.whole()) staging.calico().staged.push_back(std::move(action));
}

}  // namespace nspect::ingest
