// SPDX-License-Identifier: Apache-2.0
// Floods with made-up senders: bounded, counted, and the real conversations stay what they are.
#include <map>

#include <catch2/catch.hpp>

#include "capture/flow/flow_table.h"
#include "tests/capture/flow/flow_script.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;

namespace {

constexpr std::size_t limit = 1000;
constexpr std::uint32_t conversations = 200;

DecodedPacket tcp_packet(std::uint32_t from, std::uint16_t port, std::uint8_t flags) {
    DecodedPacket packet;
    packet.src = IpAddress::v4(from);
    packet.dst = IpAddress::v4(0x0a000001);
    packet.ip_protocol = 6;
    packet.protocol = Protocol::tcp;
    packet.src_port = Port{port};
    packet.dst_port = Port{443};
    packet.tcp_flags = flags;
    packet.tcp_window = 1000;
    packet.ip_payload_bytes = 20;
    return packet;
}

DecodedPacket reversed(DecodedPacket packet) {
    std::swap(packet.src, packet.dst);
    std::swap(packet.src_port, packet.dst_port);
    std::swap(packet.tcp_seq, packet.tcp_ack);
    return packet;
}

/// One conversation's packet by its place: SYN, SYN-ACK, ACK, then data of 10 bytes each.
DecodedPacket step(std::uint32_t client, std::uint32_t at) {
    using namespace tcp_flag;
    if (at == 0) return tcp_packet(client, 40000, syn);
    auto packet = tcp_packet(client, 40000, ack);
    packet.tcp_seq = at <= 2 ? 1 : 1 + (at - 3) * 10;
    packet.tcp_ack = 1;
    if (at == 1) {
        packet = reversed(packet);
        packet.tcp_flags = syn | ack;
        packet.tcp_seq = 0;
        packet.tcp_ack = 1;
    }
    if (at > 2) {
        packet.payload_bytes = 10;
        packet.ip_payload_bytes = 30;
    }
    return packet;
}

struct Flooded {
    std::map<std::uint64_t, Sighting> sightings;  ///< the last of each id
    FlowTable table{FlowLimits{.flows = limit}};
    std::int64_t microseconds = 0;

    Timestamp now() const { return at(0) + std::chrono::microseconds(microseconds); }
    void add(DecodedPacket packet) {
        table.add(packet, 1, now());
        ++microseconds;
        if (table.waiting() >= limit) keep(table.take_finished(now()));
        REQUIRE(table.live() <= limit);
    }
    void keep(const std::vector<Sighting>& taken) {
        for (const Sighting& each : taken) sightings[each.id] = each;
    }
};

}  // namespace

TEST_CASE("a flood does not disturb conversations, and stays within the bound", "[flood]") {
    const bool udp = GENERATE(false, true);
    Flooded run;
    for (std::uint32_t at = 0; at < 3; ++at) {
        for (std::uint32_t i = 0; i < conversations; ++i) run.add(step(0x0a010000 + i, at));
    }
    std::uint32_t spoofed = 0x20000000;
    for (std::uint32_t at = 3; at < 13; ++at) {
        for (int i = 0; i < 20'000; ++i) {
            auto packet = tcp_packet(spoofed++, 1234, tcp_flag::syn);
            if (udp) {
                packet.ip_protocol = 17;
                packet.protocol = Protocol::udp;
            }
            run.add(packet);
        }
        for (std::uint32_t i = 0; i < conversations; ++i) run.add(step(0x0a010000 + i, at));
    }
    run.keep(run.table.take_changed(run.now()));
    std::size_t whole = 0;
    for (const auto& [_, s] : run.sightings) {
        whole += s.outcome == Outcome::established && s.sent.packets == 12 ? 1 : 0;
    }
    CHECK(whole == conversations);
    CHECK(run.sightings.size() == conversations + 200'000);
    CHECK(run.table.stats().evicted == run.sightings.size() - run.table.live());
}

TEST_CASE("keys made to fall together under one seed do not under another", "[flood]") {
    // The table starts with 1024 places: clients whose hash ends alike under the default seed.
    std::vector<std::uint32_t> clients;
    for (std::uint32_t i = 0; clients.size() < 200; ++i) {
        const auto key = lookup_of(tcp_packet(0x30000000 + i, 1, 0), 1).key;
        if ((hash(key, HashSeed{}) & 1023) == 7) clients.push_back(0x30000000 + i);
    }
    std::map<std::uint64_t, int> places;
    for (const auto client : clients) {
        const auto key = lookup_of(tcp_packet(client, 1, 0), 1).key;
        ++places[hash(key, HashSeed{0x123456789abcdef1, 0xfedcba987654321f}) & 1023];
    }
    int most = 0;
    for (const auto& [_, count] : places) most = std::max(most, count);
    CHECK(most < 6);
}
