// SPDX-License-Identifier: Apache-2.0
#include "model/policy.h"

namespace nspect {

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
        case PolicyKind::docker_network:
            break;
    }
    return "DockerNetwork";
}

std::string policy_title(const Policy& policy) {
    std::string title(to_string(policy.kind));
    title += ' ';
    if (!policy.namespace_name.empty()) title += policy.namespace_name + '/';
    return title + policy.name;
}

}  // namespace nspect
