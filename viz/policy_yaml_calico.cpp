// SPDX-License-Identifier: Apache-2.0
// projectcalico.org/v3 NetworkPolicy.
// https://docs.tigera.io/calico/latest/reference/resources/networkpolicy
#include "analyzer/generate_limits.h"
#include "viz/policy_yaml_parts.h"
#include "viz/yaml_text.h"

namespace nspect::viz {

namespace {

std::string list_of(const std::vector<std::string>& values) {
    std::string text;
    for (const auto& value : values) text += (text.empty() ? "'" : ", '") + value + "'";
    return text;
}

std::string requirement_text(const Requirement& each) {
    switch (each.op) {
        case Requirement::Op::in:
            return each.values.size() == 1 ? each.key + " == '" + each.values[0] + "'"
                                           : each.key + " in { " + list_of(each.values) + " }";
        case Requirement::Op::not_in:
            return each.key + " not in { " + list_of(each.values) + " }";
        case Requirement::Op::exists:
            return "has(" + each.key + ")";
        default:
            return "!has(" + each.key + ")";
    }
}

/// In Calico's expression language.
std::string expression(const Selector& selector) {
    std::string text;
    for (const auto& each : selector.requirements()) {
        text += (text.empty() ? "" : " && ") + requirement_text(each);
    }
    return text.empty() ? "all()" : text;
}

/// One side of a rule, as a flow mapping without its braces; empty for everyone.
std::string side_text(const Peer& peer, const std::string& own_namespace) {
    if (const auto* pods = std::get_if<PodPeer>(&peer)) {
        std::string text = "selector: " + yaml_quoted(expression(pods->pods));
        if (pods->namespace_name && *pods->namespace_name == own_namespace) return text;
        const auto spaces = pods->namespace_name
                                ? Selector::matching(Labels{
                                      {std::string(namespace_name_label), *pods->namespace_name}})
                                : pods->namespaces;
        return text + ", namespaceSelector: " + yaml_quoted(expression(spaces));
    }
    if (const auto* domains = std::get_if<DomainPeer>(&peer)) {
        std::string names;
        for (const auto& name : domains->names) {
            names += (names.empty() ? "" : ", ") + yaml_quoted(name);
        }
        return "domains: [" + names + "]";
    }
    if (const auto* blocks = std::get_if<AddressPeer>(&peer)) {
        return "nets: [" + yaml_blocks(blocks->addresses) + "]";
    }
    return {};
}

std::string port_text(const WrittenPort& port) {
    if (!port.name.empty()) return yaml_scalar(port.name);
    const auto first = std::to_string(port.range.first.number);
    if (port.range.first == port.range.last) return first;
    return yaml_quoted(first + ":" + std::to_string(port.range.last.number));
}

/// REQUIRES: one peer, and ports of one protocol, as a rule of Calico has them.
void write_rule(YamlLines& out, bool ingress, const Rule& rule, const std::string& own_namespace) {
    YamlLines written;
    written.line(3, "action: Allow");
    const auto ports = written_ports(rule);
    std::string destination;
    if (!ports.empty()) {
        written.line(3, "protocol: " + std::string(to_string(ports.front().protocol)));
        for (const auto& port : ports) {
            destination += (destination.empty() ? "ports: [" : ", ") + port_text(port);
        }
        destination += "]";
    }
    const auto side = side_text(rule.peers.front(), own_namespace);
    if (ingress) {
        written.line(3, "source: {" + side + "}");
    } else {
        destination = side + (side.empty() || destination.empty() ? "" : ", ") + destination;
    }
    if (!destination.empty()) written.line(3, "destination: {" + destination + "}");
    out.item(2, written.take());
}

/// No two selectors together say what one does: it cannot be divided.
void warn_of_length(YamlLines& out, const Peer& peer) {
    const auto* pods = std::get_if<PodPeer>(&peer);
    if (pods == nullptr || expression(pods->pods).size() <= analyzer::most_calico_selector) return;
    out.comments(2, {"WARNING: Calico refuses a selector of more than " +
                     std::to_string(analyzer::most_calico_selector) +
                     " characters; give these pods a label of their own"});
}

void write_rules(YamlLines& out, Direction direction, const analyzer::GeneratedPolicy& generated) {
    const auto& rules = generated.policy.rules(direction);
    if (rules.empty()) return;
    const bool ingress = direction == Direction::ingress;
    out.line(1, ingress ? "ingress:" : "egress:");
    for (std::size_t i = 0; i < rules.size(); ++i) {
        warn_of_length(out, rules[i].peers.front());
        out.comments(2, notes_of(generated, direction, i));
        write_rule(out, ingress, rules[i], generated.policy.namespace_name);
    }
}

}  // namespace

std::string calico_yaml(const analyzer::GeneratedPolicy& generated) {
    const Policy& policy = generated.policy;
    YamlLines out;
    write_head(out, generated, "projectcalico.org/v3", "NetworkPolicy");
    warn_of_length(out, policy.subjects.front());
    out.line(1, "selector: " + yaml_quoted(expression(policy.subjects.front().pods)));
    std::string types;
    if (policy.isolates_ingress) types = "Ingress";
    if (policy.isolates_egress) types += types.empty() ? "Egress" : ", Egress";
    out.line(1, "types: [" + types + "]");
    write_rules(out, Direction::ingress, generated);
    write_rules(out, Direction::egress, generated);
    return out.take();
}

}  // namespace nspect::viz
