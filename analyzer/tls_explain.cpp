// SPDX-License-Identifier: Apache-2.0
#include "analyzer/tls_explain.h"

#include <vector>

#include "analyzer/tls_client_rules.h"
#include "analyzer/tls_proxies.h"

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

std::optional<IpAddress> address_of(const World& world, const Who& who) {
    if (!who.endpoint) return who.address;
    const auto all = world.inventory.addresses_of(*who.endpoint);
    return all.empty() ? std::nullopt : std::optional(all.front());
}

std::vector<std::string> past_proxies(const World& world, const Endpoint* client, const Who& to,
                                      const Endpoint& server, Port port) {
    std::vector<std::string> all;
    const auto add = [&](const char* whose, const std::optional<PastProxy>& past) {
        if (!past) return;
        all.push_back(std::string("not through the ") + whose + "'s proxy: " + past->why + " (" +
                      to_string(past->where) + ")");
    };
    const auto address = address_of(world, to);
    if (client != nullptr && address) {
        add("client", past_client_proxy(world.inventory, *client, {*address, port}));
    }
    add("server", past_server_proxy(world.inventory, server, port));
    if (is_opaque_port(server, port)) {
        all.push_back("opaque: the server's proxy does not look for TLS there (" +
                      to_string(server.where) + ")");
    }
    return all;
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
        if (client != nullptr) {
            made.client =
                ways_to(world.expectations, inventory, sender_of(inventory, *client), server, port);
            std::erase_if(made.client, [](const auto& way) { return way.tls.steps.empty(); });
        }
        made.past = past_proxies(world, client, to, server, port);
        const bool says = !made.demanded.steps.empty() || !made.client.empty() ||
                          !made.accepted.empty() || !made.past.empty();
        if (says) all.push_back(std::move(made));
    }
    return all;
}

}  // namespace nspect::analyzer
