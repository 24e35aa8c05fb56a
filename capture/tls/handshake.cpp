// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/handshake.h"

#include <algorithm>

#include "capture/decode/byte_cursor.h"
#include "capture/tls/crypto.h"

namespace nspect::capture {
namespace {

constexpr std::uint8_t fatal = 2;
constexpr std::uint16_t tls13 = 0x0304;
constexpr unsigned draft_major = 0x7f;  // versions of TLS 1.3 before it was finished
constexpr std::size_t max_psk = 8;
// How far a direction is followed at most, and how long TLS <= 1.2 is watched for a renegotiation.
constexpr std::uint64_t max_followed = 1U << 20U;
constexpr unsigned watched_records = 24;

}  // namespace

bool Handshake::is_tls13() const {
    return version_ == tls13 || version_ >> 8U == draft_major;
}

bool Handshake::see(const FlowPayload& segment) {
    TlsSide& side = sides_[index(segment.direction)];
    const auto is_client = [&] { return side.role() == TlsRole::client; };
    side.add(
        segment,
        {.records = {
             .begin = [&](RecordType type,
                          std::uint16_t length) { begin_record(is_client(), type, length); },
             .body = [&](RecordType type, std::span<const std::byte> bytes,
                         std::uint32_t missing) { take_body(is_client(), type, bytes, missing); }},
         .found = [&](TlsRole) {
             const TlsSide& other = sides_[index(reverse(segment.direction))];
             strange_ = strange_ || other.role() == side.role();
         }});
    if (!is_enough()) return true;
    for (TlsSide& each : sides_) each.clear();
    client_.messages.clear();
    server_.messages.clear();
    return false;
}

std::size_t Handshake::held() const {
    return sides_[0].held() + sides_[1].held() + client_.messages.held() + server_.messages.held();
}

bool Handshake::is_enough() const {
    if (strange_) return true;
    const TlsSide* client = nullptr;
    const TlsSide* server = nullptr;
    for (const TlsSide& each : sides_) {
        if (each.role() == TlsRole::client) client = &each;
        if (each.role() == TlsRole::server) server = &each;
        if (each.role() == TlsRole::unknown && each.over() && client_hellos_ == 0) return true;
        if (each.passed() > max_followed) return true;
    }
    if (client != nullptr && client->over()) {
        return server_hello_ || (server != nullptr && server->over());
    }
    if (is_tls13()) return server_hello_ && length_count_ == lengths_.size();
    return client_.sealed_records >= watched_records;
}

// After its change_cipher_spec an end's records are encrypted; in TLS 1.3 the record means nothing
// and a second ClientHello may follow it.
bool Handshake::is_sealed(bool client) const {
    const End& end = client ? client_ : server_;
    if (!end.changed_cipher) return false;
    return !(hello_retry_ && (client ? client_hellos_ < 2 : !server_hello_));
}

void Handshake::begin_record(bool client, RecordType type, std::uint16_t length) {
    End& end = client ? client_ : server_;
    end.alert_bytes = type == RecordType::alert && length == 2 ? 2 : 0;
    if (type == RecordType::change_cipher_spec) {
        if (!client && !end.changed_cipher && server_hello_ && !is_tls13()) {
            resumed_in_clear_ = !server_.hello_done && !server_.certificate_seen;
        }
        end.changed_cipher = true;
        return;
    }
    if (is_sealed(client)) {
        ++end.sealed_records;
        end.sealed_handshakes += type == RecordType::handshake ? 1 : 0;
    }
    if (!client || type != RecordType::application_data) return;
    // What comes before the answer may be early data.
    if (early_data_ && !server_hello_) return;
    if (length_count_ < lengths_.size()) lengths_[length_count_++] = length;
}

void Handshake::take_body(bool client, RecordType type, std::span<const std::byte> bytes,
                          std::uint32_t missing) {
    End& end = client ? client_ : server_;
    if (type == RecordType::alert) return take_alert(end, bytes);
    if (type != RecordType::handshake || is_sealed(client)) return;
    end.messages.feed(
        bytes, missing,
        [&](std::uint8_t message, std::uint32_t length, std::span<const std::byte> body) {
            take_message(client, message, length, body);
        });
}

// An encrypted alert is longer than its two bytes.
void Handshake::take_alert(End& end, std::span<const std::byte> bytes) {
    for (const std::byte each : bytes) {
        if (end.alert_bytes == 0) return;
        if (--end.alert_bytes == 1) {
            end.alert_level = std::to_integer<std::uint8_t>(each);
        } else if (end.alert_level == fatal) {
            end.fatal_alert = std::to_integer<std::uint8_t>(each);
        }
    }
}

void Handshake::take_message(bool client, std::uint8_t type, std::uint32_t length,
                             std::span<const std::byte> body) {
    End& end = client ? client_ : server_;
    switch (type) {
        case MessageReader::client_hello:
            if (client) take_client_hello(body);
            break;
        case MessageReader::server_hello:
            if (!client) take_server_hello(body);
            break;
        case MessageReader::certificate:
            take_certificate(end, length, body);
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

void Handshake::take_client_hello(std::span<const std::byte> body) {
    ClientHello hello = parse_client_hello(body);
    if (hello.legacy_version >> 8U != 3) return;
    // The flight that counts begins after the last hello.
    length_count_ = 0;
    psk_ = std::move(hello.psk);
    psk_.resize(std::min(psk_.size(), max_psk));
    early_data_ = hello.early_data;
    raw_public_key_ = hello.raw_public_key;
    client_hello_whole_ = hello.whole;
    if (++client_hellos_ > 1) return;
    encrypted_hello_ = hello.encrypted_hello;
    if (hello.alpn.size() == 1) only_offer_ = hello.alpn.front();
    if (hello.whole) ja4_ = ja4(hello);
    sni_ = std::move(hello.sni);
}

void Handshake::take_server_hello(std::span<const std::byte> body) {
    ServerHello hello = parse_server_hello(body);
    const bool is_draft = hello.version >> 8U == draft_major;
    if ((hello.version >> 8U != 3 && !is_draft) || server_hello_) return;
    if (hello.retry) {
        hello_retry_ = true;
        return;
    }
    server_hello_ = true;
    server_hello_whole_ = hello.whole;
    // Cut before its extensions, a hello of TLS 1.3 looks like one of TLS 1.2.
    version_ = hello.whole ? hello.version : std::uint16_t{0};
    cipher_ = hello.cipher;
    chosen_ = std::move(hello.alpn);
    psk_chosen_ = hello.psk;
    psk_index_ = hello.psk_index;
}

void Handshake::take_certificate(End& end, std::uint32_t length, std::span<const std::byte> body) {
    if (end.certificate_seen) return;
    end.certificate_seen = true;
    end.certificate_empty = length <= 3;
    ByteCursor list(body);
    const auto size_at = [&] {
        const unsigned high = list.read<std::uint8_t>();
        return std::size_t{high << 16U | list.read<std::uint16_t>()};
    };
    size_at();
    const auto first = list.take(size_at());
    if (!list.truncated() && !first.empty()) end.identity = certificate_names(first);
}

std::optional<TlsSeen> Handshake::seen() const {
    if ((client_hellos_ == 0 && !server_hello_) || strange_) return std::nullopt;
    TlsSeen seen{.version = version_,
                 .cipher = cipher_,
                 .sni = sni_,
                 .alpn = chosen_,
                 .ja4 = ja4_,
                 .hello_retry = hello_retry_,
                 .encrypted_hello = encrypted_hello_,
                 .client_alert = client_.fatal_alert,
                 .server_alert = server_.fatal_alert,
                 .server_identity = server_.identity,
                 .client_identity = client_.identity};
    if (is_tls13()) {
        seen.alpn = only_offer_;
        judge_sizes_of(seen);
    } else if (server_hello_whole_) {
        judge_clear(seen);
    }
    return seen;
}

void Handshake::judge_clear(TlsSeen& seen) const {
    seen.resumed = resumed_in_clear_;
    // A renegotiation may have changed everything, out of sight.
    if (resumed_in_clear_ || !client_.key_exchange || client_.sealed_handshakes > 1) return;
    if (!client_.certificate_seen) {
        seen.client_cert = ClientCert::not_requested;
    } else if (client_.certificate_empty) {
        seen.client_cert = ClientCert::declined;
    } else if (client_.certificate_verify) {
        seen.client_cert = ClientCert::presented;
    } else {
        return;
    }
    seen.evidence = TlsEvidence::clear;
    seen.confidence = Confidence::certain;
}

void Handshake::judge_sizes_of(TlsSeen& seen) const {
    if (psk_chosen_) {
        // An external key has a name and was not made by an earlier handshake.
        seen.resumed = psk_index_ < psk_.size() && !psk_[psk_index_].is_name;
        return;
    }
    // Early data that the server did not take may still be under way after its hello.
    if (!client_hello_whole_ || early_data_ || version_ != tls13) return;
    const SizeVerdict verdict =
        judge_sizes({cipher_, raw_public_key_, std::span(lengths_).first(length_count_)});
    if (verdict.client_cert == ClientCert::unknown) return;
    seen.client_cert = verdict.client_cert;
    seen.confidence = verdict.confidence;
    seen.evidence = TlsEvidence::sizes;
}

}  // namespace nspect::capture
