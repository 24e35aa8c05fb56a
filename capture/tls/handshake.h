// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "capture/tls/hello.h"
#include "capture/tls/size_rule.h"
#include "capture/tls/tls_side.h"
#include "model/tls_seen.h"

namespace nspect::capture {

/// Reads the TLS handshake of one flow, whichever port it is on. Keeps facts; of the bytes only the
/// message it is in the middle of.
class Handshake {
public:
    /// Takes a segment. Returns whether more of the flow can tell more.
    bool see(const FlowPayload& segment);

    /// What is known so far; none while no hello was seen.
    std::optional<TlsSeen> seen() const;
    /// Bytes of payload held back now.
    std::size_t held() const;

private:
    /// What one end sent in clear.
    struct End {
        MessageReader messages;
        bool certificate_seen = false;
        bool certificate_empty = false;
        bool certificate_verify = false;
        bool key_exchange = false;
        bool hello_done = false;
        bool changed_cipher = false;
        unsigned sealed_handshakes = 0;  ///< handshake records after change_cipher_spec
        unsigned sealed_records = 0;
        std::uint8_t alert_level = 0;
        std::uint8_t alert_bytes = 0;  ///< of the alert in clear that is being read
        std::uint8_t fatal_alert = 0;
        std::vector<std::string> identity;
    };

    void begin_record(bool client, RecordType type, std::uint16_t length);
    void take_body(bool client, RecordType type, std::span<const std::byte> bytes,
                   std::uint32_t missing);
    void take_alert(End& end, std::span<const std::byte> bytes);
    void take_message(bool client, std::uint8_t type, std::uint32_t length,
                      std::span<const std::byte> body);
    void take_client_hello(std::span<const std::byte> body);
    void take_server_hello(std::span<const std::byte> body);
    void take_certificate(End& end, std::uint32_t length, std::span<const std::byte> body);
    bool is_sealed(bool client) const;
    bool is_tls13() const;
    bool is_enough() const;
    void judge_clear(TlsSeen& seen) const;
    void judge_sizes_of(TlsSeen& seen) const;

    std::array<TlsSide, 2> sides_;  ///< by Direction
    End client_;
    End server_;
    /// Of the last ClientHello.
    std::vector<PskIdentity> psk_;
    bool early_data_ = false;
    bool raw_public_key_ = false;
    bool encrypted_hello_ = false;
    bool client_hello_whole_ = false;
    unsigned client_hellos_ = 0;
    std::string sni_;
    std::string only_offer_;
    std::string ja4_;

    bool server_hello_ = false;
    bool server_hello_whole_ = false;
    bool hello_retry_ = false;
    std::uint16_t version_ = 0;
    std::uint16_t cipher_ = 0;
    std::string chosen_;
    bool psk_chosen_ = false;
    std::uint16_t psk_index_ = 0;
    bool resumed_in_clear_ = false;

    std::array<std::uint16_t, size_rule_records> lengths_{};
    std::size_t length_count_ = 0;
    bool strange_ = false;  ///< two clients or two servers
};

}  // namespace nspect::capture
