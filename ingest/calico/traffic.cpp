// SPDX-License-Identifier: Apache-2.0
// Protocols, ports and ICMP of a Calico rule.
#include <algorithm>
#include <array>
#include <utility>

#include "ingest/calico/parts.h"
#include "ingest/document/fields.h"

namespace nspect::ingest {

namespace {

struct NamedProtocol {
    std::string_view name;
    std::uint64_t number;
    Protocol protocol;
};
constexpr std::array<NamedProtocol, 6> protocols{{{"TCP", 6, Protocol::tcp},
                                                  {"UDP", 17, Protocol::udp},
                                                  {"SCTP", 132, Protocol::sctp},
                                                  {"ICMP", 1, Protocol::icmp},
                                                  {"ICMPv6", 58, Protocol::icmp6},
                                                  {"UDPLite", 136, Protocol::other}}};

/// "tcp" or 6 (NP006). UDPLite and other numbers are a part of Protocol::other.
std::optional<Protocol> protocol_field(const Node& node, std::string_view key, Report& report) {
    const Node* field = any_field(node, key);
    if (field == nullptr) return std::nullopt;
    const auto number = field->is_scalar() ? decimal(field->text) : std::nullopt;
    for (const NamedProtocol& known : protocols) {
        if (!field->is_scalar()) break;
        if (lower_case(known.name) == lower_case(field->text) || number == known.number) {
            return known.protocol;
        }
    }
    if (number && *number >= 1 && *number <= 255) return Protocol::other;
    const std::string near =
        suggestion(field->text, {"TCP", "UDP", "SCTP", "ICMP", "ICMPv6", "UDPLite"});
    report.error(*field, "NP006", "unknown protocol " + in_quotes(field->text),
                 near.empty() ? "known are TCP, UDP, SCTP, ICMP, ICMPv6, UDPLite and the numbers "
                                "from 1 to 255"
                              : near);
    return std::nullopt;
}

TrafficSet all_of(Protocol protocol) {
    TrafficSet traffic;
    if (protocol != Protocol::other) return TrafficSet::of(protocol);
    traffic.other = true;
    return traffic;
}

/// The protocols named; says so where one of many stands for all others.
TrafficSet read_protocols(const Node& node, Rule& rule, std::optional<Protocol>& positive,
                          Report& report) {
    TrafficSet traffic = TrafficSet::all();
    positive = protocol_field(node, "protocol", report);
    const auto negative = protocol_field(node, "notProtocol", report);
    if (positive) traffic = all_of(*positive);
    if (negative && *negative != Protocol::other) traffic = traffic - all_of(*negative);
    if (positive == Protocol::other) add_condition(rule, "one IP protocol");
    if (negative == Protocol::other) add_condition(rule, "all but one IP protocol");
    return traffic;
}

struct PortEntry {
    std::optional<PortRange> range;  ///< otherwise a name
    std::string name;
};

bool is_calico_port_name(std::string_view text) {
    constexpr std::size_t longest = 128;
    return !text.empty() && text.size() <= longest &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-' || c == '.';
           });
}

std::optional<Port> port_number(std::string_view text) {
    const auto number = decimal(text);
    if (!number || *number < 1 || *number > 65535) return std::nullopt;
    return Port{static_cast<std::uint16_t>(*number)};
}

/// 80, "80:90" or "http" (CA004).
std::optional<PortEntry> read_port(const Node& node, Report& report) {
    const std::string_view text = node.is_scalar() ? node.text : std::string_view();
    const std::size_t colon = text.find(':');
    const auto first = port_number(text.substr(0, colon));
    const auto last = colon == std::string_view::npos ? first : port_number(text.substr(colon + 1));
    if (first && last && *first <= *last) return PortEntry{PortRange{*first, *last}, {}};
    const bool digits = text.find_first_not_of("0123456789") == std::string_view::npos;
    if (colon == std::string_view::npos && !digits && is_calico_port_name(text)) {
        return PortEntry{std::nullopt, std::string(text)};
    }
    report.error(node, "CA004",
                 node.is_scalar() ? in_quotes(text) + " is not a port" : "a port must be text",
                 first && last ? "the range is backwards"
                               : "ports are numbers from 1 to 65535, ranges as in \"8000:8999\", "
                                 "or names");
    return std::nullopt;
}

