// SPDX-License-Identifier: Apache-2.0
#include "viz/remedy_yaml.h"

#include "viz/policy_yaml.h"
#include "viz/yaml_text.h"

namespace nspect::viz {

namespace {

bool is_cluster_policy(const Policy& policy) {
    return policy.kind == PolicyKind::cluster_network_policy;
}

std::string pods_text(const PodPeer& pods) {
    return "{namespaceSelector: {matchLabels: {" + std::string(namespace_name_label) + ": " +
           yaml_scalar(pods.namespace_name.value_or("")) +
           "}}, podSelector: " + yaml_selector(pods.pods) + "}";
}

std::string peers_text(const Rule& rule, const std::string& indent) {
    std::string text;
    for (const Peer& peer : rule.peers) {
        if (const auto* pods = std::get_if<PodPeer>(&peer)) {
            text += indent + "- pods: " + pods_text(*pods) + "\n";
        } else if (const auto* block = std::get_if<AddressPeer>(&peer)) {
            text += indent + "- networks: [" + yaml_blocks(block->addresses) + "]\n";
        }
    }
    return text;
}

std::string port_text(const Policy& policy, const PortMatch& match) {
    for (const Protocol protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
        const auto& ports = match.traffic.ports(protocol).intervals();
        if (ports.empty()) continue;
        const std::string number = std::to_string(ports.front().first.number);
        const std::string name(to_string(protocol));
        if (!is_cluster_policy(policy)) {
            return "ports: [{portNumber: {protocol: " + name + ", port: " + number + "}}]";
        }
        std::string lower = name;
        for (char& c : lower) c = static_cast<char>(c | 0x20);
        return "protocols: [{" + lower + ": {destinationPort: {number: " + number + "}}}]";
    }
    return "";
}

std::string rule_text(const Policy& policy, Direction direction, const std::string& indent) {
    const Rule& rule = policy.rules(direction).front();
    std::string text = indent + "- name: " + yaml_scalar(rule.name) + "\n";
    text += indent + "  action: " + (is_cluster_policy(policy) ? "Accept" : "Allow") + "\n";
    text += indent + (direction == Direction::ingress ? "  from:\n" : "  to:\n");
    text += peers_text(rule, indent + "  ");
    const std::string ports = port_text(policy, rule.ports.front());
    if (!ports.empty()) text += indent + "  " + ports + "\n";
    return text;
}

std::string admin_text(const Policy& policy, Direction direction) {
    std::string text = "apiVersion: policy.networking.k8s.io/";
    text += is_cluster_policy(policy) ? "v1alpha2\n" : "v1alpha1\n";
    text += "kind: " + std::string(to_string(policy.kind)) + "\n";
    text += "metadata: {name: " + yaml_scalar(policy.name) + "}\nspec:\n";
    if (is_cluster_policy(policy)) {
        text += std::string("  tier: ") +
                (policy.stage.order == baseline_stage ? "Baseline\n" : "Admin\n");
    }
    text += "  priority: " + std::to_string(static_cast<int>(policy.priority)) + "\n";
    text += "  subject: {pods: " + pods_text(policy.subjects.front()) + "}\n";
    text += direction == Direction::ingress ? "  ingress:\n" : "  egress:\n";
    return text + rule_text(policy, direction, "  ");
}

}  // namespace

std::string remedy_yaml(const analyzer::Remedy& remedy) {
    const Policy& policy = remedy.policy;
    if (policy.kind == PolicyKind::network_policy) {
        return to_yaml(analyzer::GeneratedPolicy{policy, {}, {}, {}});
    }
    if (remedy.before) return rule_text(policy, remedy.direction, "");
    return admin_text(policy, remedy.direction);
}

}  // namespace nspect::viz
