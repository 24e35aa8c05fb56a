// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "analyzer/engine.h"
#include "analyzer/observed_ends.h"
#include "model/conversation.h"
#include "tests/analyzer/recording_builder.h"

namespace nspect::test {

inline std::optional<std::pair<IpAddress, IpAddress>> meeting_place(const Inventory& inventory,
                                                                    std::size_t from,
                                                                    std::size_t to) {
    for (const auto& a : inventory.addresses_of(from)) {
        for (const auto& b : inventory.addresses_of(to)) {
            if (a.family() == b.family()) return std::pair{a, b};
        }
    }
    return std::nullopt;
}

inline Conversation conversation(const Party& client, const Party& server, Protocol protocol,
                                 Duration at) {
    Conversation made;
    made.protocol = protocol;
    made.client = client;
    made.server = server;
    made.outcome = Outcome::established;
    made.first = test::at(at);
    made.last = made.first + 1s;
    auto& vantage = made.vantages.emplace_back();
    vantage.vantage = 1;
    vantage.role = VantagePoint::Role::client;
    vantage.sent = vantage.received = {1, 1};
    return made;
}

/// Whether no NetworkPolicy can name the pod: neither labels nor blocks hold for it.
inline bool has_no_name(const analyzer::World& world, std::size_t endpoint) {
    return world.inventory.endpoints()[endpoint].host_network &&
           !world.options.host_network_pods.value_or(true) &&
           world.options.ip_block_pods == analyzer::IpBlockPods::never;
}

/// Conversations that the world's own policies allow.
inline std::vector<Conversation> sample(const analyzer::PolicyEngine& intended,
                                        std::mt19937& random, std::size_t count) {
    const auto& inventory = intended.world().inventory;
    const std::vector<std::uint16_t> ports{53, 80, 443, 5432, 8080};
    std::vector<Conversation> all;
    for (std::size_t tries = 0; tries < count * 20 && all.size() < count; ++tries) {
        const auto from = random() % inventory.endpoints().size();
        const auto to = random() % inventory.endpoints().size();
        const auto place = meeting_place(inventory, from, to);
        if (!place || from == to) continue;
        if (has_no_name(intended.world(), from) || has_no_name(intended.world(), to)) continue;
        const auto protocol = random() % 4 == 0 ? Protocol::udp : Protocol::tcp;
        Party client{{place->first, Port{40000}}, from, std::nullopt, std::nullopt, ""};
        Party server{{place->second, Port{ports[random() % ports.size()]}},
                     to,
                     std::nullopt,
                     std::nullopt,
                     ""};
        if (random() % 8 == 0) {
            server = {{IpAddress::v4(0xcb007100U + static_cast<std::uint32_t>(random() % 64)),
                       server.socket.port},
                      std::nullopt,
                      std::nullopt,
                      std::nullopt,
                      ""};
            if (!place->first.is_v4()) continue;
        }
        auto made = conversation(client, server, protocol, std::chrono::seconds{tries});
        const auto talk = analyzer::Ends(inventory).talk(made);
        const auto verdict = intended.decide(talk.client.who(), talk.server.who(), talk.point);
        if (verdict.allowed() && !verdict.uncertain()) all.push_back(std::move(made));
    }
    return all;
}

}  // namespace nspect::test
