// SPDX-License-Identifier: Apache-2.0
#pragma once

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
    bool whole = false;           ///< false: ends early; what precedes is valid
};

struct ServerHello {
    std::uint16_t version = 0;  ///< negotiated
    std::uint16_t cipher = 0;
    std::string alpn;  ///< in clear up to TLS 1.2
    bool retry = false;
    bool psk = false;
    std::uint16_t psk_index = 0;
    bool whole = false;
};

/// `body` is the message after its four byte header.
ClientHello parse_client_hello(std::span<const std::byte> body);
ServerHello parse_server_hello(std::span<const std::byte> body);

/// The JA4 fingerprint over TCP: "t13d1516h2_8daaf6152771_e5627efa2ab1". REQUIRES: hello.whole.
std::string ja4(const ClientHello& hello);

}  // namespace nspect::capture
