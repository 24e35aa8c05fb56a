// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/handshake.h"

#include <catch2/catch.hpp>

#include "tls_bytes.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;

namespace {

Stream stream(Handshake& handshake) {
    return Stream(1, [&](const FlowPayload& payload) { return handshake.see(payload); });
}

const Bytes hello = record(22, client_hello());
const Bytes answer = record(22, server_hello()) + ccs() + sealed(900);
const Bytes one_way_flight = ccs() + sealed(53);
const Bytes mutual_flight = ccs() + sealed(541) + sealed(96) + sealed(53);

TlsSeen seen_in(const Handshake& handshake) {
    const auto seen = handshake.seen();
    REQUIRE(seen);
    return *seen;
}

const HelloOptions old{.tls13 = false};
Bytes old_server_flight(bool asks) {
    Bytes flight = server_hello(old, 0xc02f) + message(11, counted({}, 3)) + message(12, Bytes(70));
    if (asks) flight = flight + message(13, Bytes(12));
    return record(22, flight + message(14, {}));
}

}  // namespace

TEST_CASE("a handshake of TLS 1.3 is judged by the client's record lengths", "[tls]") {
    Handshake handshake;
    stream(handshake).client(hello).server(answer).client(mutual_flight);
    const TlsSeen seen = seen_in(handshake);
    CHECK(seen.version == 0x0304);
    CHECK(seen.cipher == 0x1301);
    CHECK(seen.sni == "db.shop");
    CHECK(seen.alpn == "h2");
    CHECK(seen.client_cert == ClientCert::presented);
    CHECK(seen.evidence == TlsEvidence::sizes);
    CHECK(seen.confidence == Confidence::high);
    CHECK_FALSE(seen.resumed);
}

TEST_CASE("segments of any size give the same facts", "[tls]") {
    const auto size = GENERATE(1U, 2U, 5U, 6U, 7U, 53U);
    Handshake handshake;
    Stream flow = stream(handshake);
    const auto in_pieces = [&](const Bytes& bytes, auto send) {
        for (std::size_t i = 0; i < bytes.size(); i += size) {
            const std::size_t end = std::min<std::size_t>(bytes.size(), i + size);
            send(Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                       bytes.begin() + static_cast<std::ptrdiff_t>(end)));
        }
    };
    in_pieces(hello, [&](const Bytes& piece) { flow.client(piece); });
    in_pieces(answer, [&](const Bytes& piece) { flow.server(piece); });
    in_pieces(mutual_flight, [&](const Bytes& piece) { flow.client(piece); });
    CHECK(seen_in(handshake).client_cert == ClientCert::presented);
    CHECK(seen_in(handshake).sni == "db.shop");
}

TEST_CASE("segments out of order and sent again change nothing", "[tls]") {
    Handshake handshake;
    Stream flow = stream(handshake);
    const Bytes all = hello + mutual_flight;
    const std::size_t cut = 40;
    const Bytes first(all.begin(), all.begin() + cut);
    const Bytes rest(all.begin() + cut, all.end());
    flow.server(answer).client_at(cut, rest).client_at(0, first);
    flow.client_at(0, all).client_at(10, first);
    CHECK(seen_in(handshake).client_cert == ClientCert::presented);
    CHECK(handshake.held() == 0);
}

TEST_CASE("bytes cut by the snap length are stepped over inside a record", "[tls]") {
    Handshake handshake;
    stream(handshake)
        .client(hello)
        .server(answer, 150)
        .client(ccs() + sealed(541), 40)
        .client(sealed(96), 11)
        .client(sealed(53), 11);
    CHECK(seen_in(handshake).client_cert == ClientCert::presented);
}

TEST_CASE("TLS after plaintext is found", "[tls]") {
    const Bytes ldap = number(0x301d, 2) + number(0x0201017718, 5) + number(0x8016, 2) +
                       bytes_of("1.3.6.1.4.1.1466.20037");
    const Bytes mysql = number(0x20000001, 4) + number(0x050fa27b, 4) + Bytes(28);
    const auto [protocol, asks, agrees] = GENERATE_COPY(table<std::string, Bytes, std::string>({
        {"PostgreSQL", number(8, 4) + number(0x04d2162f, 4), "S"},
        {"MySQL", mysql, ""},
        {"SMTP", bytes_of("EHLO me\r\nSTARTTLS\r\n"), "220 go ahead\r\n"},
        {"IMAP", bytes_of("a STARTTLS\r\n"), "a OK\r\n"},
        {"POP3", bytes_of("STLS\r\n"), "+OK\r\n"},
        {"LDAP", ldap, "0\x0c\x02\x01\x01x\x07\n\x01"},
        {"FTP", bytes_of("AUTH TLS\r\n"), "234 AUTH TLS successful\r\n"},
        {"XMPP", bytes_of("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"), "<proceed/>"},
        {"AMQP", bytes_of("AMQP\x02\x01") + Bytes(2), "AMQP\x02\x01"},
        {"what looks like it", bytes_of("\x16\x03\x01"), "not yet"},
    }));
    INFO(protocol);
    Handshake handshake;
    stream(handshake)
        .client(asks)
        .server(bytes_of(agrees))
        .client(hello)
        .server(answer)
        .client(one_way_flight);
    CHECK(seen_in(handshake).client_cert == ClientCert::not_requested);
}

TEST_CASE("a MySQL request for TLS may share its segment with the hello", "[tls]") {
    const Bytes request = number(0x20000001, 4) + number(0x050fa27b, 4) + Bytes(28);
    Handshake handshake;
    stream(handshake).server(bytes_of("8.0")).client(request + hello).server(answer);
    CHECK(seen_in(handshake).sni == "db.shop");
}