std::vector<PortEntry> read_ports(const Node& entity, std::string_view key,
                                  std::optional<Protocol> protocol, Report& report) {
    std::vector<PortEntry> ports;
    const Node* list = sequence_field(entity, key, report);
    if (list == nullptr) return ports;
    for (const Node& node : *list) {
        auto port = read_port(node, report);
        if (!port) continue;
        const bool fits = protocol ? has_ports(*protocol) : !port->range.has_value();
        if (!fits) {
            report.error(node, "CA005", "a rule with ports needs the protocol TCP, UDP or SCTP",
                         protocol ? "" : "add protocol: TCP to the rule");
        } else {
            ports.push_back(std::move(*port));
        }
    }
    return ports;
}

void name_traffic(const std::vector<PortEntry>& ports, std::optional<Protocol> protocol,
                  const TrafficSet& traffic, Rule& rule) {
    rule.all_ports = ports.empty() && traffic == TrafficSet::all();
    if (rule.all_ports) return;
    if (ports.empty()) rule.ports.push_back({traffic, {}, {}});
    for (const PortEntry& port : ports) {
        if (port.range) {
            rule.ports.push_back({TrafficSet::of(*protocol, *port.range) & traffic, {}, {}});
        } else {
            rule.ports.push_back({{}, port.name, protocol.value_or(Protocol::tcp)});
        }
    }
}

/// What destination.ports and notPorts leave of the traffic.
void read_destination_ports(const Node& node, std::optional<Protocol> protocol, TrafficSet traffic,
                            Rule& rule, Report& report) {
    const Node* entity = mapping_field(node, "destination", report);
    const Node nothing;
    if (entity == nullptr) entity = &nothing;
    const auto ports = read_ports(*entity, "ports", protocol, report);
    bool by_name = false;
    const auto excluded = read_ports(*entity, "notPorts", protocol, report);
    for (const PortEntry& port : excluded) {
        by_name = by_name || !port.range;
        if (port.range) traffic = traffic - TrafficSet::of(*protocol, *port.range);
    }
    const bool names_a_port =
        std::any_of(ports.begin(), ports.end(), [](const PortEntry& port) { return !port.range; });
    if (by_name || (names_a_port && !excluded.empty())) {
        add_condition(rule, "notPorts by name");
    }
    name_traffic(ports, protocol, traffic, rule);
}

void read_source_ports(const Node& node, std::optional<Protocol> protocol, Rule& rule,
                       Report& report) {
    const Node* entity = mapping_field(node, "source", report);
    if (entity == nullptr) return;
    const bool some = !read_ports(*entity, "ports", protocol, report).empty();
    const bool none = !read_ports(*entity, "notPorts", protocol, report).empty();
    if (some || none) add_condition(rule, "source ports");
}

std::optional<Port> icmp_number(const Node& icmp, std::string_view key, Report& report) {
    const Node* field = any_field(icmp, key);
    if (field == nullptr) return std::nullopt;
    const auto number = field->is_scalar() ? decimal(field->text) : std::nullopt;
    if (number && *number <= 255) return Port{static_cast<std::uint16_t>(*number)};
    report.error(*field, "CA006", "ICMP types and codes are numbers from 0 to 255");
    return std::nullopt;
}

/// icmp or notICMP. A code cannot be evaluated: only the type is.
void read_icmp(const Node& node, std::string_view key, std::optional<Protocol> protocol,
               TrafficSet& traffic, Rule& rule, Report& report) {
    const Node* icmp = mapping_field(node, key, report);
    if (icmp == nullptr) return;
    check_fields(*icmp, report, {"type", "code"});
    if (protocol != Protocol::icmp && protocol != Protocol::icmp6) {
        report.error(*icmp, "CA006",
                     "a rule with " + std::string(key) + " needs the protocol ICMP or ICMPv6");
        return;
    }
    const auto type = icmp_number(*icmp, "type", report);
    const auto code = icmp_number(*icmp, "code", report);
    if (code && !type) report.error(*icmp, "CA006", "an ICMP code needs a type");
    if (code) add_condition(rule, "an ICMP code");
    if (!type) return;
    const TrafficSet named = TrafficSet::of(*protocol, {*type, *type});
    if (key == "icmp") {
        traffic = traffic & named;
    } else if (!code) {
        traffic = traffic - named;
    }
}

}  // namespace

void read_calico_traffic(const Node& node, Rule& rule, Report& report) {
    std::optional<Protocol> protocol;
    TrafficSet traffic = read_protocols(node, rule, protocol, report);
    read_icmp(node, "icmp", protocol, traffic, rule, report);
    read_icmp(node, "notICMP", protocol, traffic, rule, report);
    read_source_ports(node, protocol, rule, report);
    read_destination_ports(node, protocol, traffic, rule, report);
}

}  // namespace nspect::ingest
