// SPDX-License-Identifier: Apache-2.0
#include "model/workload.h"

#include "model/own_selector.h"

namespace nspect {

std::string to_string(const WorkloadId& id) {
    std::string text;
    if (!id.namespace_name.empty()) text += id.namespace_name + '/';
    text += id.name;
    if (!id.kind.empty()) text += '[' + id.kind + ']';
    return text;
}

std::optional<WorkloadId> parse_workload_id(std::string_view text) {
    WorkloadId id;
    if (const auto slash = text.find('/'); slash != std::string_view::npos) {
        if (slash == 0) return std::nullopt;
        id.namespace_name = text.substr(0, slash);
        text.remove_prefix(slash + 1);
    }
    if (text.ends_with(']')) {
        const auto open = text.rfind('[');
        if (open == std::string_view::npos || open + 2 >= text.size()) return std::nullopt;
        id.kind = text.substr(open + 1, text.size() - open - 2);
        text = text.substr(0, open);
    }
    if (text.empty()) return std::nullopt;
    id.name = text;
    return id;
}

Labels policy_labels(const Endpoint& endpoint) {
    Labels labels = endpoint.labels;
    if (!endpoint.service_account.empty()) {
        labels.set(std::string(service_account_key), endpoint.service_account);
    }
    if (endpoint.host_network) labels.set(std::string(host_network_key), "");
    if (!endpoint.proxy_injection.empty()) {
        labels.set(std::string(proxy_injection_key), endpoint.proxy_injection);
    }
    for (const auto& [key, value] : endpoint.mesh.entries()) {
        if (is_own_selector_key(key)) continue;
        labels.set(std::string(mesh_key) + key, value);
    }
    for (const std::string& network : endpoint.networks) {
        labels.set(std::string(network_key) + network, "");
    }
    return labels;
}

}  // namespace nspect
