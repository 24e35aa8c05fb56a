// SPDX-License-Identifier: Apache-2.0
#include "model/policy.h"

#include <algorithm>

namespace nspect {
namespace {

// "*" is any part of one label, as it is in Cilium's matchPattern.
bool matches_pattern(std::string_view pattern, std::string_view name) {
    if (pattern.empty()) return name.empty();
    if (pattern.front() != '*') {
        return !name.empty() && pattern.front() == name.front() &&
               matches_pattern(pattern.substr(1), name.substr(1));
    }
    const std::string_view rest = pattern.substr(1);
    for (std::size_t taken = 0; taken <= name.size(); ++taken) {
        if (matches_pattern(rest, name.substr(taken))) return true;
        if (taken < name.size() && name[taken] == '.') return false;
    }
    return false;
}

bool matches_name(std::string_view pattern, std::string_view name) {
    if (pattern == "*") return true;
    if (!pattern.starts_with("**.")) return matches_pattern(pattern, name);
    const std::string_view suffix = pattern.substr(3);
    for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
        if (dot > 0 && matches_pattern(suffix, name.substr(dot + 1))) return true;
    }
    return false;
}

}  // namespace

std::string_view to_string(Direction direction) {
    return direction == Direction::ingress ? "ingress" : "egress";
}

std::string_view to_string(Action action) {
    switch (action) {
        case Action::allow:
            return "allow";
        case Action::deny:
            return "deny";
        case Action::pass:
            break;
    }
    return "pass";
}

std::string_view to_string(PolicyKind kind) {
    switch (kind) {
        case PolicyKind::network_policy:
            return "NetworkPolicy";
        case PolicyKind::admin_network_policy:
            return "AdminNetworkPolicy";
        case PolicyKind::baseline_admin_network_policy:
            return "BaselineAdminNetworkPolicy";
        case PolicyKind::cluster_network_policy:
            return "ClusterNetworkPolicy";
        case PolicyKind::cilium_network_policy:
            return "CiliumNetworkPolicy";
        case PolicyKind::cilium_clusterwide_network_policy:
            return "CiliumClusterwideNetworkPolicy";
        case PolicyKind::calico_network_policy:
            return "CalicoNetworkPolicy";
        case PolicyKind::calico_global_network_policy:
            return "GlobalNetworkPolicy";
        case PolicyKind::istio_authorization_policy:
            return "AuthorizationPolicy";
        case PolicyKind::linkerd_server:
            return "Server";
        case PolicyKind::linkerd_annotation:
            return "LinkerdAnnotation";
        case PolicyKind::consul_service_intentions:
            return "ServiceIntentions";
        case PolicyKind::docker_network:
            break;
    }
    return "DockerNetwork";
}

bool matches_domain(const DomainPeer& peer, std::string_view name) {
    return std::any_of(peer.names.begin(), peer.names.end(),
                       [&](const std::string& pattern) { return matches_name(pattern, name); });
}

std::string_view to_string(Layer layer) {
    switch (layer) {
        case Layer::attachment:
            return "attachment";
        case Layer::network:
            return "network";
        case Layer::mesh:
            break;
    }
    return "mesh";
}

TrafficSet governed_by(Layer layer) {
    return layer == Layer::mesh ? TrafficSet::of(Protocol::tcp) : TrafficSet::all();
}

std::strong_ordering Stage::operator<=>(const Stage& other) const {
    if (layer != other.layer) return layer <=> other.layer;
    if (order != other.order) {
        return order < other.order ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    return name <=> other.name;
}

std::string policy_title(const Policy& policy) {
    std::string title(to_string(policy.kind));
    title += ' ';
    if (!policy.namespace_name.empty()) title += policy.namespace_name + '/';
    return title + policy.name;
}

}  // namespace nspect
