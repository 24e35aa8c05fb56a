// SPDX-License-Identifier: Apache-2.0
#include "viz/policy_yaml.h"

#include <algorithm>

#include "model/ip_blocks.h"
#include "viz/policy_yaml_parts.h"
#include "viz/yaml_text.h"

namespace nspect::viz {

namespace {

void write_pod_peer(YamlLines& out, const PodPeer& peer, const std::string& own_namespace) {
    std::string head = "- ";
    if (peer.namespace_name && *peer.namespace_name != own_namespace) {
        out.line(4, head + "namespaceSelector: {matchLabels: {" +
                        std::string(namespace_name_label) + ": " +
                        yaml_scalar(*peer.namespace_name) + "}}");
        head = "  ";
    } else if (!peer.namespace_name) {
        out.line(4, head + "namespaceSelector: " + yaml_selector(peer.namespaces));
        head = "  ";
    }
    out.line(4, head + "podSelector: " + yaml_selector(peer.pods));
}

/// Peers that a NetworkPolicy can name.
bool is_expressible(const Peer& peer) {
    return std::holds_alternative<PodPeer>(peer) || std::holds_alternative<AddressPeer>(peer);
}

void write_peers(YamlLines& out, const Rule& rule, const char* key,
                 const std::string& own_namespace) {
    if (names_anyone(rule)) return;  // a rule without peers is one for everyone
    out.line(3, std::string(key) + ":");
    for (const Peer& each : rule.peers) {
        if (const auto* pods = std::get_if<PodPeer>(&each))
            write_pod_peer(out, *pods, own_namespace);
        if (const auto* addresses = std::get_if<AddressPeer>(&each)) {
            for (const IpPrefix& block : prefixes_of(addresses->addresses)) {
                out.line(4, "- ipBlock: {cidr: " + yaml_quoted(to_string(block)) + "}");
            }
        }
    }
}

/// An empty list means "all" in a NetworkPolicy: what matches nothing, or cannot be said there, is
/// left out.
bool matches_something(const Rule& rule) {
    const bool peers =
        names_anyone(rule) || std::any_of(rule.peers.begin(), rule.peers.end(), is_expressible);
    const bool ports = rule.all_ports ||
                       std::any_of(rule.ports.begin(), rule.ports.end(), [](const PortMatch& each) {
                           return !each.name.empty() || !each.traffic.tcp.empty() ||
                                  !each.traffic.udp.empty() || !each.traffic.sctp.empty();
                       });
    return peers && ports;
}

void write_ports(YamlLines& out, const Rule& rule) {
    if (rule.all_ports) return;
    out.line(3, "ports:");
    for (const auto& each : written_ports(rule)) {
        std::string port = "- {protocol: " + std::string(to_string(each.protocol));
        if (!each.name.empty()) {
            port += ", port: " + yaml_scalar(each.name);
        } else if (each.range != all_ports) {
            port += ", port: " + std::to_string(each.range.first.number);
            if (each.range.first != each.range.last) {
                port += ", endPort: " + std::to_string(each.range.last.number);
            }
        }
        out.line(4, port + "}");
    }
}

void write_rules(YamlLines& out, Direction direction, const analyzer::GeneratedPolicy& generated) {
    const auto& rules = generated.policy.rules(direction);
    if (std::none_of(rules.begin(), rules.end(), matches_something)) return;
    const bool ingress = direction == Direction::ingress;
    out.line(1, ingress ? "ingress:" : "egress:");
    for (std::size_t i = 0; i < rules.size(); ++i) {
        if (!matches_something(rules[i])) continue;
        out.comments(2, notes_of(generated, direction, i));
        YamlLines rule;
        write_peers(rule, rules[i], ingress ? "from" : "to", generated.policy.namespace_name);
        write_ports(rule, rules[i]);
        out.item(2, rule.take());
    }
}

}  // namespace

std::string network_policy_yaml(const analyzer::GeneratedPolicy& generated) {
    const Policy& policy = generated.policy;
    YamlLines out;
    write_head(out, generated, "networking.k8s.io/v1", "NetworkPolicy");
    out.line(1, "podSelector: " +
                    yaml_selector(policy.subjects.empty() ? Selector{} : policy.subjects[0].pods));
    std::string types;
    if (policy.isolates_ingress) types = "Ingress";
    if (policy.isolates_egress) types += types.empty() ? "Egress" : ", Egress";
    out.line(1, "policyTypes: [" + types + "]");
    write_rules(out, Direction::ingress, generated);
    write_rules(out, Direction::egress, generated);
    return out.take();
}

std::string to_yaml(const analyzer::GeneratedPolicy& generated) {
    switch (generated.policy.kind) {
        case PolicyKind::cluster_network_policy:
            return cluster_network_policy_yaml(generated);
        case PolicyKind::cilium_network_policy:
            return cilium_yaml(generated);
        case PolicyKind::calico_network_policy:
            return calico_yaml(generated);
        default:
            return network_policy_yaml(generated);
    }
}

std::string to_yaml(const std::vector<analyzer::GeneratedPolicy>& policies) {
    std::string text;
    for (const auto& each : policies) text += (text.empty() ? "" : "---\n") + to_yaml(each);
    return text;
}

std::string file_name(const Policy& policy) {
    const auto& place = policy.namespace_name;
    return (place.empty() ? "" : place + "-") + policy.name + ".yaml";
}

}  // namespace nspect::viz
