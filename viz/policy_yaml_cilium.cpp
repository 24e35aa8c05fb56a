// SPDX-License-Identifier: Apache-2.0
// cilium.io/v2 CiliumNetworkPolicy. https://docs.cilium.io/en/stable/security/policy/language/
#include <algorithm>
#include <iterator>

#include "analyzer/generate_limits.h"
#include "model/ip_blocks.h"
#include "viz/policy_yaml_parts.h"
#include "viz/yaml_text.h"

namespace nspect::viz {

namespace {

constexpr Port dns_port{53};

/// What peers of one kind are written under; a rule of Cilium has peers of one kind only.
std::string_view field_of(const Peer& peer) {
    if (std::holds_alternative<PodPeer>(peer)) return "Endpoints";
    if (std::holds_alternative<DomainPeer>(peer)) return "FQDNs";
    const auto* block = std::get_if<AddressPeer>(&peer);
    return block != nullptr && block->pods == PodsByAddress::no ? "CIDR" : "Entities";
}

/// The namespace is one of the labels; without it the policy's own is meant.
std::string endpoint_text(const PodPeer& peer, const std::string& own_namespace) {
    Selector selector = peer.pods;
    const std::string name(namespace_name_label);
    if (peer.namespace_name && *peer.namespace_name != own_namespace) {
        selector.add(
            {"k8s:io.kubernetes.pod.namespace", Requirement::Op::in, {*peer.namespace_name}});
    }
    if (peer.namespace_name) return yaml_selector(selector);
    for (const auto& each : peer.namespaces.requirements()) {
        Requirement written = each;
        written.key = each.key == name ? "k8s:io.kubernetes.pod.namespace"
                                       : "k8s:io.cilium.k8s.namespace.labels." + each.key;
        selector.add(std::move(written));
    }
    if (peer.namespaces.matches_everything()) {
        selector.add({"k8s:io.kubernetes.pod.namespace", Requirement::Op::exists, {}});
    }
    return yaml_selector(selector);
}

void write_peer(YamlLines& out, const Peer& peer, const std::string& own_namespace) {
    if (const auto* pods = std::get_if<PodPeer>(&peer)) {
        out.line(4, "- " + endpoint_text(*pods, own_namespace));
    } else if (const auto* domains = std::get_if<DomainPeer>(&peer)) {
        for (const auto& name : domains->names) out.line(4, "- matchName: " + yaml_quoted(name));
    } else if (std::holds_alternative<NodePeer>(peer)) {
        out.line(4, "- host");
        out.line(4, "- remote-node");
    } else if (const auto* block = std::get_if<AddressPeer>(&peer)) {
        if (block->pods == PodsByAddress::always) return out.line(4, "- kube-apiserver");
        for (const auto& prefix : prefixes_of(block->addresses)) {
            out.line(4, "- " + yaml_quoted(to_string(prefix)));
        }
    } else {
        out.line(4, "- all");
    }
}

void write_port(YamlLines& out, const WrittenPort& port) {
    std::string text = "- {port: ";
    text += port.name.empty() ? yaml_quoted(std::to_string(port.range.first.number))
                              : yaml_quoted(port.name);
    if (port.name.empty() && port.range.first != port.range.last) {
        text += ", endPort: " + std::to_string(port.range.last.number);
    }
    out.line(5, text + ", protocol: " + std::string(to_string(port.protocol)) + "}");
}

bool is_dns(const WrittenPort& port) {
    return port.name.empty() && port.range.first == dns_port && port.range.last == dns_port;
}

/// Names are known to Cilium from the DNS answers that pass its proxy.
void write_ports(YamlLines& out, const Rule& rule, bool through_dns_proxy) {
    if (rule.all_ports) return;
    out.line(3, "toPorts:");
    const auto ports = written_ports(rule);
    for (const bool dns : {false, true}) {
        const auto belongs = [&](const WrittenPort& port) {
            return (through_dns_proxy && is_dns(port)) == dns;
        };
        std::vector<WrittenPort> own;
        std::copy_if(ports.begin(), ports.end(), std::back_inserter(own), belongs);
        for (const auto& part : analyzer::parts_of(own, analyzer::most_cilium_ports)) {
            out.line(4, "- ports:");
            for (const auto& port : part) write_port(out, port);
            if (dns) out.line(5, "rules: {dns: [{matchPattern: \"*\"}]}");
        }
    }
}

bool has_domains(const Policy& policy) {
    return std::any_of(policy.egress.begin(), policy.egress.end(), [](const Rule& rule) {
        return !rule.peers.empty() && std::holds_alternative<DomainPeer>(rule.peers.front());
    });
}

void write_rules(YamlLines& out, Direction direction, const analyzer::GeneratedPolicy& generated) {
    const auto& policy = generated.policy;
    const bool ingress = direction == Direction::ingress;
    const char* key = ingress ? "ingress:" : "egress:";
    const auto& rules = policy.rules(direction);
    if (rules.empty()) {
        if (policy.isolates(direction)) out.line(1, std::string(key) + " [{}]");
        return;
    }
    out.line(1, key);
    for (std::size_t i = 0; i < rules.size(); ++i) {
        out.comments(2, notes_of(generated, direction, i));
        YamlLines rule;
        rule.line(3,
                  (ingress ? "from" : "to") + std::string(field_of(rules[i].peers.front())) + ":");
        for (const auto& peer : rules[i].peers) write_peer(rule, peer, policy.namespace_name);
        write_ports(rule, rules[i], !ingress && has_domains(policy));
        out.item(2, rule.take());
    }
}

}  // namespace

std::string cilium_yaml(const analyzer::GeneratedPolicy& generated) {
    YamlLines out;
    write_head(out, generated, "cilium.io/v2", "CiliumNetworkPolicy");
    out.line(1, "endpointSelector: " + yaml_selector(generated.policy.subjects.front().pods));
    write_rules(out, Direction::ingress, generated);
    write_rules(out, Direction::egress, generated);
    return out.take();
}

}  // namespace nspect::viz
