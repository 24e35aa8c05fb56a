// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "capture/flow/flow_table.h"
#include "capture/tls/crypto.h"
#include "capture/tls/facts.h"
#include "capture/tls/record_reader.h"

namespace nspect::capture {

/// The keys of one direction at one encryption level (RFC 9001 §5, RFC 9369 §3.3).
struct QuicKeys {
    SuiteParts suite;
    Bytes key, iv, header_key;

    static QuicKeys of(std::uint32_t version, std::uint16_t cipher,
                       std::span<const std::byte> secret);
};

/// CRYPTO frames of one direction at one level, put in order. At most 64 KiB in 64 pieces.
class CryptoStream {
public:
    void add(std::uint64_t offset, std::span<const std::byte> bytes);
    /// The bytes that follow those given out; empty when the next piece is not there yet.
    Bytes take();
    std::size_t held() const { return held_; }

private:
    std::map<std::uint64_t, Bytes> pieces_;
    std::uint64_t next_ = 0;
    std::size_t held_ = 0;
};

/// Reads the handshake of one QUIC connection (versions 1 and 2): Initial packets, whose keys are
/// public, and the lengths of Handshake packets; with a key log, these too.
class QuicHandshake {
public:
    explicit QuicHandshake(TlsContext* context) : facts_(context, TlsTransport::quic) {}

    /// Whether a flow may begin with this datagram.
    static bool begins(std::span<const std::byte> datagram);

    bool see(const FlowPayload& datagram);
    std::optional<TlsSeen> seen(bool over) const { return facts_.seen(over); }
    std::size_t held() const;

private:
    struct Packet;
    struct End {
        CryptoStream initial, handshake;
        MessageReader initial_messages, handshake_messages;
        std::optional<QuicKeys> initial_keys, handshake_keys;
    };

    void take_packets(bool client, std::span<const std::byte> datagram);
    std::optional<Packet> next_packet(std::span<const std::byte>& datagram) const;
    void take_initial(bool client, const Packet& packet, bool& padded);
    void take_handshake(bool client, const Packet& packet);
    void derive_initial_keys(std::uint32_t version, std::span<const std::byte> id);
    void take_frames(bool client, std::span<const std::byte> frames, bool initial, bool& padded);
    void take_close(bool client, std::uint64_t code);
    void give_messages(bool client, bool initial);

    HandshakeFacts facts_;
    End client_, server_;
    std::optional<Direction> client_direction_;
    unsigned datagrams_ = 0;
    bool handshake_seen_ = false;
    bool over_ = false;
};

}  // namespace nspect::capture
