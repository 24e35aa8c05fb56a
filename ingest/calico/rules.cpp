// SPDX-License-Identifier: Apache-2.0
// One rule of a Calico policy, as written.
#include <array>

#include "ingest/calico/parts.h"
#include "ingest/document/fields.h"

namespace nspect::ingest {

namespace {

/// The side of a rule being read, and what it may say.
struct Side {
    std::string_view name;  ///< "source" or "destination"
    Direction direction;
    const std::string& own_namespace;

    /// Whether it is the side of the peer, not of the policy's own pods.
    bool is_peer() const { return (name == "source") == (direction == Direction::ingress); }
};

/// Either of "Allow", "Deny", "Log", "Pass" (NP024).
enum class Verb { allow, deny, pass, log, unknown };

Verb read_action(const Node& node, Report& report) {
    const Node* field = any_field(node, "action");
    const std::string_view text = field == nullptr ? std::string_view() : field->text;
    if (text == "Allow") return Verb::allow;
    if (text == "Deny") return Verb::deny;
    if (text == "Pass") return Verb::pass;
    if (text == "Log") return Verb::log;
    const std::string near = suggestion(text, {"Allow", "Deny", "Pass", "Log"});
    report.error(field == nullptr ? node : *field, "NP024",
                 field == nullptr ? "the rule has no action" : "unknown action " + in_quotes(text),
                 near.empty() ? "known are Allow, Deny, Pass and Log" : near);
    return Verb::unknown;
}

/// serviceAccounts: names and selector must both hold.
std::optional<Expression> read_accounts(const Node& entity, Report& report) {
    const Node* accounts = mapping_field(entity, "serviceAccounts", report);
    if (accounts == nullptr) return std::nullopt;
    check_fields(*accounts, report, {"names", "selector"});
    std::vector<Expression> parts;
    if (auto selector = selector_field(*accounts, "selector", report)) {
        parts.push_back(with_prefix(std::move(*selector), account_prefix));
    }
    const Node* names = sequence_field(*accounts, "names", report);
    if (names != nullptr && names->size > 0) {
        std::vector<std::string> values;
        for (const Node& name : *names) {
            if (auto text = text_value(name, report)) values.push_back(std::move(*text));
        }
        parts.push_back(
            literal({"projectcalico.org/serviceaccount", Requirement::Op::in, std::move(values)}));
    }
    if (parts.empty()) return std::nullopt;
    return both(std::move(parts));
}

Expression in_namespace(const std::string& name) {
    return literal({std::string(calico_namespace_key), Requirement::Op::in, {name}});
}

/// Without a namespaceSelector, the selectors of a namespaced policy are about its own namespace,
/// as soon as there is any, also a notSelector.
void read_selectors(const Node& node, const Side& side, CalicoEntity& entity, Report& report) {
    auto selector = selector_field(node, "selector", report);
    entity.not_selector = selector_field(node, "notSelector", report);
    auto accounts = read_accounts(node, report);
    auto spaces = selector_field(node, "namespaceSelector", report, true);
    std::vector<Expression> parts;
    if (spaces) parts.push_back(on_namespace(std::move(*spaces)));
    const bool asks = selector || accounts || entity.not_selector;
    if (parts.empty() && asks && !side.own_namespace.empty()) {
        parts.push_back(in_namespace(side.own_namespace));
    }
    if (accounts) parts.push_back(std::move(*accounts));
    if (selector) parts.push_back(std::move(*selector));
    if (!parts.empty()) entity.selector = both(std::move(parts));
}

void read_blocks(const Node& node, CalicoEntity& entity, Report& report) {
    const Node* nets = sequence_field(node, "nets", report);
    if (nets != nullptr && nets->size > 0) entity.nets = read_nets(*nets, report);
    const Node* not_nets = sequence_field(node, "notNets", report);
    if (not_nets != nullptr) entity.not_nets = read_nets(*not_nets, report);
}

constexpr std::array<std::string_view, 8> not_with_services{
    "selector",        "notSelector",      "nets", "notNets", "ports", "notPorts",
    "serviceAccounts", "namespaceSelector"};

/// services: a Service's pods and, in egress, its ports (CA007).
void read_service(const Node& node, const Side& side, CalicoEntity& entity, Report& report) {
    const Node* services = mapping_field(node, "services", report);
    if (services == nullptr) return;
    check_fields(*services, report, {"name", "namespace"});
    const auto name = text_field(*services, "name", report);
    const auto space = text_field(*services, "namespace", report);
    if (!side.is_peer()) {
        report.error(
            *services, "CA007", "services stand on the side of the peer only",
            side.direction == Direction::ingress ? "that is source" : "that is destination");
        return;
    }
    for (const std::string_view other : not_with_services) {
        const Node* field = any_field(node, other);
        if (field == nullptr) continue;
        report.error(*services, "CA007",
                     "services cannot be joined with " + std::string(other) + " in one rule");
    }
    const std::string place = space && !space->empty() ? *space : side.own_namespace;
    if (!name || name->empty() || place.empty()) {
        report.error(*services, "CA007",
                     !name || name->empty() ? "services needs the name of a Service"
                                            : "services of a global policy needs a namespace");
        return;
    }
    const std::string title = "Service " + place + "/" + *name;
    entity.service =
        CalicoServiceRef{place, *name,
                         report.later_warning(*services, "CA008",
                                              "there is no " + title + ": the rule names nobody")};
}

void read_domains(const Node& node, const Side& side, CalicoEntity& entity, Rule& rule,
                  Report& report) {
    const Node* list = sequence_field(node, "domains", report);
    if (list == nullptr || list->size == 0) return;
    if (!side.is_peer() || side.direction == Direction::ingress || rule.action != Action::allow) {
        report.error(*list, "CA009",
                     "domains stand in the destination of an egress rule with action Allow only");
        return;
    }
    bool wider = false;
    for (const Node& entry : *list) {
        if (const auto name = text_value(entry, report)) {
            entity.domains.push_back(calico_domain(*name, wider));
        }
    }
    if (wider) add_condition(rule, "a star inside a domain name");
    if (entity.selects() || entity.nets || !entity.not_nets.empty()) {
        add_condition(rule, "domain names joined with other criteria");
    }
    report.key_warning(*list, "NP030", "domains are known only as far as DNS was recorded",
                       "without a recording the rule counts as if it named every address "
                       "outside; verdicts of it say \"at most\"");
}

void read_entity(const Node& rule_node, const Side& side, CalicoRule& made, Report& report) {
    const Node* node = mapping_field(rule_node, side.name, report);
    if (node == nullptr) return;
    check_fields(*node, report,
                 {"nets", "notNets", "selector", "notSelector", "ports", "notPorts",
                  "namespaceSelector", "serviceAccounts", "services", "domains"});
    CalicoEntity& entity = side.name == "source" ? made.source : made.destination;
    read_selectors(*node, side, entity, report);
    read_blocks(*node, entity, report);
    read_service(*node, side, entity, report);
    read_domains(*node, side, entity, made.rule, report);
}

/// A rule with blocks of one version is about that version only, also where it is notNets.
void narrow_version(const IpSet& nets, CalicoRule& made, bool& mixed) {
    if (nets.empty()) return;
    const bool v4 = !(nets & all_addresses(IpFamily::v4)).empty();
    const bool v6 = !(nets & all_addresses(IpFamily::v6)).empty();
    mixed = mixed || (v4 && v6) || (v4 && !made.v4) || (v6 && !made.v6);
    made.v4 = made.v4 && v4;
    made.v6 = made.v6 && v6;
}

void read_version(const Node& node, CalicoRule& made, Report& report) {
    if (const Node* field = any_field(node, "ipVersion")) {
        made.v4 = field->text == "4";
        made.v6 = field->text == "6";
        if (!made.v4 && !made.v6) {
            report.error(*field, "CA010", "the ipVersion must be 4 or 6");
            return;
        }
    }
    bool mixed = false;
    for (const CalicoEntity* entity : {&made.source, &made.destination}) {
        narrow_version(entity->nets.value_or(IpSet()), made, mixed);
        narrow_version(entity->not_nets, made, mixed);
    }
    if (mixed) report.error(node, "CA010", "the rule mixes address blocks of IPv4 and IPv6");
}

/// Nothing for a rule that decides nothing.
std::optional<CalicoRule> read_rule(const Node& node, Direction direction,
                                    const std::string& own_namespace, Report& report) {
    check_fields(node, report,
                 {"action", "ipVersion", "protocol", "notProtocol", "icmp", "notICMP", "source",
                  "destination", "http", "metadata"});
    const Verb verb = read_action(node, report);
    CalicoRule made;
    made.rule.where = report.location_of(node);
    made.rule.action = verb == Verb::allow  ? Action::allow
                       : verb == Verb::deny ? Action::deny
                                            : Action::pass;
    read_entity(node, {"source", direction, own_namespace}, made, report);
    read_entity(node, {"destination", direction, own_namespace}, made, report);
    read_version(node, made, report);
    read_calico_traffic(node, made.rule, report);
    if (any_field(node, "http") != nullptr) add_condition(made.rule, "an HTTP condition");
    if (verb == Verb::log) return std::nullopt;
    if (made.rule.narrower()) {
        report.warning(node, "CA011", "not evaluated in this rule: " + made.rule.condition,
                       "verdicts of it say \"at most\"");
    }
    made.narrower = report.later_warning(
        node, "CA011", "not evaluated in this rule: ", "verdicts of it say \"at most\"");
    return made;
}

}  // namespace

std::vector<CalicoRule> read_calico_rules(const Node* list, Direction direction,
                                          const std::string& own_namespace, Report& report) {
    std::vector<CalicoRule> rules;
    if (list == nullptr) return rules;
    std::size_t index = 0;
    for (const Node& node : *list) {
        ++index;
        if (!node.is_mapping()) {
            report.error(node, "DOC019", "a rule must be a mapping");
            continue;
        }
        auto rule = read_rule(node, direction, own_namespace, report);
        if (!rule) continue;
        rule->rule.index = index;
        rules.push_back(std::move(*rule));
    }
    return rules;
}

}  // namespace nspect::ingest
