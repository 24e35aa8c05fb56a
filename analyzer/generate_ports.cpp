// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_ports.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace nspect::analyzer {
namespace {

constexpr std::size_t fewest_dynamic_ports = 3;
constexpr std::uint16_t first_unreserved_port = 1024;

struct Dispatcher {
    TrafficPoint control;
    std::string_view name;
};

/// Services that tell their clients to come back on another port.
constexpr std::array<Dispatcher, 5> dispatchers{{{{Protocol::tcp, Port{21}}, "FTP"},
                                                 {{Protocol::tcp, Port{111}}, "RPC"},
                                                 {{Protocol::udp, Port{111}}, "RPC"},
                                                 {{Protocol::tcp, Port{135}}, "Microsoft RPC"},
                                                 {{Protocol::udp, Port{69}}, "TFTP"}}};

const Dispatcher* dispatcher_among(const std::vector<TrafficPoint>& points) {
    for (const auto& each : dispatchers) {
        if (std::find(points.begin(), points.end(), each.control) != points.end()) return &each;
    }
    return nullptr;
}

const std::string& name_on(const Endpoint& endpoint, const TrafficPoint& point) {
    static const std::string none;
    const std::string* name = &none;
    for (const auto& port : endpoint.ports) {
        if (port.port == point.port && port.protocol == point.protocol) name = &port.name;
    }
    const auto bearers = std::count_if(endpoint.ports.begin(), endpoint.ports.end(),
                                       [&](const auto& port) { return port.name == *name; });
    return bearers == 1 ? *name : none;
}

std::string common_name(const TrafficPoint& point, const std::set<std::size_t>& targets,
                        const Inventory& inventory) {
    std::string common;
    bool first = true;
    for (const auto workload : targets) {
        for (const auto index : inventory.endpoints_of(workload)) {
            const auto& name = name_on(inventory.endpoints()[index], point);
            if (name.empty() || (!first && name != common)) return {};
            common = name;
            first = false;
        }
    }
    return common;
}

bool is_declared(const TrafficPoint& point, const std::set<std::size_t>& targets,
                 const Inventory& inventory) {
    for (const auto workload : targets) {
        for (const auto index : inventory.endpoints_of(workload)) {
            for (const auto& port : inventory.endpoints()[index].ports) {
                if (port.port == point.port && port.protocol == point.protocol) return true;
            }
        }
    }
    return false;
}

}  // namespace

std::vector<PortUse> port_uses(const std::vector<TrafficPoint>& points,
                               const std::set<std::size_t>& targets, const Inventory& inventory,
                               bool names) {
    std::vector<PortUse> uses;
    std::vector<TrafficPoint> dynamic;
    const auto* dispatcher = dispatcher_among(points);
    for (const auto& point : points) {
        if (dispatcher != nullptr && point.protocol == dispatcher->control.protocol &&
            point.port.number >= first_unreserved_port && !is_declared(point, targets, inventory)) {
            dynamic.push_back(point);
        } else {
            uses.push_back({point.protocol, point.port, point.port,
                            names ? common_name(point, targets, inventory) : "", ""});
        }
    }
    if (dynamic.size() >= fewest_dynamic_ports) {
        const auto [low, high] = std::minmax_element(dynamic.begin(), dynamic.end());
        uses.push_back({low->protocol, low->port, high->port, "",
                        "a range: " + std::string(dispatcher->name) + " hands out ports, and " +
                            std::to_string(dynamic.size()) + " of them were seen"});
    } else {
        for (const auto& point : dynamic) {
            uses.push_back({point.protocol, point.port, point.port, "", ""});
        }
    }
    std::sort(uses.begin(), uses.end());
    return uses;
}

PortMatch port_match(const PortUse& use) {
    if (!use.name.empty()) return {{}, use.name, use.protocol};
    return {TrafficSet::of(use.protocol, {use.first, use.last}), "", {}};
}

}  // namespace nspect::analyzer
