// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace nspect::capture {

/// An identity of the pre_shared_key extension: how long it is, and whether it is a name somebody
/// chose (an external key) rather than a ticket.
struct PskIdentity {
    std::size_t length = 0;
    bool is_name = false;
};

/// What nspect keeps of a ClientHello (RFC 8446 §4.1.2). Lists are without GREASE (RFC 8701).
struct ClientHello {
    std::uint16_t legacy_version = 0;
    std::array<std::byte, 32> random{};
    std::vector<std::byte> session_id;
    std::vector<std::byte> ticket;  ///< of the session_ticket extension (RFC 5077)
    std::vector<std::uint16_t> ciphers;
    std::vector<std::uint16_t> extensions;
    std::vector<std::uint16_t> versions;
    std::vector<std::uint16_t> signature_algorithms;
    std::vector<std::string> alpn;
    std::string sni;
    std::vector<PskIdentity> psk;
    bool early_data = false;
    bool encrypted_hello = false;
    bool raw_public_key = false;  ///< offers RFC 7250 keys in place of its certificate
    bool post_handshake_auth = false;
    bool record_limit = false;  ///< offers to keep records short (RFC 8449)
    bool whole = false;         ///< false: ends early; what precedes is valid
};

struct ServerHello {
    std::uint16_t version = 0;  ///< negotiated
    std::uint16_t cipher = 0;
    std::string alpn;  ///< in clear up to TLS 1.2
    std::vector<std::byte> session_id;
    bool retry = false;
    bool psk = false;
    std::uint16_t psk_index = 0;
    bool whole = false;
};

/// `body` is the message after its four byte header.
/// Over datagrams a ClientHello has a cookie (RFC 6347 §4.2.1).
ClientHello parse_client_hello(std::span<const std::byte> body, bool datagram = false);
ServerHello parse_server_hello(std::span<const std::byte> body);

/// Whether a ServerHello that was cut has the length of one of TLS 1.3 without a pre-shared key,
/// `length` being that of the message. Only TLS 1.3 may be behind it when this holds by chance.
bool is_full_hello(std::uint32_t length, std::span<const std::byte> body);

/// The JA4 fingerprint: "t13d1516h2_8daaf6152771_e5627efa2ab1"; it begins with 't' over TCP, 'q'
/// over QUIC, 'd' over datagrams. REQUIRES: hello.whole.
std::string ja4(const ClientHello& hello, char transport = 't');

/// A list of application protocols as the ALPN extension has it (RFC 7301).
std::vector<std::string> read_protocols(std::span<const std::byte> extension);

}  // namespace nspect::capture
