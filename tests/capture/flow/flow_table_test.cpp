// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/flow_table.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "capture/flow/first_packet.h"
#include "tests/capture/flow/flow_script.h"

using namespace nspect;
using namespace nspect::test;
using capture::FlowLimits;
using capture::FlowTable;

namespace {

PacketBuilder udp(std::string_view src, std::uint16_t sport, std::string_view dst,
                  std::uint16_t dport, std::string_view text = "hello") {
    return packet().eth().ip4(src, dst).udp(sport, dport).payload(text);
}

PacketBuilder syn(std::string_view src, std::uint16_t sport) {
    return packet().eth().ip4(src, "10.0.0.2").tcp(sport, 80).syn().seq(1);
}

/// A packet with no bytes behind it: for tests that need very many.
capture::DecodedPacket bare_syn(std::uint32_t client, std::uint16_t port) {
    capture::DecodedPacket made;
    made.src = IpAddress::v4(client);
    made.dst = IpAddress::v4(0x0a000002);
    made.ip_protocol = 6;
    made.protocol = Protocol::tcp;
    made.src_port = Port{port};
    made.dst_port = Port{80};
    made.tcp_flags = capture::tcp_flag::syn;
    made.tcp_seq = client;
    made.tcp_window = 1000;
    return made;
}

std::vector<std::uint16_t> client_ports(const std::vector<Sighting>& sightings) {
    std::vector<std::uint16_t> ports;
    for (const auto& seen : sightings) ports.push_back(seen.client.port.number);
    return ports;
}

}  // namespace

TEST_CASE("an unchanged flow is given out once, a changed one again under its id", "[flow]") {
    FlowScript script;
    script.add(syn("10.0.0.1", 1000));
    const Sighting first = script.only();
    CHECK_FALSE(first.finished);
    CHECK(script.changed().empty());
    script.add(syn("10.0.0.1", 1000));
    const Sighting second = script.only();
    CHECK(second.id == first.id);
    CHECK(second.sent.packets == 2);
    CHECK(second.first == first.first);
    CHECK(second.last > first.last);
}

TEST_CASE("a flow that was idle too long is given out as finished, by its state", "[flow]") {
    struct Row {
        std::vector<std::string> segments;
        std::int64_t alive_ms, dead_ms;
    };
    const auto row = GENERATE(values<Row>({
        {{"> S 100"}, 70'000, 80'000},
        {{"> S 100", "< SA 500 101", "> A 101 501"}, 10'000'000, 10'900'000},
        {{"> A 101 501 4"}, 10'000'000, 10'900'000},
    }));
    FlowScript script;
    script.tcp(row.segments);
    const auto id = script.only().id;
    script.now = row.alive_ms;
    CHECK(script.changed().empty());
    script.now = row.dead_ms;
    const Sighting ended = script.only();
    CHECK(ended.id == id);
    CHECK(ended.finished);
    CHECK(script.table.live() == 0);
}

