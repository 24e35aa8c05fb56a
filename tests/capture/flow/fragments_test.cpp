// SPDX-License-Identifier: Apache-2.0
// What is only in fragments: an answer to DNS, a segment, a tunnel.
#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include "tests/capture/flow/flow_script.h"
#include "tests/capture/flow/shared_captures.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;

namespace {

/// The IP payload of a packet that starts with a 20 byte IPv4 header.
std::vector<std::byte> payload_of(const PacketBuilder& packet) {
    const auto bytes = packet.bytes();
    return {bytes.begin() + 20, bytes.end()};
}

/// Sends it in parts of `size`.
void add_in_parts(FlowScript& script, const PacketBuilder& whole, std::uint8_t protocol,
                  const char* from, const char* to, std::size_t size, std::uint32_t id = 9) {
    const auto bytes = payload_of(whole);
    for (std::size_t at = 0; at < bytes.size(); at += size) {
        const auto part = std::span(bytes).subspan(at, std::min(size, bytes.size() - at));
        script.add(packet()
                       .ip4(from, to)
                       .ip_protocol(protocol)
                       .fragment(id, static_cast<std::uint16_t>(at), at + size < bytes.size())
                       .payload(part));
    }
}

PacketBuilder answer() {
    return packet()
        .ip4("10.0.0.2", "10.0.0.1")
        .udp(53, 40000)
        .payload({0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 2, 'd', 'b', 0, 0, 1, 0, 1})
        .payload({0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 1, 2, 3});
}

}  // namespace

TEST_CASE("a DNS answer in fragments names its addresses", "[fragments]") {
    FlowScript script;
    add_in_parts(script, answer(), 17, "10.0.0.2", "10.0.0.1", 24);
    const auto names = script.table.take_names();
    REQUIRE(names.size() == 1);
    CHECK(names[0].name == "db");
    CHECK(to_string(names[0].address) == "10.1.2.3");
    CHECK(script.only().received.packets + script.table.stats().unresolved_fragments == 2);
}

TEST_CASE("a segment in fragments is read whole, once, and no retransmit", "[fragments]") {
    std::vector<std::string> seen;
    PayloadObserver observer{.see =
                                 [&](const FlowPayload& payload) {
                                     seen.emplace_back(
                                         reinterpret_cast<const char*>(payload.bytes.data()),
                                         payload.bytes.size());
                                     return true;
                                 },
                             .describe = [](Sighting&) {},
                             .forget = [](std::uint64_t) {}};
    FlowScript script;
    script.table = FlowTable({}, {}, observer);
    script.tcp({"> S 100", "< SA 500 101", "> A 101 501"});
    const std::string request = "GET /" + std::string(200, 'x') + " HTTP/1.1\r\n\r\n";
    add_in_parts(
        script,
        packet().ip4("10.0.0.1", "10.0.0.2").tcp(40000, 80).seq(101).ack(501).payload(request), 6,
        "10.0.0.1", "10.0.0.2", 64);
    script.tcp({"> A " + std::to_string(101 + request.size()) + " 501 10"});
    CHECK(seen.front() == request);
    const Sighting sighting = script.only();
    CHECK(sighting.app == "http");
    CHECK(sighting.retransmits == 0);
    CHECK(sighting.reordered == 0);
    CHECK(sighting.sent.bytes == 20 + 20 + 20 + request.size() + 30);
}

TEST_CASE("the packet inside a tunnel in fragments is found", "[fragments]") {
    FlowScript script;
    add_in_parts(script,
                 packet()
                     .ip4("192.0.2.1", "192.0.2.2")
                     .udp(50000, 4789)
                     .payload({8, 0, 0, 0, 0, 0, 42, 0})
                     .eth()
                     .ip4("10.0.0.1", "10.0.0.2")
                     .tcp(40000, 80)
                     .syn()
                     .seq(5)
                     .payload(std::string(100, 'x')),
                 17, "192.0.2.1", "192.0.2.2", 48);
    const auto sightings = script.changed();
    REQUIRE(sightings.size() == 2);
    CHECK(sightings[0].sent.packets == 4);
    CHECK(sightings[1].client_isn == 5U);
    REQUIRE(sightings[1].tunnel);
    CHECK(sightings[1].tunnel->id == 42);
}

TEST_CASE("DNS answers in IPv6 fragments are named in a public capture", "[fragments][shared]") {
    const auto file = shared_captures("public") / "zeek__ipv6-fragmented-dns.pcap";
    if (!std::filesystem::exists(file)) return;
    auto source = open_file(file.string());
    REQUIRE(source);
    FlowTable table;
    std::size_t answered = 0;
    while (!(*source)->finished()) {
        REQUIRE((*source)->read(100, [&](const RawPacket& raw) {
            auto packet = decode(raw.data, raw.wire_length, raw.link);
            table.add(packet, 1, raw.time);
        }));
    }
    for (const Sighting& each : table.take_changed({})) {
        answered += each.app == "dns" && each.outcome == Outcome::established ? 1 : 0;
    }
    CHECK(answered == 2);
}
