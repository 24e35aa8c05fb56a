// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/naive_cilium.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include <arpa/inet.h>

namespace nspect::oracle::cilium {
namespace {

/// "source:key" and value.
using Identity = std::set<std::pair<std::string, std::string>>;

std::string own_address(const Cluster& cluster, const Party& party) {
    if (!party.pod) return party.address;
    const Pod& pod = cluster.pods[*party.pod];
    if (!pod.host_network) return pod.address;
    for (const Host& node : cluster.nodes) {
        if (node.name == pod.node) return node.address;
    }
    return pod.address;
}

Identity identity_of(const Cluster& cluster, const Party& party) {
    Identity identity;
    if (party.pod && !cluster.pods[*party.pod].host_network) {
        const Pod& pod = cluster.pods[*party.pod];
        for (const auto& [key, value] : pod.labels) identity.insert({"k8s:" + key, value});
        for (const auto& [key, value] : cluster.spaces.at(pod.space)) {
            identity.insert({"k8s:io.cilium.k8s.namespace.labels." + key, value});
        }
        identity.insert({"k8s:io.kubernetes.pod.namespace", pod.space});
        identity.insert({"k8s:io.cilium.k8s.policy.serviceaccount", pod.account});
        identity.insert({"k8s:io.cilium.k8s.policy.cluster", "default"});
        return identity;
    }
    const std::string address = own_address(cluster, party);
    bool inside = party.pod.has_value();
    if (inside) identity = {{"reserved:host", ""}, {"reserved:remote-node", ""}};
    for (const Host& node : cluster.nodes) {
        if (node.address != address) continue;
        inside = true;
        identity.insert({"reserved:host", ""});
        identity.insert({"reserved:remote-node", ""});
        for (const auto& [key, value] : node.labels) identity.insert({"node:" + key, value});
    }
    if (!inside) {
        identity.insert({"reserved:world", ""});
        const bool v6 = address.find(':') != std::string::npos;
        identity.insert({v6 ? "reserved:world-ipv6" : "reserved:world-ipv4", ""});
    }
    const auto& server = cluster.apiserver;
    if (std::find(server.begin(), server.end(), address) != server.end()) {
        identity.insert({"reserved:kube-apiserver", ""});
    }
    return identity;
}

/// A key without a source, or with "any", is met by every source.
bool same_key(const std::string& wanted, const std::string& label) {
    const auto colon = wanted.find(':');
    const std::string source = colon == std::string::npos ? "any" : wanted.substr(0, colon);
    const std::string key = colon == std::string::npos ? wanted : wanted.substr(colon + 1);
    if (source != "any") return wanted == label;
    return label.substr(label.find(':') + 1) == key;
}

bool holds(const Match& match, const Identity& identity) {
    bool has_key = false;
    bool has_value = false;
    for (const auto& [label, value] : identity) {
        if (!same_key(match.key, label)) continue;
        has_key = true;
        has_value = has_value || std::count(match.values.begin(), match.values.end(), value) > 0;
    }
    if (match.op == "In") return has_value;
    if (match.op == "NotIn") return !has_value;
    return match.op == "Exists" ? has_key : !has_key;
}

bool holds(const Selector& selector, const Identity& identity) {
    return std::all_of(selector.begin(), selector.end(),
                       [&](const Match& match) { return holds(match, identity); });
}

bool asks_for(const Selector& selector, const std::string& key) {
    return std::any_of(selector.begin(), selector.end(), [&](const Match& match) {
        return match.key == key || match.key == "k8s:" + key || match.key == "any:" + key;
    });
}

bool asks_for_reserved(const Selector& selector) {
    return std::any_of(selector.begin(), selector.end(),
                       [](const Match& match) { return match.key.rfind("reserved:", 0) == 0; });
}

bool asks_for_namespace_labels(const Selector& selector) {
    return std::any_of(selector.begin(), selector.end(), [](const Match& match) {
        return match.key.find("io.cilium.k8s.namespace.labels.") != std::string::npos;
    });
}

const std::string space_label = "io.kubernetes.pod.namespace";

/// What Cilium makes of a selector in a rule before it asks it.
Selector scoped(Selector selector, const std::string& space) {
    if (asks_for_reserved(selector) || asks_for(selector, space_label)) return selector;
    if (space.empty()) {
        selector.push_back({"k8s:" + space_label, "Exists", {}});
    } else if (!asks_for_namespace_labels(selector)) {
        selector.push_back({"k8s:" + space_label, "In", {space}});
    }
    return selector;
}

bool is_entity(const std::string& entity, const Identity& identity) {
    if (entity == "all") return true;
    const auto has = [&](const std::string& name) {
        return identity.count({"reserved:" + name, ""}) > 0;
    };
    if (entity != "cluster") return has(entity);
    return has("host") || has("remote-node") || has("kube-apiserver") ||
           identity.count({"k8s:io.cilium.k8s.policy.cluster", "default"}) > 0;
}

bool inside(const std::string& block, const std::string& address) {
    const auto slash = block.find('/');
    const std::string base = block.substr(0, slash);
    const int family = base.find(':') == std::string::npos ? AF_INET : AF_INET6;
    std::array<unsigned char, 16> a{};
    std::array<unsigned char, 16> b{};
    if (inet_pton(family, base.c_str(), a.data()) != 1) return false;
    if (inet_pton(family, address.c_str(), b.data()) != 1) return false;
    const int whole = family == AF_INET ? 32 : 128;
    const int bits = slash == std::string::npos ? whole : std::stoi(block.substr(slash + 1));
    for (int bit = 0; bit < bits; ++bit) {
        const auto at = static_cast<std::size_t>(bit / 8);
        const int shift = 7 - bit % 8;
        if (((a[at] ^ b[at]) >> shift & 1) != 0) return false;
    }
    return true;
}

bool is_world(const Identity& identity) {
    return identity.count({"reserved:world", ""}) > 0;
}

bool names_block(const Cluster& cluster, const Block& block, const Identity& peer,
                 const std::string& address) {
    if (!is_world(peer)) return false;
    for (const std::string& cut : block.except) {
        if (inside(cut, address)) return false;
    }
    if (block.group.empty()) return inside(block.cidr, address);
    const auto group = cluster.groups.find(block.group);
    if (group == cluster.groups.end()) return false;
    return std::any_of(group->second.begin(), group->second.end(),
                       [&](const std::string& cidr) { return inside(cidr, address); });
}

bool names_service(const Cluster& cluster, const ServiceName& wanted, const Identity& peer,
                   const std::string& address) {
    for (const Service& service : cluster.services) {
        if (service.name != wanted.name) continue;
        if (!wanted.space.empty() && service.space != wanted.space) continue;
        Selector selector{{"k8s:" + space_label, "In", {service.space}}};
        for (const auto& [key, value] : service.selector) {
            selector.push_back({"k8s:" + key, "In", {value}});
        }
        const bool by_address = is_world(peer) && std::count(service.backends.begin(),
                                                             service.backends.end(), address) > 0;
        if (service.selector.empty() ? by_address : holds(selector, peer)) return true;
    }
    return false;
}

template <class List, class Holds>
bool any(const List& list, const Holds& holds) {
    return std::any_of(list->begin(), list->end(), holds);
}

/// Nodes have their labels only where they are asked for as nodes.
Identity without_node_labels(Identity identity) {
    std::erase_if(identity, [](const auto& label) { return label.first.rfind("node:", 0) == 0; });
    return identity;
}

bool names_peer(const Cluster& cluster, const std::string& space, const Rule& rule,
                const Identity& peer, const std::string& address) {
    const bool nothing =
        !rule.endpoints && !rule.entities && !rule.blocks && !rule.nodes && !rule.services;
    if (nothing) return !rule.ports.empty() || !rule.icmp_types.empty();
    if (rule.endpoints) {
        const Identity own = without_node_labels(peer);
        return any(rule.endpoints, [&](const Selector& s) { return holds(scoped(s, space), own); });
    }
    if (rule.entities) {
        return any(rule.entities, [&](const std::string& e) { return is_entity(e, peer); });
    }
    if (rule.blocks) {
        return any(rule.blocks,
                   [&](const Block& b) { return names_block(cluster, b, peer, address); });
    }
    if (rule.services) {
        return any(rule.services,
                   [&](const ServiceName& s) { return names_service(cluster, s, peer, address); });
    }
    const bool is_node = peer.count({"reserved:remote-node", ""}) > 0;
    return is_node && any(rule.nodes, [&](const Selector& s) { return holds(s, peer); });
}

bool has_ports(const Point& point) {
    return point.protocol == "TCP" || point.protocol == "UDP" || point.protocol == "SCTP";
}

bool names_point(const PortEntry& entry, const Point& point, const Pod* destination) {
    const bool any_protocol = entry.protocol.empty() || entry.protocol == "ANY";
    if (!has_ports(point) || (!any_protocol && entry.protocol != point.protocol)) return false;
    const bool is_number = entry.port.find_first_not_of("0123456789") == std::string::npos;
    if (is_number) {
        const int first = std::stoi(entry.port);
        if (first == 0 && entry.end == 0) return true;
        return first <= point.number && point.number <= std::max(first, entry.end);
    }
    if (destination == nullptr) return false;
    return std::any_of(destination->ports.begin(), destination->ports.end(),
                       [&](const Named& port) {
                           return port.name == entry.port && port.protocol == point.protocol &&
                                  port.number == point.number;
                       });
}

bool names_traffic(const Rule& rule, const Point& point, const Pod* destination) {
    if (rule.ports.empty() && rule.icmp_types.empty()) return true;
    if (point.protocol == "ICMP") {
        return std::count(rule.icmp_types.begin(), rule.icmp_types.end(), point.number) > 0;
    }
    return std::any_of(rule.ports.begin(), rule.ports.end(), [&](const PortEntry& entry) {
        return names_point(entry, point, destination);
    });
}

bool side_allows(const Cluster& cluster, bool in, const Party& subject, const Party& peer,
                 const Point& point) {
    if (!subject.pod || cluster.pods[*subject.pod].host_network) return true;
    const Pod& pod = cluster.pods[*subject.pod];
    const Identity own = identity_of(cluster, subject);
    const Identity other = identity_of(cluster, peer);
    const std::string address = own_address(cluster, peer);
    const Pod* destination = in ? &pod : !peer.pod ? nullptr : &cluster.pods[*peer.pod];
    const bool endpoint = peer.pod && !cluster.pods[*peer.pod].host_network;
    bool enforced = false;
    bool allows = false;
    bool denies = false;
    for (const Policy& policy : cluster.policies) {
        if (!policy.space.empty() && policy.space != pod.space) continue;
        if (!holds(policy.subject, own)) continue;
        const Section& section = in ? policy.ingress : policy.egress;
        const bool says = !section.allow.empty() || !section.deny.empty();
        enforced = enforced || section.default_deny.value_or(says);
        const auto matches = [&](const Rule& rule) {
            return names_peer(cluster, policy.space, rule, other, address) &&
                   names_traffic(rule, point, destination);
        };
        for (const Rule& rule : section.deny) denies = denies || matches(rule);
        for (const Rule& rule : section.allow) {
            allows = allows || matches(rule);
            for (const Selector& wanted : rule.requirements) {
                denies = denies || (endpoint && !holds(scoped(wanted, policy.space), other));
            }
        }
    }
    return !denies && (allows || !enforced);
}

}  // namespace

bool allowed(const Cluster& cluster, const Party& from, const Party& to, const Point& point) {
    if (from.pod && from.pod == to.pod) return true;
    return side_allows(cluster, false, from, to, point) &&
           side_allows(cluster, true, to, from, point);
}

}  // namespace nspect::oracle::cilium
