// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nspect {

/// What a TLS handshake showed about the client's certificate.
enum class ClientCert : std::uint8_t { unknown, not_requested, declined, presented };
/// From what it was told: messages in clear (TLS <= 1.2), record lengths (TLS 1.3), decryption with
/// a key log, or the full handshake that a resumed session came from.
enum class TlsEvidence : std::uint8_t { none, clear, sizes, keylog, resumed };
enum class Confidence : std::uint8_t { none, medium, high, certain };

std::string_view to_string(ClientCert value);
std::string_view to_string(TlsEvidence value);
std::string_view to_string(Confidence value);

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

    bool operator==(const TlsSeen&) const = default;
};

/// "TLSv1.3", "SSLv3", "DTLSv1.2", "0x1234"; "" for 0.
std::string tls_version_name(std::uint16_t version);
/// IANA name, "TLS_AES_128_GCM_SHA256", or "0xCAFE" when it is not a common one; "" for 0.
std::string tls_cipher_name(std::uint16_t cipher);
/// RFC 8446 §6: "unknown_ca"; "alert 200" when it is not known; "" for 0.
std::string tls_alert_name(std::uint8_t description);

}  // namespace nspect
