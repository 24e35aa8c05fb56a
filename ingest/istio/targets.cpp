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

std::vector<PodPeer> members(const Selector& pods, const std::string& scope) {
    return pods_of(Sources{{Term{{}, pods, std::nullopt}}, {}} & in_mesh(), scope);
}

void append(std::vector<PodPeer> more, std::vector<PodPeer>& pods) {
    std::move(more.begin(), more.end(), std::back_inserter(pods));
}

/// Pods whose traffic goes through a waypoint of that name, or of any; `scope` may be empty.
std::vector<PodPeer> behind_waypoint(const std::string& name, const std::string& scope) {
    const Requirement asked = name.empty() ? Requirement{waypoint_label, Op::exists, {}}
                                           : Requirement{waypoint_label, Op::in, {name}};
    auto pods = pods_of(Sources{{Term{{}, Selector({asked}), std::nullopt}}, {}}, scope);
    append(pods_of(Sources{{Term{Selector({asked}), {}, std::nullopt}}, {}}, scope), pods);
    return pods;
}

/// The pods of the gateway itself, which its controller labels, and those behind it as a waypoint.
std::vector<PodPeer> of_gateway(const std::string& name, const std::string& scope) {
    const Selector pods({Requirement{gateway_label, Op::in, {name}}});
    auto found = pods_of(Sources{{Term{{}, pods, std::nullopt}}, {}}, scope);
    append(behind_waypoint(name, scope), found);
    return found;
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
        // A Gateway is one of the policy's namespace, wherever that is.
        append(of_gateway(name, object.namespace_name), target.inside);
        append(of_gateway(name, object.namespace_name), target.everywhere);
    } else {
        // Of a GatewayClass, and of what is not known: whatever may be behind a waypoint.
        append(behind_waypoint({}, object.namespace_name), target.inside);
        append(behind_waypoint({}, {}), target.everywhere);
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
    target.inside = members(pods, object.namespace_name);
    target.everywhere = members(pods, {});
    target.selector = std::move(pods);
    return target;
}

}  // namespace nspect::ingest::istio
