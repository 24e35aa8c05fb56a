// SPDX-License-Identifier: Apache-2.0
// projectcalico.org/v3 NetworkPolicy.
// https://docs.tigera.io/calico/latest/reference/resources/networkpolicy
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

/// One side of a rule, as a flow mapping without its braces.
std::vector<std::string> sides(const Peer& peer, const std::string& own_namespace) {
    if (const auto* pods = std::get_if<PodPeer>(&peer)) {
        std::string text = "selector: " + yaml_quoted(expression(pods->pods));
        if (pods->namespace_name && *pods->namespace_name == own_namespace) return {text};
        const auto spaces = pods->namespace_name
                                ? Selector::matching(Labels{
                                      {std::string(namespace_name_label), *pods->namespace_name}})
                                : pods->namespaces;
        return {text + ", namespaceSelector: " + yaml_quoted(expression(spaces))};
    }
    if (const auto* domains = std::get_if<DomainPeer>(&peer)) {
        std::string names;
        for (const auto& name : domains->names) {
            names += (names.empty() ? "" : ", ") + yaml_quoted(name);
        }
        return {"domains: [" + names + "]"};
    }
    return {};
}

/// Blocks of both families may not stand in one rule.
std::vector<std::string> all_sides(const Rule& rule, const std::string& own_namespace) {
    std::vector<std::string> all;
    IpSet addresses;
    for (const auto& peer : rule.peers) {
        if (const auto* block = std::get_if<AddressPeer>(&peer)) {
            addresses = addresses | block->addresses;
            continue;
        }
        for (auto& side : sides(peer, own_namespace)) all.push_back(std::move(side));
    }
    for (const auto family : {IpFamily::v4, IpFamily::v6}) {
        const auto blocks = addresses & all_addresses(family);
        if (!blocks.empty()) all.push_back("nets: [" + yaml_blocks(blocks) + "]");
    }
    return all;
}

std::string port_text(const WrittenPort& port) {
    if (!port.name.empty()) return yaml_scalar(port.name);
    const auto first = std::to_string(port.range.first.number);
    if (port.range.first == port.range.last) return first;
    return yaml_quoted(first + ":" + std::to_string(port.range.last.number));
}

/// The protocols of a rule, each with its ports: a rule of Calico has one protocol.
std::vector<std::pair<std::string, std::string>> by_protocol(const Rule& rule) {
    std::vector<std::pair<std::string, std::string>> all;
    if (rule.all_ports) return {{"", ""}};
    for (const Protocol protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
        std::string ports;
        for (const auto& port : written_ports(rule)) {
            if (port.protocol != protocol) continue;
            ports += (ports.empty() ? "" : ", ") + port_text(port);
        }
        if (!ports.empty()) all.emplace_back(to_string(protocol), "ports: [" + ports + "]");
    }
    return all;
}

void write_rule(YamlLines& out, bool ingress, const std::string& side,
                const std::pair<std::string, std::string>& traffic) {
    YamlLines rule;
    rule.line(3, "action: Allow");
    if (!traffic.first.empty()) rule.line(3, "protocol: " + traffic.first);
    std::string destination = traffic.second;
    if (ingress) {
        rule.line(3, "source: {" + side + "}");
    } else {
        destination = side + (destination.empty() ? "" : ", ") + destination;
    }
    if (!destination.empty()) rule.line(3, "destination: {" + destination + "}");
    out.item(2, rule.take());
}

void write_rules(YamlLines& out, Direction direction, const analyzer::GeneratedPolicy& generated) {
    const auto& rules = generated.policy.rules(direction);
    if (rules.empty()) return;
    const bool ingress = direction == Direction::ingress;
    out.line(1, ingress ? "ingress:" : "egress:");
    for (std::size_t i = 0; i < rules.size(); ++i) {
        out.comments(2, notes_of(generated, direction, i));
        for (const auto& side : all_sides(rules[i], generated.policy.namespace_name)) {
            for (const auto& traffic : by_protocol(rules[i])) {
                write_rule(out, ingress, side, traffic);
            }
        }
    }
}

}  // namespace

std::string calico_yaml(const analyzer::GeneratedPolicy& generated) {
    const Policy& policy = generated.policy;
    YamlLines out;
    write_head(out, generated, "projectcalico.org/v3", "NetworkPolicy");
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
