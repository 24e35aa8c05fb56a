// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/tls_tracker.h"

#include <catch2/catch.hpp>

#include "tls_bytes.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;

namespace {

Stream flow(TlsTracker& tracker, std::uint64_t id) {
    return Stream(id, [&](const FlowPayload& payload) { return tracker.see(payload); });
}

std::optional<TlsSeen> described(const TlsTracker& tracker, std::uint64_t id) {
    Sighting sighting;
    sighting.id = id;
    tracker.describe(sighting);
    return sighting.tls;
}

}  // namespace

TEST_CASE("a sighting gets the facts of its own flow until it is forgotten", "[tls]") {
    TlsTracker tracker;
    flow(tracker, 1).client(record(22, client_hello())).server(record(22, server_hello()));
    flow(tracker, 2).client(bytes_of("GET / HTTP/1.1\r\n"));
    REQUIRE(described(tracker, 1));
    CHECK(described(tracker, 1)->sni == "db.shop");
    CHECK_FALSE(described(tracker, 2));
    CHECK_FALSE(described(tracker, 3));
    tracker.forget(1);
    CHECK_FALSE(described(tracker, 1));
}

TEST_CASE("datagrams are watched when they begin a handshake", "[tls]") {
    TlsTracker tracker;
    CHECK_FALSE(tracker.see({.flow = 1, .bytes = {}, .wire_bytes = 10, .protocol = Protocol::udp}));
    CHECK(tracker.flows() == 0);
}

TEST_CASE("when flows are too many the oldest goes first", "[tls]") {
    TlsTracker tracker({.flows = 3});
    for (std::uint64_t id = 1; id <= 5; ++id) {
        flow(tracker, id).client(record(22, client_hello()));
    }
    CHECK(tracker.flows() == 3);
    CHECK(tracker.evicted() == 2);
    CHECK_FALSE(described(tracker, 2));
    CHECK(described(tracker, 5));
}

TEST_CASE("bytes that wait have a limit over all flows", "[tls]") {
    TlsTracker tracker({.held_bytes = 50000});
    for (std::uint64_t id = 1; id <= 20; ++id) {
        flow(tracker, id).client_at(100, Bytes(9000));
        CHECK(tracker.held_bytes() <= 50000);
    }
    CHECK(tracker.evicted() == 15);
    for (std::uint64_t id = 1; id <= 20; ++id) tracker.forget(id);
    CHECK(tracker.held_bytes() == 0);
}
