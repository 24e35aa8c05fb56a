// SPDX-License-Identifier: Apache-2.0
#include "model/tls_seen.h"

#include <algorithm>
#include <array>
#include <span>

namespace nspect {
namespace {

struct Name {
    std::uint16_t number;
    std::string_view text;
};

constexpr auto versions = std::to_array<Name>({
    {0x0002, "SSLv2"},
    {0x0300, "SSLv3"},
    {0x0301, "TLSv1.0"},
    {0x0302, "TLSv1.1"},
    {0x0303, "TLSv1.2"},
    {0x0304, "TLSv1.3"},
    {0xfefc, "DTLSv1.3"},
    {0xfefd, "DTLSv1.2"},
    {0xfeff, "DTLSv1.0"},
});

/// IANA TLS Cipher Suites registry: those in common use, by number.
constexpr auto ciphers = std::to_array<Name>({
    {0x0004, "TLS_RSA_WITH_RC4_128_MD5"},
    {0x0005, "TLS_RSA_WITH_RC4_128_SHA"},
    {0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
    {0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"},
    {0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"},
    {0x0032, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA"},
    {0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"},
    {0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA"},
    {0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"},
    {0x0038, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA"},
    {0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"},
    {0x003a, "TLS_DH_anon_WITH_AES_256_CBC_SHA"},
    {0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256"},
    {0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256"},
    {0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA"},
    {0x0045, "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA"},
    {0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"},
    {0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"},
    {0x0084, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA"},
    {0x0088, "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA"},
    {0x008c, "TLS_PSK_WITH_AES_128_CBC_SHA"},
    {0x008d, "TLS_PSK_WITH_AES_256_CBC_SHA"},
    {0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256"},
    {0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"},
    {0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"},
    {0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"},
    {0x00a2, "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256"},
    {0x00a3, "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384"},
    {0x00a8, "TLS_PSK_WITH_AES_128_GCM_SHA256"},
    {0x00a9, "TLS_PSK_WITH_AES_256_GCM_SHA384"},
    {0x1301, "TLS_AES_128_GCM_SHA256"},
    {0x1302, "TLS_AES_256_GCM_SHA384"},
    {0x1303, "TLS_CHACHA20_POLY1305_SHA256"},
    {0x1304, "TLS_AES_128_CCM_SHA256"},
    {0x1305, "TLS_AES_128_CCM_8_SHA256"},
    {0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"},
    {0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"},
    {0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"},
    {0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"},
    {0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"},
    {0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"},
    {0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"},
    {0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"},
    {0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"},
    {0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"},
    {0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"},
    {0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"},
    {0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
    {0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
    {0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
    {0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
    {0xc035, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA"},
    {0xc036, "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA"},
    {0xc09c, "TLS_RSA_WITH_AES_128_CCM"},
    {0xc09d, "TLS_RSA_WITH_AES_256_CCM"},
    {0xc09e, "TLS_DHE_RSA_WITH_AES_128_CCM"},
    {0xc09f, "TLS_DHE_RSA_WITH_AES_256_CCM"},
    {0xc0a8, "TLS_PSK_WITH_AES_128_CCM_8"},
    {0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"},
    {0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM"},
    {0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"},
    {0xc0af, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8"},
    {0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xccab, "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256"},
    {0xccac, "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256"},
    {0xd001, "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256"},
    {0xd002, "TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384"},
});

/// RFC 8446 §6 and, for what it no longer sends, RFC 5246 §7.2 and RFC 6066 §9.
constexpr auto alerts = std::to_array<Name>({
    {10, "unexpected_message"},
    {20, "bad_record_mac"},
    {21, "decryption_failed"},
    {22, "record_overflow"},
    {30, "decompression_failure"},
    {40, "handshake_failure"},
    {41, "no_certificate"},
    {42, "bad_certificate"},
    {43, "unsupported_certificate"},
    {44, "certificate_revoked"},
    {45, "certificate_expired"},
    {46, "certificate_unknown"},
    {47, "illegal_parameter"},
    {48, "unknown_ca"},
    {49, "access_denied"},
    {50, "decode_error"},
    {51, "decrypt_error"},
    {60, "export_restriction"},
    {70, "protocol_version"},
    {71, "insufficient_security"},
    {80, "internal_error"},
    {86, "inappropriate_fallback"},
    {90, "user_canceled"},
    {100, "no_renegotiation"},
    {109, "missing_extension"},
    {110, "unsupported_extension"},
    {111, "certificate_unobtainable"},
    {112, "unrecognized_name"},
    {113, "bad_certificate_status_response"},
    {114, "bad_certificate_hash_value"},
    {115, "unknown_psk_identity"},
    {116, "certificate_required"},
    {120, "no_application_protocol"},
    {121, "ech_required"},
});

/// Every table is in ascending order; "" for what it does not hold.
std::string_view look_up(std::span<const Name> names, std::uint16_t number) {
    const auto at = std::lower_bound(names.begin(), names.end(), number,
                                     [](const Name& n, std::uint16_t v) { return n.number < v; });
    return at != names.end() && at->number == number ? at->text : std::string_view{};
}

std::string hex_or_name(std::span<const Name> names, std::uint16_t number) {
    if (number == 0) return {};
    if (const auto name = look_up(names, number); !name.empty()) return std::string(name);
    std::string text = "0x";
    for (const unsigned shift : {12U, 8U, 4U, 0U}) {
        text += "0123456789ABCDEF"[(number >> shift) & 0xfU];
    }
    return text;
}

}  // namespace

std::string_view to_string(ClientCert value) {
    switch (value) {
        case ClientCert::unknown:
            break;
        case ClientCert::not_requested:
            return "not-requested";
        case ClientCert::declined:
            return "declined";
        case ClientCert::presented:
            return "presented";
    }
    return "unknown";
}

std::string_view to_string(TlsEvidence value) {
    switch (value) {
        case TlsEvidence::none:
            break;
        case TlsEvidence::clear:
            return "clear";
        case TlsEvidence::sizes:
            return "sizes";
        case TlsEvidence::keylog:
            return "keylog";
        case TlsEvidence::resumed:
            return "resumed";
    }
    return "none";
}

std::string_view to_string(Confidence value) {
    switch (value) {
        case Confidence::none:
            break;
        case Confidence::medium:
            return "medium";
        case Confidence::high:
            return "high";
        case Confidence::certain:
            return "certain";
    }
    return "none";
}

std::string_view to_string(TlsTransport value) {
    constexpr std::array<std::string_view, 3> names{"stream", "datagram", "quic"};
    return names[static_cast<std::size_t>(value)];
}

std::string_view to_string(EarlyData value) {
    constexpr std::array<std::string_view, 4> names{"none", "offered", "accepted", "rejected"};
    return names[static_cast<std::size_t>(value)];
}

std::string_view to_string(Acceptance value) {
    constexpr std::array<std::string_view, 3> names{"unknown", "accepted", "refused"};
    return names[static_cast<std::size_t>(value)];
}

std::string tls_version_name(std::uint16_t version) {
    return hex_or_name(versions, version);
}

std::string tls_cipher_name(std::uint16_t cipher) {
    return hex_or_name(ciphers, cipher);
}

std::string quic_version_name(std::uint32_t version) {
    constexpr std::uint32_t version2 = 0x6b3343cf;  // RFC 9369
    constexpr std::uint32_t drafts = 0xff000000;
    if (version == 0) return {};
    if (version == 1) return "1";
    if (version == version2) return "2";
    if ((version & 0xffffff00U) == drafts) return "draft-" + std::to_string(version & 0xffU);
    std::string text = "0x";
    for (unsigned shift = 32; shift > 0; shift -= 4) {
        text += "0123456789abcdef"[version >> (shift - 4) & 0xfU];
    }
    return text;
}

std::string tls_alert_name(std::uint8_t description) {
    if (description == 0) return {};
    const auto name = look_up(alerts, description);
    return name.empty() ? "alert " + std::to_string(description) : std::string(name);
}

}  // namespace nspect
