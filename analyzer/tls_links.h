// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/mesh_marks.h"
#include "analyzer/tls_expected.h"
#include "model/conversation.h"
#include "model/inventory.h"

namespace nspect::analyzer {

/// How one conversation was protected, as far as it can be told.
enum class Protection : std::uint8_t { unknown, plaintext, one_way, declined, mutual };
inline constexpr std::size_t protection_count = 5;

Protection protection_of(const Conversation& conversation);

/// The conversations of one client with one server on one port.
struct TlsLink {
    std::string client;
    std::string server;
    Port port;
    const Endpoint* client_endpoint = nullptr;
    const Endpoint* server_endpoint = nullptr;
    std::optional<IpAddress> client_address;  ///< of one of them
    /// By Protection.
    std::array<std::vector<const Conversation*>, protection_count> by_protection;
    bool has_tls = false;  ///< one of them at least
    MeshMark mesh;

    std::string subject() const {
        return client + " -> " + server + " TCP " + std::to_string(port.number);
    }
    /// How many, and of which time; none when there are none.
    std::string count(Protection protection) const;
    const std::vector<const Conversation*>& of(Protection protection) const {
        return by_protection.at(static_cast<std::size_t>(protection));
    }
    std::size_t size(Protection protection) const { return of(protection).size(); }
};

/// TCP conversations by link, without those that are plaintext by design: inside an endpoint,
/// probes, a mesh's own ports. Sorted by client, server, port.
std::vector<TlsLink> tls_links(const Inventory& inventory,
                               const std::vector<Conversation>& conversations);

/// "shop/web[Deployment]", or the address.
std::string party_name(const Party& party, const Inventory& inventory);

}  // namespace nspect::analyzer
