// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "capture/flow/flow_table.h"
#include "capture/tls/crypto.h"
#include "capture/tls/facts.h"

namespace nspect::capture {

/// Reads the handshake of one DTLS association (RFC 6347; of RFC 9147 its hellos).
class DtlsHandshake {
public:
    explicit DtlsHandshake(TlsContext* context) : facts_(context, TlsTransport::datagram) {}

    /// Whether a flow may begin with this datagram.
    static bool begins(std::span<const std::byte> datagram);

    bool see(const FlowPayload& datagram);
    std::optional<TlsSeen> seen(bool over) const { return facts_.seen(over); }
    std::size_t held() const;

private:
    /// A message whose fragments are being gathered.
    struct Message {
        std::uint8_t type = 0;
        Bytes body;
        std::size_t have = 0;  ///< bytes up to the first hole
        bool given = false;
    };
    using Messages = std::map<std::uint16_t, Message>;

    void take_record(Direction direction, std::uint8_t type, unsigned epoch,
                     std::span<const std::byte> body);
    void take_fragments(Direction direction, std::span<const std::byte> bytes);
    bool is_client(Direction direction) const { return client_ && *client_ == direction; }

    HandshakeFacts facts_;
    std::array<Messages, 2> messages_;
    std::optional<Direction> client_;
    unsigned datagrams_ = 0;
};

}  // namespace nspect::capture
