// SPDX-License-Identifier: Apache-2.0
// policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy.
// https://network-policy-api.sigs.k8s.io/reference/spec/
#include "viz/policy_yaml_parts.h"
#include "viz/yaml_text.h"

namespace nspect::viz {

namespace {

/// `{namespaceSelector: ..., podSelector: ...}`
std::string pods_text(const PodPeer& peer) {
    return "{namespaceSelector: " + yaml_selector(peer.namespaces) +
           ", podSelector: " + yaml_selector(peer.pods) + "}";
}

bool is_whole_namespaces(const PodPeer& peer) {
    return peer.pods.matches_everything();
}

void write_peer(YamlLines& out, const Peer& peer) {
    if (const auto* pods = std::get_if<PodPeer>(&peer)) {
        out.line(4, is_whole_namespaces(*pods) ? "- namespaces: " + yaml_selector(pods->namespaces)
                                               : "- pods: " + pods_text(*pods));
    } else if (const auto* blocks = std::get_if<AddressPeer>(&peer)) {
        out.line(4, "- networks: [" + yaml_blocks(blocks->addresses) + "]");
    } else if (const auto* domains = std::get_if<DomainPeer>(&peer)) {
        std::string names;
        for (const auto& name : domains->names) {
            names += (names.empty() ? "" : ", ") + yaml_quoted(name);
        }
        out.line(4, "- domainNames: [" + names + "]");
    }
}

void write_protocols(YamlLines& out, const Rule& rule) {
    if (rule.all_ports) return;
    out.line(3, "protocols:");
    for (const auto& port : written_ports(rule)) {
        const char* protocol = port.protocol == Protocol::tcp   ? "tcp"
                               : port.protocol == Protocol::udp ? "udp"
                                                                : "sctp";
        const auto first = std::to_string(port.range.first.number);
        const std::string where = port.range.first == port.range.last
                                      ? "number: " + first
                                      : "range: {start: " + first +
                                            ", end: " + std::to_string(port.range.last.number) +
                                            "}";
        out.line(4, std::string("- ") + protocol + ": {destinationPort: {" + where + "}}");
    }
}

void write_rules(YamlLines& out, Direction direction, const analyzer::GeneratedPolicy& generated) {
    const auto& rules = generated.policy.rules(direction);
    if (rules.empty()) return;
    const bool ingress = direction == Direction::ingress;
    out.line(1, ingress ? "ingress:" : "egress:");
    for (std::size_t i = 0; i < rules.size(); ++i) {
        out.comments(2, notes_of(generated, direction, i));
        YamlLines rule;
        rule.line(3,
                  std::string("action: ") + (rules[i].action == Action::allow ? "Accept" : "Deny"));
        rule.line(3, ingress ? "from:" : "to:");
        for (const auto& peer : rules[i].peers) write_peer(rule, peer);
        write_protocols(rule, rules[i]);
        out.item(2, rule.take());
    }
}

}  // namespace

std::string cluster_network_policy_yaml(const analyzer::GeneratedPolicy& generated) {
    const Policy& policy = generated.policy;
    YamlLines out;
    write_head(out, generated, "policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy");
    out.line(1, "tier: Admin");
    out.line(1, "priority: " + std::to_string(static_cast<long>(policy.priority)));
    const auto& subject = policy.subjects.front();
    out.line(1, "subject:");
    out.line(2, is_whole_namespaces(subject) ? "namespaces: " + yaml_selector(subject.namespaces)
                                             : "pods: " + pods_text(subject));
    write_rules(out, Direction::ingress, generated);
    write_rules(out, Direction::egress, generated);
    return out.take();
}

}  // namespace nspect::viz
