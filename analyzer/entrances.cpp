// SPDX-License-Identifier: Apache-2.0
#include "analyzer/entrances.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace nspect::analyzer {
namespace {

/// Whether an entrance that names `backend` means this port of the Service.
bool means(const Entrance::Backend& backend, const ServicePort& port) {
    if (port.protocol != Protocol::tcp) return false;
    if (!backend.port_name.empty()) {
        return backend.port_name == port.name || backend.port_name == port.target_name;
    }
    if (!backend.port) return true;
    return *backend.port == port.port || (port.target_port && *backend.port == *port.target_port);
}

/// The endpoint's own TCP ports behind a port of the Service, as far as it declares them.
TrafficSet reached_ports(const ServicePort& port, const Endpoint& endpoint, bool declares_none) {
    TrafficSet reached;
    const Port target = port.target_port.value_or(port.port);
    for (const ContainerPort& declared : endpoint.ports) {
        if (declared.protocol != Protocol::tcp) continue;
        const bool meant =
            port.target_name.empty() ? declared.port == target : declared.name == port.target_name;
        if (meant) reached.tcp.insert({declared.port, declared.port});
    }
    if (declares_none && port.target_name.empty()) reached.tcp.insert({target, target});
    return reached;
}

using ServiceName = std::pair<std::string, std::string>;

class Finder {
public:
    explicit Finder(const Inventory& inventory) : inventory_(inventory) {
        for (std::size_t i = 0; i < inventory.services().size(); ++i) {
            const Service& service = inventory.services()[i];
            services_[{service.namespace_name, service.name}] = i;
        }
        for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) {
            const auto& id = inventory.workload_of(inventory.endpoints()[i]);
            endpoints_[id.namespace_name].push_back(i);
        }
    }

    void follow(std::size_t entrance, const Entrance::Backend& backend) {
        const auto service = services_.find({backend.namespace_name, backend.service});
        if (service == services_.end()) return;
        const Service& target = inventory_.services()[service->second];
        if (!target.has_selector) return;
        for (const std::size_t i : endpoints_[target.namespace_name]) {
            const Endpoint& endpoint = inventory_.endpoints()[i];
            if (!target.selector.matches(endpoint.labels)) continue;
            const bool virtual_machine = inventory_.workload_of(endpoint).kind == "VirtualMachine";
            TrafficSet& ports = found_[{i, entrance, service->second}];
            for (const ServicePort& port : target.ports) {
                if (!means(backend, port)) continue;
                ports = ports | reached_ports(port, endpoint, virtual_machine);
            }
        }
    }

    std::vector<WayIn> ways() const {
        std::vector<WayIn> ways;
        for (const auto& [key, ports] : found_) {
            const auto& [endpoint, entrance, service] = key;
            ways.push_back({entrance, service, endpoint, ports});
        }
        return ways;
    }

private:
    const Inventory& inventory_;
    std::map<ServiceName, std::size_t> services_;
    std::map<std::string, std::vector<std::size_t>> endpoints_;  // by namespace
    std::map<std::tuple<std::size_t, std::size_t, std::size_t>, TrafficSet> found_;
};

}  // namespace

std::vector<WayIn> ways_in(const Inventory& inventory) {
    if (inventory.entrances().empty()) return {};
    Finder finder(inventory);
    for (std::size_t i = 0; i < inventory.entrances().size(); ++i) {
        for (const auto& backend : inventory.entrances()[i].backends) finder.follow(i, backend);
    }
    return finder.ways();
}

Facts ingress_controller_facts() {
    static const Labels own_namespace{{std::string(namespace_name_label), "ingress-controller-ns"}};
    static const std::vector<ContainerPort> no_ports;
    Facts facts;
    facts.namespace_name = "ingress-controller-ns";
    facts.namespace_labels = &own_namespace;
    facts.ports = &no_ports;
    return facts;
}

}  // namespace nspect::analyzer
