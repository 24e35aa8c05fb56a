// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/session_memory.h"

#include <catch2/catch.hpp>

#include "capture/tls/handshake.h"
#include "tls_bytes.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;

namespace {

FlowEnds ends(const char* client, std::uint16_t port = 443) {
    return {IpAddress::parse(client).value(), {IpAddress::parse("10.0.0.9").value(), Port{port}}};
}

}  // namespace

TEST_CASE("a session is found again by the bytes it was given", "[tls]") {
    SessionMemory memory;
    const Bytes id = bytes_of("session one");
    SessionMemory::Origin origin;
    origin.client_cert = ClientCert::presented;
    memory.remember(id, origin);
    REQUIRE(memory.find(id));
    CHECK(memory.find(id)->client_cert == ClientCert::presented);
    CHECK_FALSE(memory.find(bytes_of("session two")));
    memory.remember({}, origin);
    CHECK_FALSE(memory.find({}));
}

TEST_CASE("a ticket's length tells its session's kind where it is the only one", "[tls]") {
    SessionMemory memory;
    memory.remember_ticket(ends("10.0.0.1"), 250, ClientCert::not_requested);
    memory.remember_ticket(ends("10.0.0.1"), 762, ClientCert::presented);
    const auto found = [&](const char* client, std::size_t length, std::uint16_t port = 443) {
        return memory.find_ticket(ends(client, port), length);
    };
    CHECK(found("10.0.0.1", 208).client_cert == ClientCert::not_requested);
    CHECK(found("10.0.0.1", 208).confidence == Confidence::high);
    CHECK(found("10.0.0.1", 720).client_cert == ClientCert::presented);
    CHECK(found("10.0.0.2", 720).confidence == Confidence::medium);
    CHECK(found("10.0.0.1", 720, 444).confidence == Confidence::none);
    CHECK(found("10.0.0.1", 500).confidence == Confidence::none);
    // Two tickets in one record.
    CHECK(found("10.0.0.1", 340).client_cert == ClientCert::presented);
    memory.remember_ticket(ends("10.0.0.1"), 255, ClientCert::presented);
    CHECK(found("10.0.0.1", 208).confidence == Confidence::none);
}

TEST_CASE("a resumed session of TLS 1.3 inherits what its ticket's session was", "[tls]") {
    TlsContext context;
    const Bytes ticket(208, std::byte{0xfe});
    Handshake full(&context);
    Stream(1, [&](const FlowPayload& payload) { return full.see(payload); })
        .client(record(22, client_hello()))
        .server(record(22, server_hello()) + ccs() + sealed(900))
        .client(ccs() + sealed(541) + sealed(96) + sealed(53))
        .server(sealed(250) + sealed(250));
    CHECK(full.seen()->client_cert == ClientCert::presented);
    CHECK(full.seen()->acceptance == Acceptance::accepted);
    const auto origin = context.sessions.find_ticket({}, ticket.size());
    CHECK(origin.client_cert == ClientCert::presented);
}

TEST_CASE("an alert in answer to the client's flight, and the end, is a refusal", "[tls]") {
    const unsigned length = GENERATE(19U, 35U, 120U);
    Handshake handshake;
    Stream(1, [&](const FlowPayload& payload) { return handshake.see(payload); })
        .client(record(22, client_hello()))
        .server(record(22, server_hello()) + ccs() + sealed(900))
        .client(ccs() + sealed(25) + sealed(53))
        .server(sealed(length));
    const bool alert = length != 120;
    CHECK(handshake.seen(false)->acceptance ==
          (alert ? Acceptance::unknown : Acceptance::accepted));
    CHECK(handshake.seen(true)->acceptance == (alert ? Acceptance::refused : Acceptance::accepted));
}
