// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/hello.h"

#include <catch2/catch.hpp>

#include "tls_bytes.h"

using namespace nspect::capture;
using namespace nspect::test;

namespace {

ClientHello parsed(const HelloOptions& options) {
    return parse_client_hello(std::span<const std::byte>(client_hello(options)).subspan(4));
}

}  // namespace

TEST_CASE("a client hello says what it offers, without GREASE", "[tls]") {
    const ClientHello hello =
        parsed({.early_data = true,
                .psk_identity = "sensor-17",
                .more_extensions = extension(0xfe0d, Bytes(9)) + extension(0xbaba, {}) +
                                   extension(19, counted(number(2, 1), 1))});
    CHECK(hello.whole);
    CHECK(hello.sni == "db.shop");
    CHECK(hello.alpn == std::vector<std::string>{"h2"});
    CHECK(hello.versions == std::vector<std::uint16_t>{0x0304});
    CHECK(hello.ciphers == std::vector<std::uint16_t>{0x1301, 0xc02f});
    CHECK(hello.extensions == std::vector<std::uint16_t>{0, 16, 13, 43, 42, 0xfe0d, 19, 41});
    CHECK(hello.early_data);
    CHECK(hello.encrypted_hello);
    CHECK(hello.raw_public_key);
    REQUIRE(hello.psk.size() == 1);
    CHECK(hello.psk[0].length == 9);
    CHECK(hello.psk[0].is_name);
}

TEST_CASE("a client hello cut anywhere is not whole and harms nobody", "[tls]") {
    const Bytes whole = client_hello({.psk_identity = "x"});
    for (std::size_t size = 4; size < whole.size(); ++size) {
        const Bytes cut(whole.begin() + 4, whole.begin() + static_cast<std::ptrdiff_t>(size));
        const ClientHello hello = parse_client_hello(cut);
        // A hello from before extensions ends after its compression methods.
        const std::size_t without_extensions = 4 + 2 + 32 + 33 + 2 + 6 + 2;
        CHECK(hello.whole == (size == without_extensions));
    }
}

TEST_CASE("JA4 counts and sorts what a client offers", "[tls]") {
    const std::string fingerprint = ja4(parsed({}));
    CHECK(fingerprint.substr(0, 11) == "t13d0204h2_");
    // The order of ciphers is not part of it, that of signature algorithms is.
    ClientHello other = parsed({});
    std::swap(other.ciphers[0], other.ciphers[1]);
    std::swap(other.extensions[0], other.extensions[3]);
    CHECK(ja4(other) == fingerprint);
    std::swap(other.signature_algorithms[0], other.signature_algorithms[1]);
    CHECK(ja4(other) != fingerprint);

    // The example of the format's own description.
    ClientHello example;
    example.legacy_version = 0x0303;
    example.versions = {0x0304, 0x0303};
    example.ciphers = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9,
                       0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
    example.extensions = {0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d,
                          0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015};
    example.signature_algorithms = {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601};
    example.alpn = {"h2"};
    CHECK(ja4(example) == "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

TEST_CASE("a server hello says what was agreed", "[tls]") {
    const Bytes bytes = server_hello({.psk_identity = "x"}, 0x1302);
    const ServerHello hello = parse_server_hello(std::span(bytes).subspan(4));
    CHECK(hello.whole);
    CHECK(hello.version == 0x0304);
    CHECK(hello.cipher == 0x1302);
    CHECK(hello.psk);
    CHECK_FALSE(hello.retry);
    const Bytes retry = hello_retry_request();
    CHECK(parse_server_hello(std::span(retry).subspan(4)).retry);
}

TEST_CASE("a ServerHello that was cut shows by its length whether it is of a full handshake",
          "[tls]") {
    std::vector<std::byte> body(53);  // version, random, the session id's length and a part of it
    const auto full = [&](std::uint32_t length) { return is_full_hello(length, body); };
    body[34] = std::byte{32};
    CHECK(full(118));        // X25519
    CHECK(full(151));        // P-256
    CHECK(full(1206));       // X25519MLKEM768
    CHECK_FALSE(full(124));  // with a pre-shared key
    CHECK_FALSE(full(157));
    CHECK_FALSE(full(84));  // a key alone, without a share
    CHECK_FALSE(full(86));  // TLS 1.2
    body[34] = std::byte{0};
    CHECK(full(86));
    CHECK_FALSE(full(92));
    body.resize(34);
    CHECK_FALSE(full(118));
}
