// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/hello.h"

#include <algorithm>
#include <array>

#include "capture/decode/byte_cursor.h"

namespace nspect::capture {
namespace {

enum Extension : std::uint16_t {
    server_name = 0,
    signature_algorithms = 13,
    application_protocols = 16,
    client_certificate_type = 19,
    record_size_limit = 28,
    session_ticket = 35,
    pre_shared_key = 41,
    early_data = 42,
    supported_versions = 43,
    post_handshake_auth = 49,
    encrypted_client_hello = 0xfe0d,
};
constexpr std::uint16_t tls12 = 0x0303;
constexpr std::uint16_t datagrams = 0xfe;  // the major version of DTLS
constexpr std::size_t max_list = 1024;     // a hello offers tens
constexpr std::size_t max_name = 255;

// SHA-256 of "HelloRetryRequest" (RFC 8446 §4.1.3).
constexpr std::array<std::uint8_t, 32> retry_random{
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

bool is_grease(std::uint16_t value) {
    return (value & 0x0f0f) == 0x0a0a && value >> 8U == (value & 0xff);
}

std::string text_of(std::span<const std::byte> bytes) {
    std::string text;
    for (const std::byte each : bytes.first(std::min(bytes.size(), max_name))) {
        text += std::to_integer<char>(each);
    }
    return text;
}

std::vector<std::uint16_t> numbers(ByteCursor list) {
    std::vector<std::uint16_t> values;
    while (list.remaining() >= 2 && values.size() < max_list) {
        const auto value = list.read<std::uint16_t>();
        if (!is_grease(value)) values.push_back(value);
    }
    return values;
}

std::string host_name(ByteCursor body) {
    ByteCursor list = body.nested(body.read<std::uint16_t>());
    while (list.remaining() > 0) {
        const auto type = list.read<std::uint8_t>();
        const auto name = list.take(list.read<std::uint16_t>());
        if (type == 0) return text_of(name);
    }
    return {};
}

std::vector<std::string> protocol_names(ByteCursor body) {
    ByteCursor list = body.nested(body.read<std::uint16_t>());
    std::vector<std::string> names;
    while (list.remaining() > 0 && names.size() < max_list) {
        const auto name = list.take(list.read<std::uint8_t>());
        const bool grease = name.size() == 2 && name[0] == name[1] &&
                            (std::to_integer<unsigned>(name[0]) & 0x0fU) == 0x0a;
        if (!list.truncated() && !grease) names.push_back(text_of(name));
    }
    return names;
}

// RFC 8446 leaves identities to their makers: tickets are random bytes, external keys have names.
bool is_name(std::span<const std::byte> identity) {
    return !identity.empty() && identity.size() <= 64 &&
           std::all_of(identity.begin(), identity.end(), [](std::byte each) {
               return std::to_integer<unsigned>(each) >= 0x20 &&
                      std::to_integer<unsigned>(each) < 0x7f;
           });
}

std::vector<PskIdentity> identities(ByteCursor body) {
    ByteCursor list = body.nested(body.read<std::uint16_t>());
    std::vector<PskIdentity> found;
    while (list.remaining() > 0 && found.size() < max_list) {
        const auto identity = list.take(list.read<std::uint16_t>());
        list.skip(4);  // obfuscated age
        if (!list.truncated()) found.push_back({identity.size(), is_name(identity)});
    }
    return found;
}

bool offers_raw_key(ByteCursor body) {
    const auto types = body.take(body.read<std::uint8_t>());
    return std::find(types.begin(), types.end(), std::byte{2}) != types.end();
}

void read_extension(ClientHello& hello, std::uint16_t type, ByteCursor body) {
    switch (type) {
        case server_name:
            hello.sni = host_name(body);
            break;
        case signature_algorithms:
            hello.signature_algorithms = numbers(body.nested(body.read<std::uint16_t>()));
            break;
        case application_protocols:
            hello.alpn = protocol_names(body);
            break;
        case client_certificate_type:
            hello.raw_public_key = offers_raw_key(body);
            break;
        case session_ticket:
            hello.ticket.assign(body.rest().begin(), body.rest().end());
            break;
        case post_handshake_auth:
            hello.post_handshake_auth = true;
            break;
        case record_size_limit:
            hello.record_limit = true;
            break;
        case pre_shared_key:
            hello.psk = identities(body);
            break;
        case early_data:
            hello.early_data = true;
            break;
        case supported_versions:
            hello.versions = numbers(body.nested(body.read<std::uint8_t>()));
            break;
        case encrypted_client_hello:
            hello.encrypted_hello = true;
            break;
        default:
            break;
    }
}

void read_extension(ServerHello& hello, std::uint16_t type, ByteCursor body) {
    if (type == supported_versions) {
        const auto version = body.read<std::uint16_t>();
        if (!body.truncated()) hello.version = version;
    } else if (type == pre_shared_key) {
        hello.psk = true;
        hello.psk_index = body.read<std::uint16_t>();
    } else if (type == application_protocols) {
        const auto names = protocol_names(body);
        if (!names.empty()) hello.alpn = names.front();
    }
}

// Reads the rest of a hello. Returns whether all of it was there.
template <class Hello, class OnType>
bool read_extensions(Hello& hello, ByteCursor& in, OnType on_type) {
    if (in.truncated()) return false;
    if (in.remaining() == 0) return true;  // older than extensions
    ByteCursor list = in.nested(in.read<std::uint16_t>());
    for (std::size_t count = 0; list.remaining() > 0 && count < max_list; ++count) {
        const auto type = list.read<std::uint16_t>();
        const auto body = list.nested(list.read<std::uint16_t>());
        if (list.truncated()) return false;
        on_type(type);
        read_extension(hello, type, body);
    }
    return !in.truncated() && !list.truncated();
}

}  // namespace

std::vector<std::string> read_protocols(std::span<const std::byte> extension) {
    return protocol_names(ByteCursor(extension));
}

ClientHello parse_client_hello(std::span<const std::byte> body, bool datagram) {
    ByteCursor in(body);
    ClientHello hello;
    hello.legacy_version = in.read<std::uint16_t>();
    const auto random = in.take(hello.random.size());
    std::copy(random.begin(), random.end(), hello.random.begin());
    const auto session = in.take(in.read<std::uint8_t>());
    hello.session_id.assign(session.begin(), session.end());
    if (datagram) in.skip(in.read<std::uint8_t>());
    hello.ciphers = numbers(in.nested(in.read<std::uint16_t>()));
    in.skip(in.read<std::uint8_t>());  // compression methods
    hello.whole = read_extensions(hello, in, [&](std::uint16_t type) {
        if (!is_grease(type)) hello.extensions.push_back(type);
    });
    return hello;
}

ServerHello parse_server_hello(std::span<const std::byte> body) {
    ByteCursor in(body);
    ServerHello hello;
    hello.version = in.read<std::uint16_t>();
    const auto random = in.take(32);
    hello.retry = std::equal(random.begin(), random.end(), retry_random.begin(), retry_random.end(),
                             [](std::byte a, std::uint8_t b) { return a == std::byte{b}; });
    const auto session = in.take(in.read<std::uint8_t>());
    hello.session_id.assign(session.begin(), session.end());
    hello.cipher = in.read<std::uint16_t>();
    in.skip(1);  // compression method
    hello.whole = read_extensions(hello, in, [](std::uint16_t) {});
    if (hello.version > tls12 && hello.version >> 8U != datagrams) hello.alpn.clear();
    return hello;
}

bool is_full_hello(std::uint32_t length, std::span<const std::byte> body) {
    // Of X25519, X448, the curves, finite fields, ML-KEM and its hybrids: no two are as far apart
    // as the extension of a pre-shared key is long.
    constexpr std::array<std::uint32_t, 14> key_shares{32,  56,   65,   97,   133,  256,  384,
                                                       512, 1024, 1088, 1120, 1153, 1568, 1665};
    constexpr std::uint32_t session_at = 34;
    constexpr std::uint32_t around = 2 + 32 + 1 + 2 + 1 + 2;  // what all hellos have
    constexpr std::uint32_t extensions = 6 + 8;  // supported_versions, and around the key
    if (body.size() <= session_at) return false;
    const auto session = std::to_integer<std::uint32_t>(body[session_at]);
    if (parse_server_hello(body).retry) return false;
    return std::any_of(key_shares.begin(), key_shares.end(), [&](std::uint32_t key) {
        return length == around + session + extensions + key;
    });
}

}  // namespace nspect::capture
