// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/facts.h"

#include <algorithm>
#include <utility>

#include "capture/decode/byte_cursor.h"

namespace nspect::capture {
namespace {

constexpr std::uint16_t tls13 = 0x0304;
constexpr std::uint16_t dtls13 = 0xfefc;
constexpr unsigned draft_major = 0x7f;  // versions of TLS 1.3 before it was finished
constexpr unsigned datagram_major = 0xfe;
constexpr std::uint16_t datagram_draft = 0x0100;
constexpr std::size_t max_psk = 8;
constexpr std::size_t max_offers = 16;
// How long TLS <= 1.2 is watched for a renegotiation, and TLS 1.3 for a later certificate.
constexpr unsigned watched_records = 24;
constexpr unsigned watched_for_later = 64;
constexpr unsigned watched_reactions = 3;

bool is_tls_version(std::uint16_t version) {
    return version >> 8U == 3 || version >> 8U == datagram_major || version == datagram_draft;
}

}  // namespace

bool HandshakeFacts::is_tls13() const {
    return version_ == tls13 || version_ == dtls13 || version_ >> 8U == draft_major;
}

bool HandshakeFacts::is_sealed(bool client) const {
    const End& end = client ? client_ : server_;
    if (!end.changed_cipher) return false;
    return !(hello_retry_ && (client ? client_hellos_ < 2 : !server_hello_));
}

bool HandshakeFacts::is_enough() const {
    if (!is_tls13()) return client_.sealed_records >= watched_records;
    if (!server_hello_ || length_count_ < lengths_.size()) return false;
    if (client_records_ >= watched_for_later) return true;
    return reactions_ >= watched_reactions && !post_handshake_auth_;
}

Bytes HandshakeFacts::secret(bool client) const {
    if (context_ == nullptr || context_->keys.empty() || client_hellos_ == 0) return {};
    return context_->keys.secret(client, random_);
}

void HandshakeFacts::begin_record(bool client, RecordType type, std::uint16_t length) {
    End& end = client ? client_ : server_;
    if (type == RecordType::change_cipher_spec) {
        if (!client && !end.changed_cipher && server_hello_ && !is_tls13()) server_changes_cipher();
        end.changed_cipher = true;
        return;
    }
    if (is_sealed(client)) {
        ++end.sealed_records;
        end.sealed_handshakes += type == RecordType::handshake ? 1 : 0;
    }
    if (type != RecordType::application_data) return;
    client ? count_client_record(length) : count_server_record(length);
}

void HandshakeFacts::count_client_record(std::uint16_t length) {
    // What comes before the answer may be early data.
    early_records_ += server_hello_ ? 0U : 1U;
    if (early_data_ && !server_hello_) return;
    ++client_records_;
    if (length_count_ < lengths_.size()) lengths_[length_count_++] = length;
    last_client_ = {last_client_[1], last_client_[2], length};
    if (!post_handshake_auth_ || client_records_ < 4) return;
    later_certificate_ = later_certificate_ || is_later_certificate(cipher_, last_client_);
}

void HandshakeFacts::count_server_record(std::uint16_t length) {
    if (!server_hello_ || !is_tls13()) return;
    if (length_count_ == 0) {
        if (server_flight_count_ < server_flight_.size()) {
            server_flight_[server_flight_count_++] = length;
        }
        return;
    }
    if (++reactions_ == 1) first_reaction_ = length;
    // The first two records after the client's flight hold tickets, if any do.
    if (reactions_ > 2 || context_ == nullptr || is_alert_size(length)) return;
    TlsSeen seen;
    if (psk_chosen_) {
        inherit(seen);
    } else {
        judge_sizes_of(seen);
    }
    context_->sessions.remember_ticket(ends_, length, seen.client_cert);
}

// Up to TLS 1.2 the server's change of cipher ends its part, and the verdict is final.
void HandshakeFacts::server_changes_cipher() {
    resumed_in_clear_ = !server_.hello_done && !server_.certificate_seen;
    if (context_ == nullptr) return;
    if (resumed_in_clear_) {
        origin_ = context_->sessions.find(ticket_);
        if (!origin_) origin_ = context_->sessions.find(session_id_);
        return;
    }
    TlsSeen seen;
    judge_clear(seen);
    if (seen.client_cert == ClientCert::unknown) return;
    const auto full = this->seen(false);
    if (full) {
        context_->sessions.remember(
            session_id_, {full->client_cert, Confidence::certain, full->server_identity,
                          full->client_identity, full->server_chain, full->client_chain});
    }
}

void HandshakeFacts::take_ticket(std::span<const std::byte> body) {
    ByteCursor in(body);
    in.skip(4);  // lifetime
    const auto ticket = in.take(in.read<std::uint16_t>());
    if (in.truncated() || ticket.empty() || context_ == nullptr || is_tls13()) return;
    const auto full = seen(false);
    if (!full) return;
    const bool old = !server_.hello_done && !server_.certificate_seen;
    if (old) {
        // A resumed session may be given another ticket.
        auto origin = context_->sessions.find(ticket_);
        if (!origin) origin = context_->sessions.find(session_id_);
        if (origin) context_->sessions.remember(ticket, *origin);
    } else if (full->client_cert != ClientCert::unknown) {
        context_->sessions.remember(
            ticket, {full->client_cert, Confidence::certain, full->server_identity,
                     full->client_identity, full->server_chain, full->client_chain});
    }
}

void HandshakeFacts::take_alert(bool client, std::uint8_t description) {
    (client ? client_ : server_).fatal_alert = description;
}

void HandshakeFacts::take_quic_length(std::uint16_t length, bool exact) {
    quic_padded_ = quic_padded_ || !exact;
    if (exact && length_count_ < lengths_.size()) lengths_[length_count_++] = length;
}

void HandshakeFacts::take_message(bool client, std::uint8_t type, std::uint32_t length,
                                  std::span<const std::byte> body) {
    End& end = client ? client_ : server_;
    switch (type) {
        case MessageReader::client_hello:
            if (client) take_client_hello(body);
            break;
        case MessageReader::server_hello:
            if (!client) take_server_hello(length, body);
            break;
        case MessageReader::certificate:
            take_certificate(end, length, body);
            break;
        case MessageReader::new_session_ticket:
            if (!client) take_ticket(body);
            break;
        case MessageReader::certificate_request:
            asked_ = asked_ || !client;
            break;
        case MessageReader::server_hello_done:
            end.hello_done = true;
            break;
        case MessageReader::certificate_verify:
            end.certificate_verify = true;
            break;
        case MessageReader::client_key_exchange:
            end.key_exchange = true;
            break;
        default:
            break;
    }
}

void HandshakeFacts::take_opened(bool client, std::uint8_t type, std::span<const std::byte> body) {
    constexpr std::uint8_t encrypted_extensions = 8;
    constexpr std::uint8_t finished = 20;
    constexpr std::uint8_t compressed_certificate = 25;  // RFC 8879
    End& end = client ? client_ : server_;
    if (end.finished) return;
    if (type == encrypted_extensions && !client) take_opened_extensions(body);
    if (type == MessageReader::certificate_request) asked_ = asked_ || !client;
    if (type == MessageReader::certificate_verify) end.certificate_verify = true;
    if (type == finished) end.finished = true;
    if (type == compressed_certificate) end.certificate_seen = true;
    if (type != MessageReader::certificate || context_ == nullptr) return;
    end.certificate_seen = true;
    end.certificate_empty = body.size() <= 4;
    end.chain = read_chain(context_->certificates, body, true);
}

void HandshakeFacts::take_opened_extensions(std::span<const std::byte> body) {
    constexpr std::uint16_t application_protocols = 16;
    ByteCursor in(body);
    ByteCursor list = in.nested(in.read<std::uint16_t>());
    while (list.remaining() >= 4) {
        const auto type = list.read<std::uint16_t>();
        const auto value = list.take(list.read<std::uint16_t>());
        if (list.truncated() || type != application_protocols) continue;
        const auto names = read_protocols(value);
        if (!names.empty()) chosen_ = names.front();
    }
}

void HandshakeFacts::take_client_hello(std::span<const std::byte> body) {
    const bool datagram = transport_ == TlsTransport::datagram;
    ClientHello hello = parse_client_hello(body, datagram);
    if (!is_tls_version(hello.legacy_version)) return;
    // The flight that counts begins after the last hello.
    length_count_ = 0;
    random_ = hello.random;
    psk_ = std::move(hello.psk);
    psk_.resize(std::min(psk_.size(), max_psk));
    ticket_ = std::move(hello.ticket);
    early_data_ = hello.early_data;
    raw_public_key_ = hello.raw_public_key;
    record_limit_ = hello.record_limit;
    post_handshake_auth_ = hello.post_handshake_auth;
    client_hello_whole_ = hello.whole;
    if (++client_hellos_ > 1) return;
    encrypted_hello_ = hello.encrypted_hello;
    if (hello.whole) {
        ja4_ = ja4(hello, datagram ? 'd' : transport_ == TlsTransport::quic ? 'q' : 't');
    }
    offers_ = std::move(hello.alpn);
    offers_.resize(std::min(offers_.size(), max_offers));
    sni_ = std::move(hello.sni);
}

void HandshakeFacts::take_server_hello(std::uint32_t length, std::span<const std::byte> body) {
    ServerHello hello = parse_server_hello(body);
    const bool is_draft = hello.version >> 8U == draft_major;
    if ((!is_tls_version(hello.version) && !is_draft) || server_hello_) return;
    if (hello.retry) {
        hello_retry_ = true;
        return;
    }
    server_hello_ = true;
    server_hello_whole_ = hello.whole;
    is_cut_hello_full_ = !hello.whole && is_full_hello(length, body);
    // Cut before its extensions, a hello of TLS 1.3 looks like one of TLS 1.2.
    version_ = hello.whole ? hello.version : std::uint16_t{0};
    cipher_ = hello.cipher;
    chosen_ = std::move(hello.alpn);
    psk_chosen_ = hello.psk;
    psk_index_ = hello.psk_index;
    session_id_ = std::move(hello.session_id);
    if (psk_chosen_ && is_tls13()) resume_from_ticket();
}

void HandshakeFacts::resume_from_ticket() {
    const bool ticket = psk_index_ < psk_.size() && !psk_[psk_index_].is_name;
    if (!ticket || context_ == nullptr) return;
    origin_ = context_->sessions.find_ticket(ends_, psk_[psk_index_].length);
}

void HandshakeFacts::take_certificate(End& end, std::uint32_t length,
                                      std::span<const std::byte> body) {
    if (end.certificate_seen) return;
    end.certificate_seen = true;
    end.certificate_empty = length <= 3;
    CertificateBook own;
    end.chain = read_chain(context_ != nullptr ? context_->certificates : own, body, false);
}

}  // namespace nspect::capture
