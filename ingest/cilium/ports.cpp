// SPDX-License-Identifier: Apache-2.0
#include "ingest/cilium/ports.h"

#include <algorithm>
#include <optional>

#include "ingest/cilium/icmp.h"
#include "ingest/document/fields.h"
#include "ingest/kubernetes/names.h"
#include "ingest/kubernetes/policy_parts.h"

namespace nspect::ingest::cilium {

namespace {

/// What "protocol" stands for; an absent one is ANY: TCP, UDP and SCTP.
struct Protocols {
    std::vector<Protocol> of_ports;
    bool other = false;  ///< VRRP, IGMP
};

Protocols read_protocols(const Node& entry, Report& report) {
    const Protocols any{{Protocol::tcp, Protocol::udp, Protocol::sctp}, false};
    const Node* node = any_field(entry, "protocol");
    if (node == nullptr || (node->is_scalar() && (node->text.empty() || node->text == "ANY"))) {
        return any;
    }
    if (node->is_scalar() && (node->text == "VRRP" || node->text == "IGMP")) return {{}, true};
    const auto protocol = protocol_value(*node, report, "NP006");
    return protocol ? Protocols{{*protocol}, false} : any;
}

TrafficSet traffic_of(const Protocols& protocols, PortRange ports) {
    TrafficSet traffic;
    traffic.other = protocols.other;
    for (const Protocol protocol : protocols.of_ports) {
        traffic = traffic | TrafficSet::of(protocol, ports);
    }
    return traffic;
}

std::optional<Port> read_number(const Node& node, std::string_view text, Report& report) {
    const auto number = decimal(text);
    if (number && *number <= 65535) return Port{static_cast<std::uint16_t>(*number)};
    report.error(node, "NP002", std::string(text) + " is not a port",
                 "ports are whole numbers from 0 to 65535, 0 is every port");
    return std::nullopt;
}

std::optional<PortRange> read_range(const Node& entry, const Node& port, Port first,
                                    Report& report) {
    const Node* end = any_field(entry, "endPort");
    if (end == nullptr || end->text == "0") {
        return first.number == 0 ? all_ports : PortRange{first, first};
    }
    const auto last = port_value(*end, report, "NP002");
    if (!last) return std::nullopt;
    if (*last < first) {
        report.error(*end, "NP003",
                     "the range ends at " + std::to_string(last->number) +
                         ", before it starts at " + std::string(port.text));
        return std::nullopt;
    }
    return PortRange{std::max(first, Port{1}), *last};
}

void add_named(const std::string& name, const Protocols& protocols,
               std::vector<PortMatch>& matches) {
    if (protocols.of_ports.size() > 1) {
        matches.push_back({{}, name, std::nullopt});
        return;
    }
    for (const Protocol protocol : protocols.of_ports) matches.push_back({{}, name, protocol});
}

void read_port(const Node& entry, PortPart& part, Report& report) {
    check_fields(entry, report, {"port", "endPort", "protocol"});
    const Node* node = any_field(entry, "port");
    if (node == nullptr) {
        report.error(entry, "NP002", "the port has no number or name",
                     "port: \"0\" is every port of the protocol");
        return;
    }
    const auto text = text_value(*node, report);
    const Protocols protocols = read_protocols(entry, report);
    if (!text) return;
    if (protocols.other) {
        report.warning(entry, "CI007", "VRRP and IGMP are not told from other IP protocols",
                       "verdicts that need this rule say \"at most\"");
        part.condition = joined_conditions(part.condition, "the IP protocol");
    }
    const bool is_number =
        std::all_of(text->begin(), text->end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!is_number) {
        const std::string name = lower_case(*text);
        if (is_port_name(name)) {
            add_named(name, protocols, part.ports);
        } else {
            read_port_name(*node, report);
        }
        return;
    }
    const auto first = read_number(*node, *text, report);
    const auto range = first ? read_range(entry, *node, *first, report) : std::nullopt;
    if (range) part.ports.push_back({traffic_of(protocols, *range), {}, {}});
}

// {} matches every request, as does the pattern "*" every name.
bool is_everything(const Node& rule) {
    if (!rule.is_mapping()) return false;
    if (rule.size == 0) return true;
    const Node* pattern = rule.find("matchPattern");
    return rule.size == 1 && pattern != nullptr && pattern->text == "*";
}

std::string condition_of_rules(const Node& rules, Report& report) {
    check_fields(rules, report, {"http", "kafka", "dns", "l7proto", "l7"});
    std::string condition;
    const auto note = [&](std::string_view key, const std::string& what) {
        const Node* list = any_field(rules, key);
        if (list == nullptr) return;
        for (const Node& rule : *list) {
            if (is_everything(rule)) return;
        }
        condition = joined_conditions(condition, what);
    };
    note("http", "an HTTP condition");
    note("kafka", "a Kafka condition");
    note("dns", "a DNS condition");
    if (const Node* protocol = any_field(rules, "l7proto")) {
        condition = joined_conditions(condition, "a condition of " + std::string(protocol->text));
    }
    return condition;
}

std::string condition_of(const Node& entry, Report& report) {
    std::string condition;
    if (const Node* rules = mapping_field(entry, "rules", report)) {
        condition = condition_of_rules(*rules, report);
        if (!condition.empty()) {
            report.key_warning(*rules, "CI007", condition + " is not evaluated",
                               "verdicts that need this rule say \"at most\"");
        }
    }
    const auto note = [&](std::string_view key, const std::string& what) {
        const Node* field = any_field(entry, key);
        if (field == nullptr) return;
        report.key_warning(*field, "CI007", std::string(key) + " is not evaluated",
                           "verdicts that need this rule say \"at most\"");
        condition = joined_conditions(condition, what);
    };
    note("serverNames", "a TLS server name");
    note("terminatingTLS", "a TLS proxy");
    note("originatingTLS", "a TLS proxy");
    note("listener", "an Envoy listener");
    return condition;
}

PortPart read_entry(const Node& entry, Action action, Report& report) {
    PortPart part;
    if (action == Action::deny) {
        check_fields(entry, report, {"ports"});
    } else {
        check_fields(
            entry, report,
            {"ports", "rules", "serverNames", "terminatingTLS", "originatingTLS", "listener"});
        part.condition = condition_of(entry, report);
    }
    const Node* list = sequence_field(entry, "ports", report);
    if (list == nullptr || list->size == 0) {
        report.warning(entry, "CI010", "no port is listed here: this names no traffic",
                       "leave toPorts out to name every port");
        return part;
    }
    for (const Node& port : *list) read_port(port, part, report);
    return part;
}

void add(PortPart part, std::vector<PortPart>& parts) {
    const auto same = std::find_if(parts.begin(), parts.end(), [&](const PortPart& known) {
        return known.condition == part.condition;
    });
    if (same == parts.end()) {
        parts.push_back(std::move(part));
    } else {
        same->ports.insert(same->ports.end(), part.ports.begin(), part.ports.end());
    }
}

}  // namespace

std::vector<PortPart> read_ports(const Node& rule, Action action, Report& report) {
    const Node* entries = sequence_field(rule, "toPorts", report);
    const Node* icmps = sequence_field(rule, "icmps", report);
    const bool has_ports = entries != nullptr && entries->size > 0;
    const bool has_icmps = icmps != nullptr && icmps->size > 0;
    if (has_ports && has_icmps) {
        report.key_error(*icmps, "CI008", "a rule has either toPorts or icmps, not both",
                         "write two rules");
    }
    std::vector<PortPart> parts;
    if (has_ports) {
        for (const Node& entry : *entries) add(read_entry(entry, action, report), parts);
    } else if (has_icmps) {
        parts.push_back({{{read_icmps(*icmps, report), {}, {}}}, false, {}});
    } else {
        parts.push_back({{}, true, {}});
    }
    return parts;
}

}  // namespace nspect::ingest::cilium