TEST_CASE("the flight that counts follows the second hello after a retry", "[tls]") {
    Handshake handshake;
    stream(handshake)
        .client(hello)
        .server(record(22, hello_retry_request()) + ccs())
        .client(ccs() + hello)
        .server(answer)
        .client(sealed(25) + sealed(53));
    const TlsSeen seen = seen_in(handshake);
    CHECK(seen.hello_retry);
    CHECK(seen.client_cert == ClientCert::declined);
}

TEST_CASE("a pre-shared key is a resumption unless it has a name", "[tls]") {
    const auto [identity, resumed] = GENERATE(table<std::string, bool>({
        {std::string(192, '\x8f'), true},
        {std::string("\x01\x02\x03 ticket", 10), true},
        {"sensor-17", false},
    }));
    const HelloOptions options{.psk_identity = identity};
    Handshake handshake;
    stream(handshake)
        .client(record(22, client_hello(options)))
        .server(record(22, server_hello(options)) + sealed(80))
        .client(one_way_flight);
    CHECK(seen_in(handshake).resumed == resumed);
    CHECK(seen_in(handshake).client_cert == ClientCert::unknown);
    CHECK(seen_in(handshake).confidence == Confidence::none);
}

TEST_CASE("nothing is claimed where early data may hide the flight", "[tls]") {
    Handshake handshake;
    stream(handshake)
        .client(record(22, client_hello({.early_data = true, .psk_identity = "\xff\xfe"})))
        .client(sealed(700))
        .server(answer)
        .client(sealed(700) + sealed(53));
    CHECK(seen_in(handshake).client_cert == ClientCert::unknown);
}

TEST_CASE("TLS 1.2 tells from messages in clear", "[tls]") {
    const Bytes key = message(16, Bytes(66));
    const Bytes none = message(11, counted({}, 3));
    const Bytes some = message(11, counted(counted(Bytes(300), 3), 3));
    const Bytes verify = message(15, Bytes(74));
    const auto [asks, flight, expected] = GENERATE_COPY(table<bool, Bytes, ClientCert>({
        {false, key, ClientCert::not_requested},
        {true, none + key, ClientCert::declined},
        {true, some + key + verify, ClientCert::presented},
        {true, some + key, ClientCert::unknown},
        {true, some, ClientCert::unknown},
    }));
    Handshake handshake;
    stream(handshake)
        .client(record(22, client_hello(old)))
        .server(old_server_flight(asks))
        .client(record(22, flight) + ccs() + record(22, Bytes(40)));
    const TlsSeen seen = seen_in(handshake);
    CHECK(seen.version == 0x0303);
    CHECK(seen.client_cert == expected);
    CHECK((seen.confidence == Confidence::certain) == (expected != ClientCert::unknown));
    CHECK_FALSE(seen.resumed);
}

TEST_CASE("TLS 1.2 resumes when the server's keys change right after its hello", "[tls]") {
    Handshake handshake;
    stream(handshake)
        .client(record(22, client_hello(old)))
        .server(record(22, server_hello(old, 0xc02f)) + ccs() + record(22, Bytes(40)))
        .client(ccs() + record(22, Bytes(40)));
    CHECK(seen_in(handshake).resumed);
    CHECK(seen_in(handshake).client_cert == ClientCert::unknown);
}

TEST_CASE("a renegotiation out of sight takes the verdict back", "[tls]") {
    Handshake handshake;
    stream(handshake)
        .client(record(22, client_hello(old)))
        .server(old_server_flight(false))
        .client(record(22, message(16, Bytes(66))) + ccs() + record(22, Bytes(40)))
        .client(sealed(100) + record(22, Bytes(600)));
    CHECK(seen_in(handshake).client_cert == ClientCert::unknown);
}

TEST_CASE("a fatal alert in clear is kept, a warning and a sealed one are not", "[tls]") {
    const auto [body, client] = GENERATE(table<Bytes, int>({
        {number(0x0230, 2), 48},
        {number(0x0170, 2), 0},
        {Bytes(24, std::byte{2}), 0},
    }));
    Handshake handshake;
    stream(handshake).client(hello).server(answer).client(record(21, body));
    CHECK(seen_in(handshake).client_alert == client);
    CHECK(seen_in(handshake).client_cert == ClientCert::unknown);

    Handshake refused;
    stream(refused).client(hello).server(record(21, number(0x0228, 2)));
    CHECK(seen_in(refused).server_alert == 40);
}

TEST_CASE("what is not TLS is left alone after 16 KiB", "[tls]") {
    Handshake handshake;
    Stream flow = stream(handshake);
    for (int i = 0; i < 20 && flow.wants_more(); ++i) {
        flow.client(bytes_of("\x16\x03\x01\x02 no record, and so on") + Bytes(1000));
    }
    CHECK_FALSE(flow.wants_more());
    CHECK_FALSE(handshake.seen());
    CHECK(handshake.held() == 0);
}

TEST_CASE("hostile lengths end the reading and hold nothing", "[tls]") {
    const auto bytes = GENERATE(record(22, number(0x01ffffff, 4) + Bytes(3000)),
                                record(22, client_hello()) + number(0x16030fffff, 5),
                                record(22, message(1, Bytes(10))), record(22, number(1, 1)));
    Handshake handshake;
    Stream flow = stream(handshake);
    flow.client(bytes);
    for (int i = 0; i < 100; ++i) flow.client(record(22, Bytes(16000)));
    CHECK(handshake.held() <= 65536 * 2);
    const auto seen = handshake.seen();
    CHECK((!seen || seen->client_cert == ClientCert::unknown));
}
