// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/time.h"

namespace nspect {

/// What a TLS handshake showed about the client's certificate.
enum class ClientCert : std::uint8_t { unknown, not_requested, declined, presented };
/// From what it was told: messages in clear (TLS <= 1.2), record lengths (TLS 1.3), decryption with
/// a key log, or the full handshake that a resumed session came from.
enum class TlsEvidence : std::uint8_t { none, clear, sizes, keylog, resumed };
enum class Confidence : std::uint8_t { none, medium, high, certain };

/// What the handshake ran over.
enum class TlsTransport : std::uint8_t { stream, datagram, quic };
/// 0-RTT: data sent before the server's answer.
enum class EarlyData : std::uint8_t { none, offered, accepted, rejected };
/// How the server took the client's answer to its request for a certificate.
enum class Acceptance : std::uint8_t { unknown, accepted, refused };

/// A certificate as it was presented: read, not verified.
struct CertificateSeen {
    std::string fingerprint;  ///< SHA-256 of the DER, hexadecimal
    std::string subject;      ///< "CN=orders,O=shop"
    std::string issuer;
    std::vector<std::string> names;  ///< "URI:spiffe://...", "DNS:orders", "IP:10.0.0.1"
    Timestamp not_before{};
    Timestamp not_after{};
    std::string key;  ///< "RSA", "P-256", "Ed25519"
    std::uint32_t key_bits = 0;
    std::string signature;  ///< "ecdsa-with-SHA256"
    bool self_signed = false;
    bool authority = false;  ///< CA:TRUE

    bool operator==(const CertificateSeen&) const = default;
};

std::string_view to_string(ClientCert value);
std::string_view to_string(TlsEvidence value);
std::string_view to_string(Confidence value);
std::string_view to_string(TlsTransport value);
std::string_view to_string(EarlyData value);
std::string_view to_string(Acceptance value);

/// Facts of one TLS handshake as seen on the wire. Strings come from strangers: bounded when
/// stored, escaped when shown. Empty means not seen.
struct TlsSeen {
    std::uint16_t version = 0;  ///< negotiated, as on the wire: 0x0303 is TLS 1.2; 0 when unknown
    std::uint16_t cipher = 0;
    std::string sni;
    std::string alpn;  ///< chosen by the server, else the client's only offer
    std::string ja4;   ///< client fingerprint
    ClientCert client_cert = ClientCert::unknown;
    TlsEvidence evidence = TlsEvidence::none;
    Confidence confidence = Confidence::none;
    bool resumed = false;
    bool hello_retry = false;
    bool encrypted_hello = false;   ///< Encrypted ClientHello offered: `sni` is the outer name
    std::uint8_t client_alert = 0;  ///< fatal alert description in clear, 0 for none seen
    std::uint8_t server_alert = 0;
    /// Names of the server certificate: URI, then DNS, then CN.
    std::vector<std::string> server_identity;
    std::vector<std::string> client_identity;

    TlsTransport transport = TlsTransport::stream;
    std::uint32_t quic_version = 0;  ///< as on the wire: 0x6b3343cf is version 2; 0: not QUIC
    EarlyData early_data = EarlyData::none;
    Acceptance acceptance = Acceptance::unknown;
    bool external_psk = false;    ///< a key both ends were given: mutual, without certificates
    bool raw_public_key = false;  ///< the client offered one in place of a certificate (RFC 7250)
    bool post_handshake_auth = false;  ///< a certificate was sent after the handshake (TLS 1.3)
    bool asked = false;                ///< the server was seen to ask for a certificate
    bool none_presented = false;       ///< no certificate came; whether one was asked for, `asked`
    std::vector<std::string> alpn_offered;
    std::vector<std::uint16_t> client_records;  ///< the lengths that `sizes` was told from
    std::vector<CertificateSeen> server_chain;  ///< leaf first
    std::vector<CertificateSeen> client_chain;

    bool operator==(const TlsSeen&) const = default;
};

/// "TLSv1.3", "SSLv3", "DTLSv1.2", "0x1234"; "" for 0.
std::string tls_version_name(std::uint16_t version);
/// IANA name, "TLS_AES_128_GCM_SHA256", or "0xCAFE" when it is not a common one; "" for 0.
std::string tls_cipher_name(std::uint16_t cipher);
/// "1", "2", "draft-29", "0x12345678"; "" for 0.
std::string quic_version_name(std::uint32_t version);
/// RFC 8446 §6: "unknown_ca"; "alert 200" when it is not known; "" for 0.
std::string tls_alert_name(std::uint8_t description);

}  // namespace nspect
