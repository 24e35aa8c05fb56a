// SPDX-License-Identifier: Apache-2.0
#include "analyzer/tls_explain.h"

#include <algorithm>

namespace nspect::analyzer {
namespace {

std::vector<Port> ports_of(const Endpoint& server, const std::optional<TrafficPoint>& point) {
    std::vector<Port> ports;
    if (point) {
        if (point->protocol == Protocol::tcp) ports.push_back(point->port);
        return ports;
    }
    for (const ContainerPort& each : server.ports) {
        if (each.protocol == Protocol::tcp) ports.push_back(each.port);
    }
    return ports;
}

bool leads_to(const ServicePort& way, const Endpoint& server, Port port) {
    if (way.target_name.empty()) return way.target_port.value_or(way.port) == port;
    return std::any_of(server.ports.begin(), server.ports.end(), [&](const ContainerPort& each) {
        return each.name == way.target_name && each.port == port;
    });
}

/// By the first Service that leads to the port.
EffectiveTls sent(const World& world, const Endpoint& client, const Endpoint& server, Port port) {
    const Inventory& inventory = world.inventory;
    const std::string& space = inventory.namespace_of(server).name;
    for (const Service& each : inventory.services()) {
        const bool behind = each.has_selector && each.namespace_name == space &&
                            each.selector.matches(server.labels);
        if (!behind) continue;
        for (const ServicePort& way : each.ports) {
            if (!leads_to(way, server, port)) continue;
            return client_tls(world.expectations, inventory.namespace_of(client).name, each,
                              way.port);
        }
    }
    return {};
}

std::optional<IpAddress> address_of(const World& world, const Who& who) {
    if (!who.endpoint) return who.address;
    const auto all = world.inventory.addresses_of(*who.endpoint);
    return all.empty() ? std::nullopt : std::optional(all.front());
}

}  // namespace

std::vector<ExpectedTls> explain_tls(const World& world, const Who& from, const Who& to,
                                     const std::optional<TrafficPoint>& point) {
    std::vector<ExpectedTls> all;
    if (!to.endpoint || world.expectations.empty()) return all;
    const Inventory& inventory = world.inventory;
    const Endpoint& server = inventory.endpoints()[*to.endpoint];
    const Endpoint* client = from.endpoint ? &inventory.endpoints()[*from.endpoint] : nullptr;
    for (const Port port : ports_of(server, point)) {
        ExpectedTls made;
        made.subject =
            to_string(inventory.workload_of(server)) + " TCP " + std::to_string(port.number);
        made.demanded = demanded_tls(world.expectations, inventory, client, address_of(world, from),
                                     &server, port);
        made.accepted = accepted_identities(world.expectations, inventory, server, port);
        if (client != nullptr) made.client = sent(world, *client, server, port);
        const bool says =
            !made.demanded.steps.empty() || !made.client.steps.empty() || !made.accepted.empty();
        if (says) all.push_back(std::move(made));
    }
    return all;
}

}  // namespace nspect::analyzer
