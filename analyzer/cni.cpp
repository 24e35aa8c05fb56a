// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cni.h"

#include <algorithm>

namespace nspect::analyzer {

const std::vector<CniProfile>& cni_profiles() {
    constexpr auto open = std::nullopt;
    static const std::vector<CniProfile> profiles{
        {"kubernetes", "Kubernetes API text", open, open, open,
         "https://kubernetes.io/docs/concepts/services-networking/network-policies/"},
        // Nets are compared with packet addresses; policy selects workload endpoints, and pods on
        // the host network have none. kube-proxy translates before the filter table.
        {"calico", "Calico", true, false, true,
         "https://docs.tigera.io/calico/latest/reference/resources/networkpolicy"},
        // Pods have identities, and a CIDR never stands for one; pods on the host network have the
        // identity of their node.
        {"cilium", "Cilium", false, false, true,
         "https://docs.cilium.io/en/stable/network/kubernetes/policy/"},
        // Pods on the host network left the address groups with issue 3078.
        {"antrea", "Antrea", true, false, true, "https://github.com/antrea-io/antrea/issues/3078"},
        // Address sets hold ordinary pods only; ACLs of egress are applied after load balancing.
        {"ovn-kubernetes", "OVN-Kubernetes", true, false, true,
         "https://github.com/ovn-kubernetes/ovn-kubernetes/issues/1635"},
        // Service ports must equal container ports, for policy sees the Service's address.
        {"aws-vpc-cni", "AWS VPC CNI", true, false, false,
         "https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html"},
        {"kube-router", "kube-router", true, false, open,
         "https://github.com/cloudnativelabs/kube-router/pull/1073"},
    };
    return profiles;
}

const CniProfile* find_cni_profile(std::string_view name) {
    const auto& all = cni_profiles();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const CniProfile& each) { return each.name == name; });
    return found == all.end() ? nullptr : &*found;
}

EngineOptions settled(EngineOptions options, const CniProfile& profile) {
    if (profile.blocks_reach_pods) {
        options.ip_block_pods =
            *profile.blocks_reach_pods ? IpBlockPods::where_known : IpBlockPods::never;
        options.ip_block_pods_settled = true;
    }
    if (profile.host_network_pods) options.host_network_pods = profile.host_network_pods;
    if (profile.after_translation) options.after_translation = profile.after_translation;
    return options;
}

}  // namespace nspect::analyzer
