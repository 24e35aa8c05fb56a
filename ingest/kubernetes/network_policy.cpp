// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ingest/document/fields.h"
#include "ingest/kubernetes/kinds.h"
#include "ingest/kubernetes/labels.h"
#include "ingest/kubernetes/policy_parts.h"

namespace nspect::ingest {

namespace {

void read_except(const Node& block, const IpPrefix& whole, AddressPeer& peer, Report& report) {
    const Node* list = sequence_field(block, "except", report);
    if (list == nullptr) return;
    for (const Node& entry : *list) {
        const auto cut = read_prefix(entry, report);
        if (!cut) continue;
        if (!whole.contains(*cut) || *cut == whole) {
            report.error(entry, "NP010", to_string(*cut) + " is not a part of " + to_string(whole),
                         "except takes blocks smaller than cidr and inside of it");
            continue;
        }
        peer.addresses = peer.addresses - IpSet{cut->range()};
    }
}

std::optional<Peer> read_ip_block(const Node& block, Report& report) {
    check_fields(block, report, {"cidr", "except"});
    const Node* cidr = any_field(block, "cidr");
    if (cidr == nullptr) {
        report.error(block, "NP009", "an ipBlock needs a cidr");
        return std::nullopt;
    }
    const auto whole = read_prefix(*cidr, report);
    if (!whole) return std::nullopt;
    AddressPeer peer;
    peer.addresses.insert(whole->range());
    read_except(block, *whole, peer, report);
    return peer;
}

PodPeer read_pod_peer(const Node& peer, const std::string& own_namespace, Report& report) {
    PodPeer pods;
    pods.pods = read_selector(mapping_field(peer, "podSelector", report), report);
    if (any_field(peer, "namespaceSelector") == nullptr) {
        pods.namespace_name = own_namespace;
    } else {
        pods.namespaces = read_selector(mapping_field(peer, "namespaceSelector", report), report);
    }
    return pods;
}

std::optional<Peer> read_peer(const Node& peer, const std::string& own_namespace, Report& report) {
    check_fields(peer, report, {"podSelector", "namespaceSelector", "ipBlock"});
    const Node* block = any_field(peer, "ipBlock");
    const bool selects = any_field(peer, "podSelector") != nullptr ||
                         any_field(peer, "namespaceSelector") != nullptr;
    if (block == nullptr && !selects) {
        report.error(peer, "NP007", "an empty peer is not allowed",
                     "leave the whole list out to name every peer, or write podSelector: {}");
        return std::nullopt;
    }
    if (block != nullptr && selects) {
        report.error(peer, "NP008", "a peer is either an ipBlock or selectors, not both",
                     "put them into two entries of the list");
    }
    if (block == nullptr) return read_pod_peer(peer, own_namespace, report);
    block = mapping_field(peer, "ipBlock", report);
    return block == nullptr ? std::nullopt : read_ip_block(*block, report);
}

std::vector<Peer> read_peers(const Node* list, const std::string& own_namespace, Report& report) {
    if (list == nullptr || list->size == 0) return {AnyPeer{}};
    std::vector<Peer> peers;
    for (const Node& entry : *list) {
        if (auto peer = read_peer(entry, own_namespace, report)) peers.push_back(std::move(*peer));
    }
    return peers;
}

bool is_number(const Node& node) {
    return !node.quoted && plain_type(node) != PlainType::text;
}

std::optional<PortMatch> read_numbers(const Node& port, const Node* end, Protocol protocol,
                                      Report& report) {
    std::optional<PortRange> range;
    if (end != nullptr) {
        range = read_range(port, *end, report, "NP003");
    } else if (const auto only = port_value(port, report, "NP002")) {
        range = PortRange{*only, *only};
    }
    if (!range) return std::nullopt;
    return PortMatch{TrafficSet::of(protocol, *range), {}, {}};
}

std::optional<PortMatch> read_port(const Node& node, Report& report) {
    check_fields(node, report, {"protocol", "port", "endPort"});
    const Node* protocol_node = any_field(node, "protocol");
    std::optional<Protocol> protocol = Protocol::tcp;
    if (protocol_node != nullptr) protocol = protocol_value(*protocol_node, report, "NP006");
    const Node* port = any_field(node, "port");
    const Node* end = any_field(node, "endPort");
    const bool numeric = port != nullptr && is_number(*port);
    if (end != nullptr && !numeric) {
        report.error(*end, "NP004",
                     port == nullptr ? "endPort needs a port to start from"
                                     : "endPort goes only with a port given by number");
    }
    // A bad protocol must not hide what else is wrong.
    const Protocol known = protocol.value_or(Protocol::tcp);
    if (numeric) return read_numbers(*port, end, known, report);
    if (port == nullptr) return PortMatch{TrafficSet::of(known), {}, {}};
    auto name = read_port_name(*port, report);
    if (!name) return std::nullopt;
    return PortMatch{{}, std::move(*name), known};
}

void read_ports(const Node& rule_node, Rule& rule, Report& report) {
    const Node* list = sequence_field(rule_node, "ports", report);
    rule.all_ports = list == nullptr || list->size == 0;
    if (rule.all_ports) return;
    for (const Node& entry : *list) {
        if (auto match = read_port(entry, report)) rule.ports.push_back(std::move(*match));
    }
}

std::vector<Rule> read_rules(const Node* list, Direction direction, const Object& object) {
    std::vector<Rule> rules;
    if (list == nullptr) return rules;
    const std::string_view peers = direction == Direction::ingress ? "from" : "to";
    for (const Node& node : *list) {
        if (!node.is_mapping() && !node.is_null()) {
            object.report.error(node, "DOC019", "a rule must be a mapping");
            continue;
        }
        check_fields(node, object.report, {peers, "ports"});
        Rule rule;
        rule.index = rules.size() + 1;
        rule.order = network_policy_order;
        rule.where = object.report.location_of(node);
        rule.peers = read_peers(sequence_field(node, peers, object.report), object.namespace_name,
                                object.report);
        read_ports(node, rule, object.report);
        rules.push_back(std::move(rule));
    }
    return rules;
}

// Without policyTypes: ingress always, egress when there is a rule for it.
void read_types(const Node& spec, Policy& policy, Report& report) {
    const Node* types = sequence_field(spec, "policyTypes", report);
    if (types == nullptr || types->size == 0) {
        policy.isolates_ingress = true;
        policy.isolates_egress = !policy.egress.empty();
        return;
    }
    for (const Node& type : *types) {
        if (type.text == "Ingress") {
            policy.isolates_ingress = true;
        } else if (type.text == "Egress") {
            policy.isolates_egress = true;
        } else {
            const std::string near = suggestion(type.text, {"Ingress", "Egress"});
            report.error(type, "NP018", "unknown policy type " + in_quotes(type.text),
                         near.empty() ? "known are Ingress and Egress" : near);
        }
    }
}

}  // namespace

void read_network_policy(const Object& object, Staging& staging) {
    Report& report = object.report;
    Policy policy = make_policy(object, PolicyKind::network_policy, {namespace_stage, "namespace"});
    PodPeer subject;
    subject.namespace_name = object.namespace_name;
    const Node nothing;
    const Node* spec = mapping_field(object.root, "spec", report);
    if (any_field(object.root, "spec") == nullptr) {
        report.warning(object.root, "NP032",
                       "the policy has no spec: it isolates every pod of its namespace");
    }
    if (spec == nullptr) spec = &nothing;
    if (object.kind == "StagedKubernetesNetworkPolicy") {
        check_fields(*spec, report,
                     {"podSelector", "policyTypes", "ingress", "egress", "stagedAction"});
    } else {
        check_fields(*spec, report, {"podSelector", "policyTypes", "ingress", "egress"});
    }
    subject.pods = read_selector(mapping_field(*spec, "podSelector", report), report);
    policy.subjects.push_back(std::move(subject));
    policy.ingress =
        read_rules(sequence_field(*spec, "ingress", report), Direction::ingress, object);
    policy.egress = read_rules(sequence_field(*spec, "egress", report), Direction::egress, object);
    read_types(*spec, policy, report);
    // Rules for a direction that the policy does not govern mean nothing.
    for (const auto direction : {Direction::ingress, Direction::egress}) {
        auto& rules = direction == Direction::ingress ? policy.ingress : policy.egress;
        if (policy.isolates(direction) || rules.empty()) continue;
        const std::string way{to_string(direction)};
        report.warning(*any_field(*spec, way), "NP033",
                       "the policy has " + way + " rules, and its policyTypes leave " + way +
                           " out: they are ignored",
                       std::string("add ") +
                           (direction == Direction::ingress ? "Ingress" : "Egress") +
                           " to policyTypes, or remove the rules");
        rules.clear();
    }
    if (object.whole()) staging.add(std::move(policy));
}

}  // namespace nspect::ingest
