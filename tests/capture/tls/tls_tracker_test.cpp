// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/tls_tracker.h"

#include <random>

#include <catch2/catch.hpp>

#include "capture/decode/decode.h"
#include "tests/capture/packet_builder.h"
#include "tls_bytes.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;

namespace {

Stream flow(TlsTracker& tracker, std::uint64_t id) {
    return Stream(id, [&](const FlowPayload& payload) { return tracker.see(payload); });
}

Shared<TlsSeen> described(const TlsTracker& tracker, std::uint64_t id) {
    Sighting sighting;
    sighting.id = id;
    tracker.describe(sighting);
    return sighting.tls;
}

/// Segments of both directions as networks deliver them: in order, lost, early, once more; text,
/// and in two of three flows what begins TLS.
class RandomFlow {
public:
    explicit RandomFlow(unsigned seed) : random_(seed), plaintext_(seed % 3 == 0) {}

    FlowPayload next() {
        const std::size_t side = below(2);
        const bool text = plaintext_ || below(6) != 0;
        bytes_ = text ? Bytes(below(1500), std::byte{'a'}) : hello(side);
        if (!plaintext_ && below(20) == 0) bytes_.insert(bytes_.begin(), below(40), std::byte{22});
        if (below(12) == 0) at_[side] += 30;
        if (below(12) == 0) at_[side] -= 200;
        const FlowPayload payload{
            .flow = 1,
            .direction = side == 0 ? Direction::sent : Direction::received,
            .from_client = side == 0,
            .sequence = at_[side],
            .isn = at_[side] - 1,
            .isn_known = below(4) == 0,
            .bytes = std::span(bytes_).first(bytes_.size() - below(bytes_.size() / 8 + 1)),
            .wire_bytes = static_cast<std::uint32_t>(bytes_.size())};
        at_[side] += payload.wire_bytes;
        return payload;
    }

private:
    std::size_t below(std::size_t n) { return random_() % n; }
    Bytes hello(std::size_t side) {
        if (below(3) == 0) return bytes_of("GET / HTTP/1.1\r\nAuthorization: Basic eA==\r\n\r\n");
        return record(22, side == 0 ? client_hello() : server_hello());
    }

    std::mt19937 random_;
    bool plaintext_;  ///< throughout
    Bytes bytes_;
    std::uint32_t at_[2] = {0xffffff00, 5000};
};

}  // namespace

TEST_CASE("a note kept with the flow changes nothing of what is found", "[tls]") {
    std::size_t with_tls = 0;
    std::size_t without = 0;
    for (unsigned seed = 1; seed <= 3000; ++seed) {
        CAPTURE(seed);
        TlsTracker plain;
        TlsTracker noting;
        ObserverNote note;
        RandomFlow made(seed);
        bool more = true;
        for (int i = 0; i < 40 && more; ++i) {
            FlowPayload payload = made.next();
            more = plain.see(payload);
            payload.note = &note;
            REQUIRE(noting.see(payload) == more);
            Sighting expected;
            expected.id = 1;
            expected.app = "http";
            Sighting seen = expected;
            plain.describe(expected);
            noting.describe(seen);
            REQUIRE(seen == expected);
        }
        with_tls += described(noting, 1) ? 1 : 0;
        without += noting.flows() == 0 ? 1 : 0;
    }
    CHECK(with_tls > 300);
    CHECK(without > 10);
}

TEST_CASE("of a flow without TLS nothing is kept", "[tls]") {
    TlsTracker tracker;
    auto plain = flow(tracker, 1);
    for (int i = 0; i < 16; ++i) plain.client(Bytes(1024, std::byte{'a'}));
    CHECK(tracker.flows() == 0);
    CHECK(plain.wants_more());
    plain.client(Bytes(1, std::byte{'a'}));
    CHECK_FALSE(plain.wants_more());
    CHECK(tracker.flows() == 0);
}

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

TEST_CASE("when the client turns out to be the other end, each side's bytes stay its own",
          "[tls]") {
    TlsTracker tracker;
    FlowTable table({}, {}, tracker.observer());
    Timestamp now{std::chrono::hours(500'000)};
    std::uint32_t at[2] = {1000, 900'000};
    const auto says = [&](bool client, const Bytes& bytes) {
        auto built = packet();
        client ? built.ip4("10.0.0.1", "10.0.0.2").tcp(900, 40000)  // as if it were a server
               : built.ip4("10.0.0.2", "10.0.0.1").tcp(40000, 900);
        built.ack(1).seq(at[client ? 0 : 1]).payload(bytes);
        at[client ? 0 : 1] += static_cast<std::uint32_t>(bytes.size());
        const auto raw = built.bytes();
        auto decoded = decode(raw, built.wire_length(), built.link());
        table.add(decoded, 1, now += std::chrono::milliseconds(1));
    };
    says(false, bytes_of("hello, who is there?"));
    says(true, bytes_of("it is me, and I would like to talk"));
    SECTION("by what it says before TLS") {
        says(true, bytes_of("EHLO me\r\n"));
        says(false, bytes_of("250-STARTTLS\r\n"));
        says(true, bytes_of("STARTTLS\r\n"));
        says(false, bytes_of("220 ready\r\n"));
    }
    SECTION("by its hello") {}
    says(true, record(22, client_hello()));
    says(false, record(22, server_hello()));
    const auto seen = table.take_changed(now);
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].client.port == Port{900});
    REQUIRE(seen[0].tls);
    CHECK(seen[0].tls->sni == "db.shop");
    CHECK(seen[0].tls->version == 0x0304);
}

TEST_CASE("a login in the packet that shows who the client is, is the client's", "[tls]") {
    TlsTracker tracker;
    FlowTable table({}, {}, tracker.observer());
    const Timestamp now{std::chrono::hours(500'000)};
    const auto request = packet()
                             .ip4("10.0.0.1", "10.0.0.2")
                             .tcp(900, 40000)
                             .ack(1)
                             .payload("GET / HTTP/1.1\r\nAuthorization: Basic eA==\r\n\r\n");
    const auto raw = request.bytes();
    auto decoded = decode(raw, request.wire_length(), request.link());
    table.add(decoded, 1, now);
    CHECK(table.take_changed(now).at(0).app == "http-basic");
}
