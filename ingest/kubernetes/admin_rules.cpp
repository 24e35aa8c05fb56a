// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ingest/document/fields.h"
#include "ingest/kubernetes/labels.h"
#include "ingest/kubernetes/policy_parts.h"

namespace nspect::ingest {

namespace {

struct PeerRead {
    std::vector<Peer> exact;
    std::vector<Peer> narrower;  ///< wider than what is written: see Rule::condition
    std::vector<Peer> domains;
};

// v1alpha1 before its 0.1.7 compared labels of both namespaces. What can be said without doing that
// is wider: every namespace that has the label.
bool read_same_labels(const Node& node, PodPeer& pods, Report& report) {
    bool found = false;
    for (const std::string_view key : {"sameLabels", "notSameLabels"}) {
        const Node* field = node.find(key);
        if (field == nullptr) continue;
        found = true;
        report.key_warning(*field, "NP029", std::string(key) + " is not evaluated",
                           "newer versions of the interface have no such field; verdicts of this "
                           "rule say \"at most\"");
        if (key != "sameLabels" || !field->is_sequence()) continue;
        for (const Node& label : *field) {
            if (!label.is_scalar()) continue;
            pods.namespaces.add({std::string(label.text), Requirement::Op::exists, {}});
        }
    }
    return found;
}

// A namespace selector, or the older form around it. True when the result is wider than the text.
bool read_namespaces(const Node& node, PodPeer& pods, Report& report) {
    const Node* nested = node.find("namespaceSelector");
    const bool old_form = nested != nullptr || node.find("sameLabels") != nullptr ||
                          node.find("notSameLabels") != nullptr;
    if (!old_form) {
        pods.namespaces = read_selector(&node, report);
        return false;
    }
    check_fields(node, report, {"namespaceSelector", "sameLabels", "notSameLabels"});
    pods.namespaces = read_selector(mapping_field(node, "namespaceSelector", report), report);
    return read_same_labels(node, pods, report);
}

bool read_pods(const Node& node, PodPeer& pods, Report& report) {
    check_fields(node, report, {"namespaceSelector", "podSelector", "namespaces"});
    pods.pods = read_selector(mapping_field(node, "podSelector", report), report);
    if (const Node* old_form = mapping_field(node, "namespaces", report)) {
        return read_namespaces(*old_form, pods, report);
    }
    pods.namespaces = read_selector(mapping_field(node, "namespaceSelector", report), report);
    return false;
}

void read_pod_peer(const Node& node, const Node& field, PeerRead& read, Report& report) {
    if (mapping_field(node, field.key, report) == nullptr) return;
    PodPeer pods;
    const bool wider =
        field.key == "pods" ? read_pods(field, pods, report) : read_namespaces(field, pods, report);
    (wider ? read.narrower : read.exact).push_back(std::move(pods));
}

void read_networks(const Node& node, PeerRead& read, Report& report) {
    const Node* list = sequence_field(node, "networks", report);
    if (list == nullptr) return;
    if (list->size == 0) report.error(*list, "NP022", "networks needs at least one address block");
    AddressPeer peer;
    peer.pods = PodsByAddress::yes;
    for (const Node& entry : *list) {
        if (auto prefix = read_prefix(entry, report)) peer.addresses.insert(prefix->range());
    }
    read.exact.push_back(std::move(peer));
}

void read_domain_names(const Node& node, const Node& field, PeerRead& read, Report& report) {
    const Node* list = sequence_field(node, "domainNames", report);
    if (list == nullptr) return;
    DomainPeer domains;
    for (const Node& entry : *list) {
        auto name = text_value(entry, report);
        if (!name) continue;
        std::string lower = lower_case(*name);
        // "*." stands for one or more labels here.
        if (lower.starts_with("*.")) lower.insert(0, 1, '*');
        domains.names.push_back(std::move(lower));
    }
    report.key_warning(field, "NP030", "domainNames is known only as far as DNS was recorded",
                       "without a recording the rule counts as if it named every address "
                       "outside; verdicts of it say \"at most\"");
    read.domains.push_back(std::move(domains));
}

const Node* find_peer_field(const Node& node, Direction direction, Report& report) {
    if (direction == Direction::ingress) {
        check_fields(node, report, {"namespaces", "pods"});
        return only_field(node, report, "NP022", "a peer of an ingress rule",
                          {"namespaces", "pods"});
    }
    check_fields(node, report, {"namespaces", "pods", "nodes", "networks", "domainNames"});
    return only_field(node, report, "NP022", "a peer of an egress rule",
                      {"namespaces", "pods", "nodes", "networks", "domainNames"});
}

void read_peer(const Node& node, Direction direction, PeerRead& read, Report& report) {
    const Node* field = find_peer_field(node, direction, report);
    if (field == nullptr) return;
    if (field->key == "networks") {
        read_networks(node, read, report);
    } else if (field->key == "domainNames") {
        read_domain_names(node, *field, read, report);
    } else if (field->key == "nodes") {
        read.exact.push_back(NodePeer{read_selector(mapping_field(node, "nodes", report), report)});
    } else {
        read_pod_peer(node, *field, read, report);
    }
}

PeerRead read_peers(const Node& rule, Direction direction, Report& report) {
    const std::string_view key = direction == Direction::ingress ? "from" : "to";
    PeerRead read;
    const Node* list = sequence_field(rule, key, report);
    const Node* written = any_field(rule, key);
    if (written == nullptr || (list != nullptr && list->size == 0)) {
        report.error(written == nullptr ? rule : *written, "NP021",
                     "the rule names no peer: \"" + std::string(key) + "\" is missing or empty",
                     std::string(key) + ": [{namespaces: {}}] is every pod");
    }
    if (list == nullptr) return read;
    for (const Node& peer : *list) read_peer(peer, direction, read, report);
    return read;
}

void check_length(const Node* list, const AdminDialect& dialect, Report& report) {
    if (list == nullptr || list->size <= dialect.most_items) return;
    report.error(*list, "NP034",
                 "the list has " + std::to_string(list->size) + " items, and may have " +
                     std::to_string(dialect.most_items),
                 "the API server refuses it: make two policies of it");
}

Action read_action(const Node& rule, const AdminDialect& dialect, Report& report) {
    const Node* node = any_field(rule, "action");
    std::string known;
    for (const auto& [word, action] : dialect.actions) {
        if (node != nullptr && node->is_scalar() && node->text == word) return action;
        known += (known.empty() ? "" : ", ") + std::string(word);
    }
    report.error(
        node == nullptr ? rule : *node, "NP024",
        node == nullptr ? "the rule has no action" : "unknown action " + in_quotes(node->text),
        "known are " + known);
    return Action::pass;
}

void read_rule(const Node& node, Direction direction, std::size_t index,
               const AdminDialect& dialect, std::vector<Rule>& rules, Report& report) {
    const std::string_view peers_field = direction == Direction::ingress ? "from" : "to";
    if (!node.is_mapping()) {
        report.error(node, "DOC019", "a rule must be a mapping");
        return;
    }
    check_fields(node, report, {"name", "action", peers_field, dialect.ports_field});
    Rule rule;
    rule.index = index;
    rule.order = dialect.order;
    rule.name = text_field(node, "name", report).value_or("");
    rule.where = report.location_of(node);
    rule.action = read_action(node, dialect, report);
    PeerRead peers = read_peers(node, direction, report);
    const Node* ports = sequence_field(node, dialect.ports_field, report);
    check_length(sequence_field(node, peers_field, report), dialect, report);
    check_length(ports, dialect, report);
    rule.all_ports = ports == nullptr || ports->size == 0;
    if (!rule.all_ports) rule.ports = dialect.read_ports(*ports, report);
    if (!peers.exact.empty()) {
        rule.peers = std::move(peers.exact);
        rules.push_back(rule);
    }
    if (!peers.narrower.empty()) {
        rule.peers = std::move(peers.narrower);
        rule.condition = "labels compared between namespaces";
        rules.push_back(rule);
        rule.condition.clear();
    }
    if (!peers.domains.empty()) {
        rule.peers = std::move(peers.domains);
        rules.push_back(std::move(rule));
    }
}

Protocol read_protocol(const Node& node, Report& report) {
    const Node* protocol = any_field(node, "protocol");
    if (protocol == nullptr) return Protocol::tcp;
    return protocol_value(*protocol, report, "NP006").value_or(Protocol::tcp);
}

std::optional<PortRange> read_one_port(const Node& node, std::string_view key, Report& report) {
    const Node* number = any_field(node, key);
    if (number == nullptr) {
        report.error(node, "NP002", "the port has no number");
        return std::nullopt;
    }
    const auto port = port_value(*number, report, "NP002");
    return port ? std::optional(PortRange{*port, *port}) : std::nullopt;
}

std::optional<PortRange> read_start_and_end(const Node& node, Report& report) {
    const Node* start = any_field(node, "start");
    const Node* end = any_field(node, "end");
    if (start != nullptr && end != nullptr) return read_range(*start, *end, report, "NP028");
    report.error(node, "NP028", "a port range needs a start and an end");
    return std::nullopt;
}

PortMatch named(std::string name) {
    PortMatch match;
    match.name = std::move(name);
    return match;
}

void read_admin_port(const Node& node, std::vector<PortMatch>& matches, Report& report) {
    check_fields(node, report, {"portNumber", "portRange", "namedPort"});
    const Node* only =
        only_field(node, report, "NP023", "a port entry", {"portNumber", "portRange", "namedPort"});
    if (only == nullptr) return;
    if (only->key == "namedPort") {
        if (auto name = read_port_name(*only, report)) matches.push_back(named(std::move(*name)));
        return;
    }
    const Node* body = mapping_field(node, only->key, report);
    if (body == nullptr) return;
    const bool is_range = only->key == "portRange";
    if (is_range) {
        check_fields(*body, report, {"protocol", "start", "end"});
    } else {
        check_fields(*body, report, {"protocol", "port"});
    }
    const Protocol protocol = read_protocol(*body, report);
    const auto range =
        is_range ? read_start_and_end(*body, report) : read_one_port(*body, "port", report);
    if (range) matches.push_back({TrafficSet::of(protocol, *range), {}, {}});
}

void read_destination(const Node& node, Protocol protocol, std::vector<PortMatch>& matches,
                      Report& report) {
    check_fields(node, report, {"destinationPort"});
    const Node* destination = mapping_field(node, "destinationPort", report);
    if (destination == nullptr) {
        matches.push_back({TrafficSet::of(protocol), {}, {}});
        return;
    }
    check_fields(*destination, report, {"number", "range"});
    const Node* only =
        only_field(*destination, report, "NP023", "a destination port", {"number", "range"});
    if (only == nullptr) return;
    std::optional<PortRange> range;
    if (only->key == "number") {
        range = read_one_port(*destination, "number", report);
    } else if (const Node* body = mapping_field(*destination, "range", report)) {
        check_fields(*body, report, {"start", "end"});
        range = read_start_and_end(*body, report);
    }
    if (range) matches.push_back({TrafficSet::of(protocol, *range), {}, {}});
}

void read_cluster_protocol(const Node& node, std::vector<PortMatch>& matches, Report& report) {
    check_fields(node, report, {"tcp", "udp", "sctp", "destinationNamedPort"});
    const Node* only = only_field(node, report, "NP023", "a protocol entry",
                                  {"tcp", "udp", "sctp", "destinationNamedPort"});
    if (only == nullptr) return;
    if (only->key == "destinationNamedPort") {
        if (auto name = read_port_name(*only, report)) matches.push_back(named(std::move(*name)));
        return;
    }
    const Node* body = mapping_field(node, only->key, report);
    if (body != nullptr) {
        read_destination(*body, *parse_protocol(only->key), matches, report);
    }
}

}  // namespace

std::vector<Rule> read_admin_rules(const Node& spec, Direction direction,
                                   const AdminDialect& dialect, Report& report) {
    std::vector<Rule> rules;
    const Node* list =
        sequence_field(spec, direction == Direction::ingress ? "ingress" : "egress", report);
    if (list == nullptr) return rules;
    check_length(list, dialect, report);
    std::size_t index = 0;
    for (const Node& rule : *list) read_rule(rule, direction, ++index, dialect, rules, report);
    return rules;
}

std::vector<PortMatch> read_admin_ports(const Node& list, Report& report) {
    std::vector<PortMatch> matches;
    for (const Node& node : list) read_admin_port(node, matches, report);
    return matches;
}

std::vector<PortMatch> read_cluster_protocols(const Node& list, Report& report) {
    std::vector<PortMatch> matches;
    for (const Node& node : list) read_cluster_protocol(node, matches, report);
    return matches;
}

}  // namespace nspect::ingest
