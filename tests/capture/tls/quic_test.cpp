// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/quic.h"

#include <catch2/catch.hpp>

#include "capture/tls/dtls.h"
#include "tls_bytes.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;

namespace {

const Bytes id = number(0x8394c8f03e515708, 8);

Bytes salt(std::uint32_t version) {
    return version == 1 ? number(0x38762cf7, 4) + number(0xf55934b34d179ae6, 8) +
                              number(0xa4c80cadccbb7f0a, 8)
                        : number(0x0dede3de, 4) + number(0xf700a6db819381be, 8) +
                              number(0x6e269dcbf9bd2ed9, 8);
}

QuicKeys client_keys(std::uint32_t version) {
    const Bytes secret = hkdf_extract(salt(version), id);
    return QuicKeys::of(version, 0x1301, hkdf_expand_label("SHA256", secret, "client in", 32));
}

FlowPayload datagram(const Bytes& bytes) {
    return {.flow = 1,
            .bytes = bytes,
            .wire_bytes = static_cast<std::uint32_t>(bytes.size()),
            .protocol = Protocol::udp};
}

}  // namespace

// RFC 9001 A.1 and RFC 9369 A.1.
TEST_CASE("Initial keys are those of the standards' examples", "[quic]") {
    const QuicKeys first = client_keys(1);
    CHECK(hex_of(first.key) == "1f369613dd76d5467730efcbe3b1a22d");
    CHECK(hex_of(first.iv) == "fa044b2f42a3fd3b46fb255c");
    CHECK(hex_of(first.header_key) == "9f50449e04a0e810283a1e9933adedd2");
    const QuicKeys second = client_keys(0x6b3343cf);
    CHECK(hex_of(second.key) == "8b1a0bc121284290a29e0971b5cd045d");
    CHECK(hex_of(second.iv) == "91f73e2351d8fa91660e909f");
    CHECK(hex_of(second.header_key) == "45b95e15235d6f45a6b19cbcb0294ba9");
}

TEST_CASE("pieces of a handshake are put in order", "[quic]") {
    CryptoStream stream;
    stream.add(3, bytes_of("defg"));
    CHECK(stream.take().empty());
    CHECK(stream.held() == 4);
    stream.add(0, bytes_of("abcd"));
    CHECK(stream.take() == bytes_of("abcdefg"));
    stream.add(2, bytes_of("cde"));
    CHECK(stream.take().empty());
    CHECK(stream.held() == 0);
    stream.add(1U << 20U, bytes_of("x"));
    CHECK(stream.held() == 0);
}

TEST_CASE("what does not begin as QUIC or DTLS does is left alone", "[quic]") {
    CHECK_FALSE(QuicHandshake::begins({}));
    CHECK_FALSE(QuicHandshake::begins(bytes_of("GET / HTTP/1.1")));
    CHECK(QuicHandshake::begins(number(0xc000000001, 5) + counted(id, 1)));
    CHECK_FALSE(QuicHandshake::begins(number(0xc0000000ff, 5) + counted(id, 1)));
    CHECK_FALSE(DtlsHandshake::begins({}));
    CHECK_FALSE(DtlsHandshake::begins(record(22, client_hello())));
}

TEST_CASE("a DTLS hello is read from its fragments", "[dtls]") {
    // The body of the hello, with a cookie behind the session id, which is empty.
    Bytes hello = client_hello();
    Bytes body(hello.begin() + 4, hello.end());
    const std::size_t session = std::to_integer<std::size_t>(body[34]);
    body.insert(body.begin() + 35 + static_cast<std::ptrdiff_t>(session), std::byte{0});
    body[0] = std::byte{0xfe};
    body[1] = std::byte{0xfd};
    const auto fragment = [&](std::size_t from, std::size_t to) {
        const Bytes part(body.begin() + static_cast<std::ptrdiff_t>(from),
                         body.begin() + static_cast<std::ptrdiff_t>(to));
        const Bytes message = number(1, 1) + number(body.size(), 3) + number(0, 2) +
                              number(from, 3) + counted(part, 3);
        return number(22, 1) + number(0xfefd, 2) + number(0, 8) + counted(message, 2);
    };
    DtlsHandshake handshake(nullptr);
    const Bytes first = fragment(0, 40);
    CHECK(DtlsHandshake::begins(first));
    CHECK(handshake.see(datagram(first)));
    CHECK_FALSE(handshake.seen(false));
    CHECK(handshake.see(datagram(fragment(40, body.size()))));
    REQUIRE(handshake.seen(false));
    CHECK(handshake.seen(false)->sni == "db.shop");
    CHECK(handshake.seen(false)->transport == TlsTransport::datagram);
    CHECK(handshake.seen(false)->ja4.starts_with("d"));
}
