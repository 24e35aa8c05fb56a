// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/mesh_marks.h"
#include "analyzer/tls_expected.h"
#include "model/conversation.h"
#include "model/finding.h"
#include "model/inventory.h"

namespace nspect::analyzer {

/// How one conversation was protected, as far as it can be told.
enum class Protection : std::uint8_t { unknown, plaintext, one_way, declined, mutual };
inline constexpr std::size_t protection_count = 5;

Protection protection_of(const Conversation& conversation);

/// The conversations of one client with one server on one port.
struct TlsLink {
    using Calls = std::span<const Conversation* const>;

    std::string_view client;  ///< names stand in TlsLinks
    std::string_view server;
    Port port;
    bool has_tls = false;  ///< one of them at least
    const Endpoint* client_endpoint = nullptr;
    const Endpoint* server_endpoint = nullptr;
    std::optional<IpAddress> client_address;  ///< of one of them
    /// Sorted by Protection, else as they came; where each kind ends.
    Calls all;
    std::array<std::uint32_t, protection_count> ends{};
    const MeshMark* mesh = nullptr;  ///< of the first that shows one

    std::string subject() const {
        return std::string(client) + " -> " + std::string(server) + " TCP " +
               std::to_string(port.number);
    }
    /// How many, and of which time; none when there are none.
    std::string count(Protection protection) const;
    Calls of(Protection protection) const {
        const auto at = static_cast<std::size_t>(protection);
        const std::uint32_t begin = at == 0 ? 0 : ends.at(at - 1);
        return all.subspan(begin, ends.at(at) - begin);
    }
    std::size_t size(Protection protection) const { return of(protection).size(); }
};

/// Links, with what they refer to. May be moved, not copied.
struct TlsLinks {
    TlsLinks() = default;
    TlsLinks(TlsLinks&&) = default;
    TlsLinks& operator=(TlsLinks&&) = default;

    std::vector<TlsLink> links;     ///< sorted by client, server, port
    std::deque<std::string> names;  ///< of parties, each once
    std::deque<MeshMark> meshes;
    std::vector<const Conversation*> called;  ///< by link
};

/// TCP conversations by link, without those that are plaintext by design: inside an endpoint,
/// probes, a mesh's own ports.
TlsLinks tls_links(const Inventory& inventory, const std::vector<Conversation>& conversations);

/// A finding whose subject is the link; its evidence begins with the mesh that carries it.
Finding finding_about(const TlsLink& link, const char* code, Severity severity,
                      std::string message);

/// "shop/web[Deployment]", or the address.
std::string party_name(const Party& party, const Inventory& inventory);

}  // namespace nspect::analyzer
