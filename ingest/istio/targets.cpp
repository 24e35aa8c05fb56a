// SPDX-License-Identifier: Apache-2.0
#include "ingest/istio/targets.h"

#include <iterator>

#include "ingest/document/fields.h"
#include "ingest/istio/sources.h"
#include "ingest/kubernetes/labels.h"

namespace nspect::ingest::istio {

namespace {

using Op = Requirement::Op;

constexpr const char* gateway_label = "gateway.networking.k8s.io/gateway-name";
constexpr const char* waypoint_label = "istio.io/use-waypoint";

/// The namespace a policy is limited to; none for the root namespace.
std::string scope_of(const Object& object) {
    return object.namespace_name == root_namespace ? std::string() : object.namespace_name;
}

std::vector<PodPeer> members(const Selector& pods, const std::string& scope) {
    return pods_of(Sources{{Term{{}, pods, std::nullopt}}, {}} & in_mesh(), scope);
}

void append(std::vector<PodPeer> more, Target& target) {
    std::move(more.begin(), more.end(), std::back_inserter(target.subjects));
}

/// Pods whose traffic goes through a waypoint of that name, or of any.
void add_behind_waypoint(const std::string& name, const std::string& scope, Target& target) {
    const Requirement asked = name.empty() ? Requirement{waypoint_label, Op::exists, {}}
                                           : Requirement{waypoint_label, Op::in, {name}};
    append(pods_of(Sources{{Term{{}, Selector({asked}), std::nullopt}}, {}}, scope), target);
    append(pods_of(Sources{{Term{Selector({asked}), {}, std::nullopt}}, {}}, scope), target);
}

/// The pods of the gateway itself: its controller labels them.
void add_gateway(const std::string& name, const std::string& scope, Target& target) {
    const Selector pods({Requirement{gateway_label, Op::in, {name}}});
    append(pods_of(Sources{{Term{{}, pods, std::nullopt}}, {}}, scope), target);
}

void read_reference(const Node& node, const Object& object, Target& target) {
    Report& report = object.report;
    check_fields(node, report, {"group", "kind", "name", "namespace"});
    const std::string kind = text_field(node, "kind", report).value_or("");
    const std::string name = text_field(node, "name", report).value_or("");
    if (kind.empty() || name.empty()) {
        report.error(node, "IS014", "a target needs a kind and a name");
        return;
    }
    if (kind == "Service") {
        target.services.emplace_back(object.namespace_name, name);
    } else if (kind == "Gateway") {
        add_gateway(name, object.namespace_name, target);
        add_behind_waypoint(name, object.namespace_name, target);
    } else {
        // Of a GatewayClass, and of what is not known: whatever may be behind a waypoint.
        add_behind_waypoint({}, scope_of(object), target);
    }
    const std::string what = kind + " " + name;
    target.condition += (target.condition.empty() ? "" : ", ") + ("enforcement at " + what);
    report.warning(
        node, "IS007",
        "whether traffic passes the proxy of the target " + in_quotes(what) + " is not known",
        "verdicts of the policy say \"at most\"");
}

}  // namespace

Target read_target(const Node& spec, const Object& object) {
    Report& report = object.report;
    Target target;
    const Node* selector = mapping_field(spec, "selector", report);
    const Node* one = mapping_field(spec, "targetRef", report);
    const Node* several = sequence_field(spec, "targetRefs", report);
    const int ways =
        (selector != nullptr ? 1 : 0) + (one != nullptr ? 1 : 0) + (several != nullptr ? 1 : 0);
    if (ways > 1) {
        report.error(spec, "IS002", "a policy has one of selector, targetRef and targetRefs");
    }
    if (one != nullptr) read_reference(*one, object, target);
    if (several != nullptr) {
        for (const Node& node : *several) read_reference(node, object, target);
    }
    if (one != nullptr || several != nullptr) return target;
    Selector pods;
    if (selector != nullptr) {
        check_fields(*selector, report, {"matchLabels"});
        pods = Selector::matching(read_labels(mapping_field(*selector, "matchLabels", report),
                                              report, selector_label_codes));
    }
    target.subjects = members(pods, scope_of(object));
    target.selector = std::move(pods);
    return target;
}

void stage(const Target& target, Policy policy, Staging& staging) {
    policy.subjects = target.subjects;
    if (target.services.empty()) {
        staging.add(std::move(policy));
    } else {
        staging.add(StagedServicePolicy{std::move(policy), target.services});
    }
}

}  // namespace nspect::ingest::istio
