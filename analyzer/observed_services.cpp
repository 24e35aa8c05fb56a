// SPDX-License-Identifier: Apache-2.0
#include "analyzer/observed_services.h"

#include <algorithm>
#include <string>

namespace nspect::analyzer {

ServiceBackends::ServiceBackends(const Inventory& inventory) : inventory_(inventory) {
    const auto& endpoints = inventory.endpoints();
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        by_namespace_[inventory.workload_of(endpoints[i]).namespace_name].push_back(i);
    }
}

const std::vector<std::size_t>& ServiceBackends::of(std::size_t service) {
    const auto known = found_.find(service);
    if (known != found_.end()) return known->second;
    return found_.emplace(service, find(inventory_.services()[service])).first->second;
}

std::vector<std::size_t> ServiceBackends::find(const Service& service) const {
    std::vector<std::size_t> backends;
    for (const auto& address : service.backends) {
        for (const auto& lease : inventory_.leases_of(address)) backends.push_back(lease.endpoint);
    }
    const auto local = by_namespace_.find(service.namespace_name);
    if (service.has_selector && local != by_namespace_.end()) {
        for (const auto endpoint : local->second) {
            const auto& labels = inventory_.endpoints()[endpoint].labels;
            if (service.selector.matches(labels)) backends.push_back(endpoint);
        }
    }
    std::sort(backends.begin(), backends.end());
    backends.erase(std::unique(backends.begin(), backends.end()), backends.end());
    return backends;
}

std::optional<std::size_t> ServiceBackends::representative(std::size_t service) {
    const auto& backends = of(service);
    if (backends.empty()) return std::nullopt;
    const auto workload = inventory_.endpoints()[backends.front()].workload;
    const bool alike = std::all_of(backends.begin(), backends.end(), [&](std::size_t backend) {
        return inventory_.endpoints()[backend].workload == workload;
    });
    return alike ? std::optional(backends.front()) : std::nullopt;
}

std::optional<Port> ServiceBackends::target_port(std::size_t service, const TrafficPoint& point,
                                                 std::size_t endpoint) const {
    for (const auto& port : inventory_.services()[service].ports) {
        if (port.protocol != point.protocol || port.port != point.port) continue;
        if (port.target_port) return port.target_port;
        if (port.target_name.empty()) return port.port;
        for (const auto& declared : inventory_.endpoints()[endpoint].ports) {
            const bool named = declared.name == port.target_name;
            if (named && declared.protocol == port.protocol) return declared.port;
        }
    }
    return std::nullopt;
}

}  // namespace nspect::analyzer
