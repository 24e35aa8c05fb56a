// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "capture/tls/facts.h"
#include "capture/tls/tls_side.h"

namespace nspect::capture {

/// Reads the TLS handshake of one TCP flow, whichever port it is on. Keeps facts; of the bytes only
/// the message it is in the middle of.
class Handshake {
public:
    explicit Handshake(TlsContext* context = nullptr) : facts_(context) {}

    /// Goes on from where neither direction had begun TLS. REQUIRES: no segment was taken yet.
    void resume(Direction direction, const StreamPosition& position) {
        sides_[index(direction)].resume(position);
    }
    /// Takes a segment. Returns whether more of the flow can tell more.
    bool see(const FlowPayload& segment);

    /// What is known so far; none while no hello was seen.
    std::optional<TlsSeen> seen(bool over = false) const;
    /// Bytes of payload held back now.
    std::size_t held() const;

private:
    struct End {
        MessageReader messages;
        std::uint8_t alert_level = 0;
        std::uint8_t alert_bytes = 0;  ///< of the alert in clear that is being read
        // With a key log: the record in hand, and what opens it.
        std::optional<RecordOpener> opener;
        MessageReader opened;
        Bytes sealed;
        std::uint16_t sealed_length = 0;
        bool lost = false;
    };

    void begin_record(bool client, RecordType type, std::uint16_t length);
    void take_body(bool client, RecordType type, std::span<const std::byte> bytes,
                   std::uint32_t missing);
    void take_alert(bool client, std::span<const std::byte> bytes);
    void take_sealed(bool client, std::span<const std::byte> bytes, std::uint32_t missing);
    void open(bool client);
    bool wants_opened(bool client);
    bool is_enough() const;

    HandshakeFacts facts_;
    std::array<TlsSide, 2> sides_;  ///< by Direction
    End client_;
    End server_;
    bool strange_ = false;  ///< two clients or two servers
};

}  // namespace nspect::capture
