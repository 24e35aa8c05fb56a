// SPDX-License-Identifier: Apache-2.0
// https://istio.io/latest/docs/reference/config/security/authorization-policy/
#include <algorithm>
#include <map>

#include "ingest/document/fields.h"
#include "ingest/istio/accepted.h"
#include "ingest/istio/match.h"
#include "ingest/istio/targets.h"
#include "ingest/kubernetes/kinds.h"
#include "ingest/kubernetes/policy_parts.h"
#include "ingest/kubernetes/staging.h"

namespace nspect::ingest {

namespace {

using istio::Match;
using istio::Matches;

enum class IstioAction : std::uint8_t { allow, deny, audit, custom };

// The order in which a proxy asks: external authorizers, denials, then permissions.
Stage stage_of(IstioAction action) {
    switch (action) {
        case IstioAction::custom:
            return {1, "custom", Layer::mesh};
        case IstioAction::deny:
            return {2, "deny", Layer::mesh};
        default:
            return {3, "allow", Layer::mesh};
    }
}

IstioAction read_action(const Node& spec, Report& report) {
    const Node* node = any_field(spec, "action");
    if (node == nullptr || node->text == "ALLOW") return IstioAction::allow;
    if (node->text == "DENY") return IstioAction::deny;
    if (node->text == "AUDIT") return IstioAction::audit;
    if (node->text == "CUSTOM") return IstioAction::custom;
    const std::string near = suggestion(node->text, {"ALLOW", "DENY", "AUDIT", "CUSTOM"});
    report.error(*node, "IS001", "unknown action " + in_quotes(node->text),
                 near.empty() ? "known are ALLOW, DENY, AUDIT and CUSTOM" : near);
    return IstioAction::allow;
}

/// What must hold beside the rule itself, in words.
std::string read_provider(const Node& spec, Report& report) {
    const Node* provider = mapping_field(spec, "provider", report);
    const auto name = provider == nullptr ? std::nullopt : text_field(*provider, "name", report);
    if (!name || name->empty()) {
        report.error(spec, "IS011", "a policy with the action CUSTOM needs a provider.name");
        return {};
    }
    report.note(*provider, "IS010",
                "what the authorizer " + in_quotes(*name) + " decides is not known",
                "verdicts of the rules say \"at most denied\"");
    return "the answer of the authorizer " + *name;
}

Matches read_list(const Node& rule, std::string_view key, const std::string& own_namespace,
                  Report& report) {
    const Node* list = sequence_field(rule, key, report);
    if (list == nullptr) return {Match{}};
    if (list->size == 0 && key != "when") {
        report.error(*list, "IS003", std::string(key) + " needs at least one entry",
                     "leave it out to match everything");
    }
    Matches all;
    if (key == "when") all.push_back(Match{});
    for (const Node& entry : *list) {
        if (key == "when") {
            all = all & istio::read_condition(entry, own_namespace, report);
            continue;
        }
        Matches one = key == "from" ? istio::read_source(entry, own_namespace, report)
                                    : istio::read_operation(entry, report);
        std::move(one.begin(), one.end(), std::back_inserter(all));
    }
    return all;
}

std::string joined(const std::vector<std::string>& conditions, const std::string& also) {
    std::string text = also;
    for (const std::string& words : conditions) text += (text.empty() ? "" : ", ") + words;
    return text;
}

/// Matches of the same ports and conditions become one rule.
void add_rules(const Matches& matches, const Rule& form, const std::string& also,
               std::vector<Rule>& rules) {
    std::map<std::pair<std::string, std::string>, std::pair<istio::Sources, PortSet>> groups;
    for (const Match& match : matches) {
        auto& [sources, ports] = groups[{joined(match.conditions, also), to_string(match.ports)}];
        sources = sources | match.sources;
        ports = match.ports;
    }
    for (const auto& [key, group] : groups) {
        const auto& [sources, ports] = group;
        Rule rule = form;
        rule.condition = key.first;
        rule.peers = istio::peers_of(sources);
        rule.all_ports = ports == PortSet{all_ports};
        if (!rule.all_ports) {
            TrafficSet traffic;
            traffic.tcp = ports;
            rule.ports.push_back({traffic, {}, {}});
        }
        rules.push_back(std::move(rule));
    }
}

void read_rule(const Node& node, Rule form, const std::string& also, const Object& object,
               std::vector<Rule>& rules) {
    Report& report = object.report;
    if (!node.is_mapping() && !node.is_null()) {
        report.error(node, "DOC019", "a rule must be a mapping");
        return;
    }
    check_fields(node, report, {"from", "to", "when"});
    const std::string& space = object.namespace_name;
    const Matches matches = read_list(node, "from", space, report) &
                            read_list(node, "to", space, report) &
                            read_list(node, "when", space, report);
    if (matches.size() > istio::most_terms) {
        report.warning(node, "IS015", "this rule is too large to be taken apart",
                       "it counts as if it named everyone; verdicts of it say \"at most\"");
        form.condition = joined({"a rule too large to be taken apart"}, also);
        form.peers = {AnyPeer{}};
        form.all_ports = true;
        rules.push_back(std::move(form));
        return;
    }
    form.where = report.location_of(node);
    add_rules(matches, form, also, rules);
}

std::vector<Rule> read_rules(const Node* list, IstioAction action, const std::string& also,
                             const Object& object) {
    std::vector<Rule> rules;
    if (list == nullptr) return rules;
    Rule form;
    form.action = action == IstioAction::allow ? Action::allow : Action::deny;
    form.index = 0;
    for (const Node& node : *list) {
        ++form.index;
        read_rule(node, form, also, object, rules);
    }
    return rules;
}

/// An ALLOW policy denies what no such policy allows. Where it is not sure that it is enforced,
/// that takes a rule, for isolation knows no conditions.
void deny_the_rest(Policy& policy, const std::string& enforcement, std::size_t written) {
    policy.isolates_ingress = enforcement.empty();
    if (policy.isolates_ingress) return;
    Rule rest;
    rest.action = Action::deny;
    rest.order = 1;
    rest.name = "what no ALLOW policy allows";
    rest.index = written + 1;
    rest.peers = {AnyPeer{}};
    rest.all_ports = true;
    rest.condition = enforcement;
    rest.where = policy.where;
    policy.ingress.push_back(std::move(rest));
}

}  // namespace

void read_authorization_policy(const Object& object, Staging& staging) {
    Report& report = object.report;
    const Node nothing;
    const Node* spec = mapping_field(object.root, "spec", report);
    if (spec == nullptr) spec = &nothing;  // allows nothing
    check_fields(*spec, report,
                 {"selector", "targetRef", "targetRefs", "action", "provider", "rules"});
    const IstioAction action = read_action(*spec, report);
    Policy policy = make_policy(object, PolicyKind::istio_authorization_policy, stage_of(action));
    // A pod on the host network has no proxy, and is yet a peer.
    policy.selects_host_network = true;
    const istio::Target target = istio::read_target(*spec, object);
    std::string condition = target.condition;
    if (action == IstioAction::custom) {
        condition = joined({read_provider(*spec, report)}, condition);
    }
    const Node* rules = sequence_field(*spec, "rules", report);
    policy.ingress = read_rules(rules, action, condition, object);
    if (action == IstioAction::audit) {
        policy.ingress.clear();
        report.note(*any_field(*spec, "action"), "IS010",
                    "the action AUDIT allows and denies nothing");
    }
    std::vector<MeshGuard> guards;
    if (action == IstioAction::allow) {
        deny_the_rest(policy, target.condition, rules == nullptr ? 0 : rules->size);
        if (object.whole()) guards = istio::accepted_by(*spec, object, target);
    }
    if (!object.whole()) return;
    staging.add(istio::StagedPolicy{std::move(policy), target.inside, target.everywhere,
                                    target.services, std::move(guards)});
}

}  // namespace nspect::ingest
