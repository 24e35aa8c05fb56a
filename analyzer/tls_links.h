// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
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

/// Conversations of one link that findings cannot tell apart: how many, and of which time.
struct TlsCall {
    Protection protection = Protection::unknown;
    bool established = false;
    bool outside = false;          ///< the server is nobody who is known, nor behind a Service
    std::string_view app;          ///< where it is plaintext; as names of parties in TlsLinks
    std::string_view server_name;  ///< Party::name, where it is outside
    /// What the client addressed, where its proxy may be passed by and this was not mutual.
    Socket dialled;
    Shared<TlsSeen> tls;
    std::uint64_t count = 0;
    Timestamp first{};  ///< of their first packets
    Timestamp last{};   ///< of the same
};

/// The conversations of one client with one server on one port.
struct TlsLink {
    using Calls = std::span<const TlsCall>;

    std::string_view client;  ///< names stand in TlsLinks
    std::string_view server;
    Port port;
    bool has_tls = false;  ///< one of them at least
    const Endpoint* client_endpoint = nullptr;
    const Endpoint* server_endpoint = nullptr;
    IpAddress client_address;  ///< of one of them
    IpAddress server_address;
    /// Sorted by Protection, else as they first came; where each kind ends.
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
    /// Conversations, not kinds of them.
    std::size_t size(Protection protection) const;
};

/// Links, with what they refer to. May be moved, not copied.
struct TlsLinks {
    TlsLinks() = default;
    TlsLinks(TlsLinks&&) = default;
    TlsLinks& operator=(TlsLinks&&) = default;

    std::vector<TlsLink> links;     ///< sorted by client, server, port
    std::deque<std::string> names;  ///< of parties, each once
    std::deque<std::string> words;  ///< `app` and `server_name` of calls
    std::deque<MeshMark> meshes;
    std::vector<TlsCall> calls;  ///< by link
};

/// Collects TCP conversations by link, without those that are plaintext by design: inside an
/// endpoint, probes, a mesh's own ports. None of them is kept.
class TlsLinkMaker {
public:
    explicit TlsLinkMaker(const Inventory& inventory);
    ~TlsLinkMaker();

    void take(const Conversation& conversation);
    /// Once, after the last of them.
    TlsLinks links();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// A finding whose subject is the link; its evidence begins with the mesh that carries it.
Finding finding_about(const TlsLink& link, const char* code, Severity severity,
                      std::string message);

/// "shop/web[Deployment]", or the address.
std::string party_name(const Party& party, const Inventory& inventory);

}  // namespace nspect::analyzer
