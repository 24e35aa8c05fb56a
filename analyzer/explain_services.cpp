// SPDX-License-Identifier: Apache-2.0
#include "analyzer/explain_services.h"

#include <algorithm>

#include "analyzer/observed_services.h"

namespace nspect::analyzer {
namespace {

bool is_open_to_outside(const Service& service) {
    return service.type == "NodePort" || service.type == "LoadBalancer";
}

bool leads_to(const Inventory& inventory, const Service& service, std::size_t endpoint) {
    const Endpoint& pod = inventory.endpoints()[endpoint];
    return service.has_selector &&
           service.namespace_name == inventory.workload_of(pod).namespace_name &&
           service.selector.matches(pod.labels);
}

}  // namespace

std::vector<ThroughService> through_service(const Inventory& inventory, std::size_t service,
                                            const std::optional<TrafficPoint>& point) {
    ServiceBackends backends(inventory);
    std::vector<ThroughService> ways;
    for (const ServicePort& port : inventory.services()[service].ports) {
        const TrafficPoint dialled{port.protocol, port.port};
        if (point && *point != dialled) continue;
        for (const std::size_t endpoint : backends.of(service)) {
            const auto target = backends.target_port(service, dialled, endpoint);
            if (target) ways.push_back({endpoint, dialled, {port.protocol, *target}});
        }
    }
    return ways;
}

bool depends_on_translation(const PolicyEngine& engine, const Who& from, std::size_t service,
                            const ThroughService& way) {
    const World& world = engine.world();
    if (world.options.after_translation || !from.endpoint) return false;
    const Who pod = Who::of_endpoint(way.endpoint);
    const bool after = engine.allowed(Direction::egress, from, pod).contains(way.arrives);
    const auto& addresses = world.inventory.services()[service].addresses;
    return std::any_of(addresses.begin(), addresses.end(), [&](const IpAddress& address) {
        const auto before = engine.allowed(Direction::egress, from, Who::of_address(address));
        return before.contains(way.dialled) != after;
    });
}

bool depends_on_source(const PolicyEngine& engine, const Who& from, std::size_t endpoint,
                       const TrafficPoint& point) {
    if (from.endpoint) return false;
    const Inventory& inventory = engine.world().inventory;
    const auto& services = inventory.services();
    if (std::none_of(services.begin(), services.end(), [&](const Service& each) {
            return is_open_to_outside(each) && leads_to(inventory, each, endpoint);
        })) {
        return false;
    }
    const Who pod = Who::of_endpoint(endpoint);
    const bool own = engine.allowed(Direction::ingress, from, pod).contains(point);
    for (const Node& node : inventory.nodes()) {
        for (const IpAddress& address : node.addresses) {
            if (address.family() != from.address.family()) continue;
            const auto as_node = engine.allowed(Direction::ingress, Who::of_address(address), pod);
            if (as_node.contains(point) != own) return true;
        }
    }
    return false;
}

}  // namespace nspect::analyzer
