// SPDX-License-Identifier: Apache-2.0
#include "analyzer/units.h"

#include <algorithm>

namespace nspect::analyzer {
namespace {

bool is_ipv6(const IpAddress& address) {
    return !address.is_v4();
}

bool names_ipv6(const Rule& rule) {
    return std::any_of(rule.peers.begin(), rule.peers.end(), [](const Peer& peer) {
        const auto* block = std::get_if<AddressPeer>(&peer);
        return block != nullptr && !block->addresses.empty() &&
               is_ipv6(block->addresses.intervals().back().last);
    });
}

}  // namespace

std::vector<Unit> units_of(const PolicyEngine& engine, Level level) {
    const Inventory& inventory = engine.world().inventory;
    std::vector<Unit> units;
    if (level == Level::workload) {
        for (const Workload& workload : inventory.workloads()) {
            units.push_back({to_string(workload.id), {}, {}});
        }
    }
    for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) {
        const Endpoint& endpoint = inventory.endpoints()[i];
        if (level == Level::pod) {
            const auto& space = inventory.workload_of(endpoint).namespace_name;
            units.push_back({to_string(WorkloadId{space, endpoint.name, "Pod"}), {}, {}});
        }
        Unit& unit = level == Level::pod ? units.back() : units[endpoint.workload];
        unit.endpoints.push_back(i);
        unit.classes.push_back(static_cast<std::uint32_t>(engine.class_of(i)));
    }
    for (Unit& unit : units) {
        std::sort(unit.classes.begin(), unit.classes.end());
        unit.classes.erase(std::unique(unit.classes.begin(), unit.classes.end()),
                           unit.classes.end());
    }
    std::sort(units.begin(), units.end(),
              [](const Unit& a, const Unit& b) { return a.name < b.name; });
    return units;
}

TrafficSet connections_of(const TrafficSet& traffic) {
    const PortSet whole{all_ports};
    if (traffic.tcp == whole && traffic.udp == whole && traffic.sctp == whole) {
        return TrafficSet::all();
    }
    return {traffic.tcp, traffic.udp, traffic.sctp, {}, {}, false};
}

bool mentions_ipv6(const World& world) {
    for (const Policy& policy : world.policies) {
        for (const auto* rules : {&policy.ingress, &policy.egress}) {
            if (std::any_of(rules->begin(), rules->end(), names_ipv6)) return true;
        }
    }
    for (const Node& node : world.inventory.nodes()) {
        if (std::any_of(node.addresses.begin(), node.addresses.end(), is_ipv6)) return true;
    }
    for (std::size_t i = 0; i < world.inventory.endpoints().size(); ++i) {
        const auto addresses = world.inventory.addresses_of(i);
        if (std::any_of(addresses.begin(), addresses.end(), is_ipv6)) return true;
    }
    return false;
}

}  // namespace nspect::analyzer