TEST_CASE("a packet after the idle time-out begins another flow, whenever flows are taken",
          "[flow]") {
    FlowScript script;
    script.add(udp("10.0.0.1", 1, "10.0.0.2", 9)).wait(100'000);
    script.add(udp("10.0.0.1", 1, "10.0.0.2", 9)).wait(130'000);
    script.add(udp("10.0.0.1", 1, "10.0.0.2", 9));
    const auto sightings = script.changed();
    REQUIRE(sightings.size() == 2);
    CHECK(sightings[0].sent.packets == 2);
    CHECK(sightings[0].finished);
    CHECK(sightings[1].sent.packets == 1);
}

TEST_CASE("live flows stay when only finished ones are taken", "[flow]") {
    FlowScript script;
    script.add(udp("10.0.0.1", 1, "10.0.0.2", 9)).add(syn("10.0.0.1", 1000)).wait(100'000);
    const auto finished = script.table.take_finished(at(script.now));
    CHECK(client_ports(finished) == std::vector<std::uint16_t>{1000});
    CHECK(script.table.live() == 1);
    CHECK(script.only().client.port == Port{1});
}

TEST_CASE("when the table is full the flow idle longest leaves first", "[flow]") {
    FlowScript script(FlowLimits{.flows = 3});
    for (std::uint16_t port = 1001; port <= 1003; ++port) {
        script.add(syn("10.0.0.1", port)).wait(1000);
    }
    script.add(syn("10.0.0.1", 1001)).wait(1000);  // 1002 is now the one idle longest
    script.add(syn("10.0.0.1", 1004)).wait(1000);
    script.add(syn("10.0.0.1", 1005));
    CHECK(script.table.live() == 3);
    CHECK(script.table.stats().evicted == 2);
    const auto gone = script.table.take_finished(at(script.now));
    CHECK(client_ports(gone) == std::vector<std::uint16_t>{1002, 1003});
    CHECK(std::all_of(gone.begin(), gone.end(), [](const auto& s) { return s.finished; }));
}

TEST_CASE("the flow idle longest is found across states", "[flow]") {
    FlowScript script(FlowLimits{.flows = 3});
    script.tcp({"> S 100", "< SA 500 101", "> A 101 501"}).wait(1000);
    script.add(udp("10.0.0.1", 7, "10.0.0.2", 9)).wait(1000).add(syn("10.0.0.1", 1000)).wait(1000);
    script.add(syn("10.0.0.1", 1001));
    const auto gone = script.table.take_finished(at(script.now));
    REQUIRE(gone.size() == 1);
    CHECK(gone[0].outcome == Outcome::established);
}

TEST_CASE("a million flows are held apart and found again", "[flow]") {
    constexpr std::uint32_t count = 1'000'000;
    FlowTable table(FlowLimits{.flows = count});
    for (int round = 0; round < 2; ++round) {
        for (std::uint32_t i = 0; i < count; ++i) {
            auto made = bare_syn(0x0b000000 + i / 16, static_cast<std::uint16_t>(1024 + i % 16));
            table.add(made, 1, at(round * 1000 + i / 1000));
        }
    }
    CHECK(table.live() == count);
    CHECK(table.stats().flows == count);
    CHECK(table.stats().evicted == 0);
}

TEST_CASE("a flood of new flows stays within the bound and every flow is given out", "[flow]") {
    constexpr std::uint32_t count = 200'000;
    FlowTable table(FlowLimits{.flows = 1000});
    std::set<std::uint64_t> ids;
    for (std::uint32_t i = 0; i < count; ++i) {
        auto made = bare_syn(0x0b000000 + i, 1024);
        table.add(made, 1, at(i / 100));
        if (table.waiting() < 4096) continue;
        for (const auto& seen : table.take_finished(at(i / 100))) ids.insert(seen.id);
    }
    CHECK(table.live() == 1000);
    for (const auto& seen : table.take_changed(at(count / 100))) ids.insert(seen.id);
    CHECK(ids.size() == count);
    CHECK(table.stats().evicted == count - 1000);
}

TEST_CASE("the seed changes where keys fall, and nothing that is given out", "[flow]") {
    const auto key = capture::lookup_of(bare_syn(0x0b000001, 1024), 1).key;
    CHECK(capture::hash(key, {1, 2}) != capture::hash(key, {1, 3}));
    CHECK(capture::hash(key, {1, 2}) != capture::hash(key, {2, 2}));
    auto run = [](HashSeed seed) {
        FlowTable table(FlowLimits{.flows = 50}, seed);
        for (std::uint32_t i = 0; i < 500; ++i) {
            auto made = bare_syn(0x0b000000 + i % 80, static_cast<std::uint16_t>(1024 + i % 7));
            table.add(made, i % 3, at(i * 100));
        }
        return table.take_changed(at(50'000));
    };
    CHECK(run({1, 2}) == run({3, 4}));
}

TEST_CASE("keys that differ in one part alone do not fall together", "[flow]") {
    std::set<std::uint64_t> hashes;
    for (std::uint32_t i = 0; i < 20'000; ++i) {
        hashes.insert(capture::hash(capture::lookup_of(bare_syn(0x0b000000 + i, 1), 1).key, {}));
        hashes.insert(capture::hash(
            capture::lookup_of(bare_syn(1, static_cast<std::uint16_t>(i)), 1).key, {}));
        hashes.insert(capture::hash(capture::lookup_of(bare_syn(2, 2), i).key, {}));
    }
    CHECK(hashes.size() == 60'000);
}

TEST_CASE("the same packet at two vantages is two sightings", "[flow]") {
    FlowScript script;
    script.add(syn("10.0.0.1", 1000), 1).add(syn("10.0.0.1", 1000), 2);
    const auto sightings = script.changed();
    REQUIRE(sightings.size() == 2);
    CHECK(sightings[0].vantage == 1);
    CHECK(sightings[1].vantage == 2);
    CHECK(sightings[0].client_isn == sightings[1].client_isn);
}

TEST_CASE("later fragments count for the flow of their datagram", "[flow]") {
    FlowScript script;
    script.add(packet().eth().ip4("10.0.0.1", "10.0.0.2").fragment(7, 0, true).udp(5, 6).zeros(16))
        .add(packet()
                 .eth()
                 .ip4("10.0.0.1", "10.0.0.2")
                 .fragment(7, 24, false)
                 .ip_protocol(17)
                 .zeros(100));
    const Sighting seen = script.only();
    CHECK(seen.sent == Counters{2, 24 + 100});
    CHECK(seen.server.port == Port{6});
}

TEST_CASE("an observer sees payload until it has enough, and describes the flow", "[flow]") {
    std::vector<std::uint32_t> offsets;
    std::vector<std::uint64_t> forgotten;
    capture::PayloadObserver observer{
        .see =
            [&](const capture::FlowPayload& payload) {
                offsets.push_back(payload.sequence - payload.isn - 1);
                return offsets.size() < 2;
            },
        .describe = [](Sighting& seen) { seen.app = "test"; },
        .forget = [&](std::uint64_t id) { forgotten.push_back(id); },
    };
    FlowScript script;
    script.table = FlowTable({}, {}, observer);
    script.tcp({"> S 100", "< SA 500 101", "> A 101 501", "> A 101 501 10", "> A 111 501 10",
                "> A 121 501 10", "> R 131"});
    CHECK(script.only().app == "test");
    CHECK(offsets == std::vector<std::uint32_t>{0, 10});
    script.wait(100'000).changed();
    CHECK(forgotten == std::vector<std::uint64_t>{1});
}
