// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/sighting.h"

namespace nspect::capture {

/// Who spoke with whom.
struct FlowEnds {
    IpAddress client;
    Socket server;
};

/// What full handshakes showed, for the sessions that are resumed from them. Bounded; the oldest is
/// forgotten first. Session ids and tickets are kept as digests, in memory only.
class SessionMemory {
public:
    /// What a resumed session inherits.
    struct Origin {
        ClientCert client_cert = ClientCert::unknown;
        Confidence confidence = Confidence::none;
        std::vector<std::string> server_identity;
        std::vector<std::string> client_identity;
        std::vector<CertificateSeen> server_chain;
        std::vector<CertificateSeen> client_chain;
    };

    /// TLS <= 1.2: a session id or ticket that the server gave out.
    void remember(std::span<const std::byte> id, const Origin& origin);
    std::optional<Origin> find(std::span<const std::byte> id) const;

    /// TLS 1.3: the length of a record that may hold the tickets of this session.
    void remember_ticket(const FlowEnds& ends, std::uint16_t length, ClientCert client_cert);
    /// By the length of a ticket that is offered (docs/mtls.md).
    Origin find_ticket(const FlowEnds& ends, std::size_t length) const;

private:
    struct Ticket {
        IpAddress client;
        std::uint16_t length = 0;
        ClientCert client_cert = ClientCert::unknown;
        bool operator==(const Ticket&) const = default;
    };
    std::map<std::string, Origin> known_;
    std::deque<std::string> order_;
    std::map<Socket, std::deque<Ticket>> tickets_;
};

}  // namespace nspect::capture
