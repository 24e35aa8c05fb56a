// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "capture/tls/certificate.h"
#include "capture/tls/hello.h"
#include "capture/tls/key_log.h"
#include "capture/tls/record_reader.h"
#include "capture/tls/session_memory.h"
#include "capture/tls/size_rule.h"
#include "model/tls_seen.h"

namespace nspect::capture {

/// What the handshakes of one recording share.
struct TlsContext {
    CertificateBook certificates;
    SessionMemory sessions;
    KeyLog keys;
};

/// The facts of one handshake, gathered from its messages and record lengths, however they were
/// carried.
class HandshakeFacts {
public:
    explicit HandshakeFacts(TlsContext* context, TlsTransport transport = TlsTransport::stream)
        : context_(context), transport_(transport) {}

    void set_ends(const FlowEnds& ends) { ends_ = ends; }
    void begin_record(bool client, RecordType type, std::uint16_t length);
    /// A message in clear; `body` is what was captured of `length` bytes.
    void take_message(bool client, std::uint8_t type, std::uint32_t length,
                      std::span<const std::byte> body);
    /// A message opened with a key log.
    void take_opened(bool client, std::uint8_t type, std::span<const std::byte> body);
    void take_alert(bool client, std::uint8_t description);
    /// A client's QUIC packet of handshake encryption; false: padding may be in it.
    void take_quic_length(std::uint16_t length, bool exact);
    void take_quic_version(std::uint32_t version) { quic_version_ = version; }
    /// What an end says from now on was not captured.
    void take_cut(bool client) { (client ? client_ : server_).cut = true; }
    void take_quic_end() { quic_over_ = true; }

    /// What is known so far; none while no hello was seen. `over`: the flow has ended.
    std::optional<TlsSeen> seen(bool over) const;

    bool has_client_hello() const { return client_hellos_ > 0; }
    bool has_server_hello() const { return server_hello_; }
    bool is_tls13() const;
    /// After its change_cipher_spec an end's records are encrypted; in TLS 1.3 the record means
    /// nothing and a second ClientHello may follow it.
    bool is_sealed(bool client) const;
    /// Nothing that may still come would tell more.
    bool is_enough() const;
    bool early_data() const { return early_data_; }
    std::uint16_t cipher() const { return cipher_; }
    /// The handshake secret of one end, when the key log has it; else empty.
    Bytes secret(bool client) const;
    bool is_open(bool client) const { return (client ? client_ : server_).finished; }
    TlsContext* context() const { return context_; }

private:
    /// What one end sent in clear, or was opened.
    struct End {
        std::vector<std::shared_ptr<const ReadCertificate>> chain;
        bool certificate_seen = false;
        bool certificate_empty = false;
        bool certificate_verify = false;
        bool key_exchange = false;
        bool hello_done = false;
        bool changed_cipher = false;
        bool cut = false;                ///< what follows was not captured
        bool finished = false;           ///< opened, up to its Finished
        unsigned sealed_handshakes = 0;  ///< handshake records after change_cipher_spec
        unsigned sealed_records = 0;
        std::uint8_t fatal_alert = 0;
    };

    void take_client_hello(std::span<const std::byte> body);
    void take_server_hello(std::uint32_t length, std::span<const std::byte> body);
    void take_certificate(End& end, std::uint32_t length, std::span<const std::byte> body);
    void take_ticket(std::span<const std::byte> body);
    void take_opened_extensions(std::span<const std::byte> body);
    void count_client_record(std::uint16_t length);
    void count_server_record(std::uint16_t length);
    void server_changes_cipher();
    void resume_from_ticket();
    void judge_clear(TlsSeen& seen) const;
    void judge_opened(TlsSeen& seen) const;
    void judge_sizes_of(TlsSeen& seen) const;
    bool has_flight() const;
    void judge_quic(TlsSeen& seen) const;
    void inherit(TlsSeen& seen) const;
    void judge_acceptance(TlsSeen& seen, bool over) const;
    bool is_alert_size(std::uint16_t length) const;
    std::span<const std::uint16_t> flight() const {
        return std::span(lengths_).first(length_count_);
    }

    TlsContext* context_;
    TlsTransport transport_;
    FlowEnds ends_;
    End client_;
    End server_;
    /// Of the last ClientHello.
    std::array<std::byte, 32> random_{};
    std::vector<PskIdentity> psk_;
    std::vector<std::byte> ticket_;
    std::vector<std::byte> session_id_;  ///< the server's
    bool early_data_ = false;
    bool raw_public_key_ = false;
    bool record_limit_ = false;
    bool post_handshake_auth_ = false;
    bool encrypted_hello_ = false;
    bool client_hello_whole_ = false;
    unsigned client_hellos_ = 0;
    std::string sni_;
    std::vector<std::string> offers_;
    std::string ja4_;

    bool server_hello_ = false;
    bool server_hello_whole_ = false;
    /// Cut, and by its length of a full handshake of TLS 1.3.
    bool is_cut_hello_full_ = false;
    bool hello_retry_ = false;
    std::uint16_t version_ = 0;
    std::uint16_t cipher_ = 0;
    std::string chosen_;
    bool psk_chosen_ = false;
    std::uint16_t psk_index_ = 0;
    bool resumed_in_clear_ = false;
    bool asked_ = false;
    std::optional<SessionMemory::Origin> origin_;  ///< of a resumed session

    std::array<std::uint16_t, size_rule_records> lengths_{};
    std::size_t length_count_ = 0;
    std::array<std::uint16_t, 3> last_client_{};  ///< the newest three, for what comes later
    unsigned client_records_ = 0;
    unsigned early_records_ = 0;  ///< application data of the client before the server's hello
    bool later_certificate_ = false;
    std::array<std::uint16_t, 10> server_flight_{};  ///< before the client's
    std::size_t server_flight_count_ = 0;
    std::uint16_t first_reaction_ = 0;  ///< the server's first record after the client's flight
    unsigned reactions_ = 0;
    bool quic_padded_ = false;
    std::uint32_t quic_version_ = 0;
    bool quic_over_ = false;
};

}  // namespace nspect::capture
