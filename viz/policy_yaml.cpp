// SPDX-License-Identifier: Apache-2.0
#include "viz/policy_yaml.h"

#include <algorithm>

#include "viz/escape.h"
#include "viz/yaml_text.h"

namespace nspect::viz {

namespace {

class Writer {
public:
    void line(std::size_t indent, const std::string& text) {
        text_ += std::string(indent * 2, ' ') + text + "\n";
    }
    void comments(std::size_t indent, const std::vector<std::string>& notes) {
        for (const auto& note : notes) line(indent, "# " + for_terminal(note));
    }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

void write_pod_peer(Writer& out, const PodPeer& peer, const std::string& own_namespace) {
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

bool names_anyone(const Rule& rule) {
    return std::any_of(rule.peers.begin(), rule.peers.end(),
                       [](const Peer& each) { return std::holds_alternative<AnyPeer>(each); });
}

/// Peers that a NetworkPolicy can name.
bool is_expressible(const Peer& peer) {
    return std::holds_alternative<PodPeer>(peer) || std::holds_alternative<AddressPeer>(peer);
}

void write_peers(Writer& out, const Rule& rule, const char* key, const std::string& own_namespace) {
    if (names_anyone(rule)) return;  // a rule without peers is one for everyone
    out.line(3, std::string(key) + ":");
    for (const Peer& each : rule.peers) {
        if (const auto* pods = std::get_if<PodPeer>(&each))
            write_pod_peer(out, *pods, own_namespace);
        if (const auto* addresses = std::get_if<AddressPeer>(&each)) {
            for (const IpPrefix& block : yaml_prefixes(addresses->addresses)) {
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

void write_ports(Writer& out, const Rule& rule) {
    if (rule.all_ports) return;
    out.line(3, "ports:");
    for (const PortMatch& each : rule.ports) {
        if (!each.name.empty()) {
            const auto protocol = each.name_protocol.value_or(Protocol::tcp);
            out.line(4, "- {protocol: " + std::string(to_string(protocol)) +
                            ", port: " + yaml_scalar(each.name) + "}");
            continue;
        }
        for (const Protocol protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
            for (const PortRange& range : each.traffic.ports(protocol).intervals()) {
                std::string port = "- {protocol: " + std::string(to_string(protocol));
                if (range != all_ports) port += ", port: " + std::to_string(range.first.number);
                if (range != all_ports && range.first != range.last) {
                    port += ", endPort: " + std::to_string(range.last.number);
                }
                out.line(4, port + "}");
            }
        }
    }
}

void write_rules(Writer& out, Direction direction, const Policy& policy,
                 const std::vector<std::vector<std::string>>& notes) {
    const auto& rules = policy.rules(direction);
    if (std::none_of(rules.begin(), rules.end(), matches_something)) return;
    const bool ingress = direction == Direction::ingress;
    out.line(1, ingress ? "ingress:" : "egress:");
    for (std::size_t i = 0; i < rules.size(); ++i) {
        if (!matches_something(rules[i])) continue;
        if (i < notes.size()) out.comments(2, notes[i]);
        Writer rule;
        write_peers(rule, rules[i], ingress ? "from" : "to", policy.namespace_name);
        write_ports(rule, rules[i]);
        std::string body = rule.take();
        if (body.empty()) {
            out.line(2, "- {}");
            continue;
        }
        body[4] = '-';  // the item's mark, in front of its first key
        out.line(0, body.substr(0, body.size() - 1));
    }
}

}  // namespace

std::string to_yaml(const analyzer::GeneratedPolicy& generated) {
    const Policy& policy = generated.policy;
    Writer out;
    out.comments(0, generated.notes);
    out.line(0, "apiVersion: networking.k8s.io/v1");
    out.line(0, "kind: NetworkPolicy");
    out.line(0, "metadata:");
    out.line(1, "name: " + yaml_scalar(policy.name));
    out.line(1, "namespace: " + yaml_scalar(policy.namespace_name));
    out.line(0, "spec:");
    out.line(1, "podSelector: " +
                    yaml_selector(policy.subjects.empty() ? Selector{} : policy.subjects[0].pods));
    std::string types;
    if (policy.isolates_ingress) types = "Ingress";
    if (policy.isolates_egress) types += types.empty() ? "Egress" : ", Egress";
    out.line(1, "policyTypes: [" + types + "]");
    write_rules(out, Direction::ingress, policy, generated.ingress_notes);
    write_rules(out, Direction::egress, policy, generated.egress_notes);
    return out.take();
}

std::string to_yaml(const std::vector<analyzer::GeneratedPolicy>& policies) {
    std::string text;
    for (const auto& each : policies) text += (text.empty() ? "" : "---\n") + to_yaml(each);
    return text;
}

}  // namespace nspect::viz
