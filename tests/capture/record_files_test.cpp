// SPDX-License-Identifier: Apache-2.0
#include "capture/record_files.h"

#include <map>
#include <thread>

#include <catch2/catch.hpp>

#include "capture/source/scripted.h"
#include "tests/capture/packet_builder.h"

using namespace nspect;
using namespace nspect::test;
using namespace nspect::capture;

namespace {

Timestamp at(std::int64_t ms) {
    return Timestamp{std::chrono::hours(500'000)} + std::chrono::milliseconds(ms);
}

ScriptedPacket scripted(const PacketBuilder& built, std::int64_t ms, std::uint32_t interface = 0) {
    return {built.bytes(), at(ms), built.link(), built.wire_length(), interface};
}

PacketBuilder syn(PacketBuilder link) {
    return link.ip4("10.0.0.1", "10.0.0.2").tcp(1000, 80).syn().seq(1);
}

struct Kept {
    std::map<std::uint64_t, Sighting> sightings;
    std::vector<Vantage> vantages;
    std::vector<Loss> losses;
    RecordingInfo info;
    bool all_final = true;

    BatchSink sink() {
        return [this](const Batch& batch) -> Status {
            all_final = all_final && batch.sightings_are_final;
            for (const auto& seen : batch.sightings) sightings[seen.id] = seen;
            vantages.insert(vantages.end(), batch.vantages.begin(), batch.vantages.end());
            losses.insert(losses.end(), batch.losses.begin(), batch.losses.end());
            if (batch.info) info = *batch.info;
            return done;
        };
    }
};

std::vector<std::unique_ptr<PacketSource>> sources(std::unique_ptr<ScriptedSource> first,
                                                   std::unique_ptr<ScriptedSource> second = {}) {
    std::vector<std::unique_ptr<PacketSource>> all;
    all.push_back(std::move(first));
    if (second) all.push_back(std::move(second));
    return all;
}

}  // namespace

TEST_CASE("each interface of each file is a vantage", "[files]") {
    Kept kept;
    auto one = std::make_unique<ScriptedSource>(
        std::vector{scripted(syn(packet().eth()), 0, 0), scripted(syn(packet().eth()), 1, 1)},
        "one.pcapng", std::vector<SourceInterface>{{"eth0", {}}, {"eth1", {}}});
    auto two = std::make_unique<ScriptedSource>(
        std::vector{scripted(syn(packet().sll2(7)), 2), scripted(syn(packet().sll2(8)), 3)},
        "two.pcap", std::vector<SourceInterface>{{"any", LinkType::linux_sll2}});
    const auto summary = record_sources(sources(std::move(one), std::move(two)), {}, kept.sink());
    CHECK(kept.sightings.size() == 4);
    REQUIRE(kept.vantages.size() == 4);
    CHECK(kept.vantages[0].interface_name == "eth0");
    CHECK(kept.vantages[1].interface_name == "eth1");
    CHECK(kept.vantages[2].interface_name == "if7");
    CHECK(kept.vantages[3].source == "two.pcap");
    CHECK(kept.info.origin == "one.pcapng two.pcap");
    CHECK(kept.info.started == at(0));
    CHECK(kept.info.ended == at(3));
    CHECK(kept.all_final);
    CHECK(summary.packets == 4);
    CHECK(summary.sightings == 4);
}

TEST_CASE("of a damaged file what was whole counts, and the rest is a loss", "[files]") {
    Kept kept;
    auto cut =
        std::make_unique<ScriptedSource>(std::vector{scripted(syn(packet().eth()), 0)}, "cut.pcap");
    cut->fail_at_end({Error::Kind::invalid, "ends inside a packet", {}, "cut.pcap"});
    const auto summary = record_sources(sources(std::move(cut)), {}, kept.sink());
    CHECK(kept.sightings.size() == 1);
    CHECK(summary.limitations.size() == 1);
    REQUIRE(kept.losses.size() == 1);
    CHECK(kept.losses[0].kind == "file");
    CHECK(kept.losses[0].source == "cut.pcap");
}

TEST_CASE("a file that does not exist is an error and nothing is written", "[files]") {
    Kept kept;
    const auto summary = record_files({"/nonexistent.pcap"}, {}, kept.sink());
    REQUIRE_FALSE(summary);
    CHECK(kept.info.origin.empty());
}

TEST_CASE("an idle flow in a file ends by the packets' own time", "[files]") {
    Kept kept;
    auto one = std::make_unique<ScriptedSource>(
        std::vector{scripted(syn(packet().eth()), 0), scripted(syn(packet().eth()), 500'000)},
        "one.pcap");
    record_sources(sources(std::move(one)), {}, kept.sink());
    REQUIRE(kept.sightings.size() == 2);
    CHECK(kept.sightings.at(1).finished);
    CHECK_FALSE(kept.sightings.at(2).finished);
}

TEST_CASE("a store that is slow changes nothing of what is recorded", "[files]") {
    std::vector<ScriptedPacket> packets;
    for (int i = 0; i < 40'000; ++i) {
        const auto port = static_cast<std::uint16_t>(1024 + i);
        packets.push_back(
            scripted(packet().eth().ip4("10.0.0.1", "10.0.0.2").udp(port, 53).payload("?"), i));
    }
    const auto record = [&](bool slow) {
        std::vector<Batch> batches;
        FileRecorderOptions options;
        options.flows.flows = 1000;
        if (slow) options.writer = WriterLimits{.batches = 1, .sightings = 1};
        record_sources(sources(std::make_unique<ScriptedSource>(packets, "one.pcap")), options,
                       [&](const Batch& batch) -> Status {
                           if (slow) std::this_thread::sleep_for(std::chrono::milliseconds(50));
                           batches.push_back(batch);
                           return done;
                       });
        return batches;
    };
    const auto fast = record(false);
    const auto slow = record(true);
    REQUIRE(fast.size() >= 3);
    REQUIRE(slow.size() == fast.size());
    for (std::size_t i = 0; i < fast.size(); ++i) {
        CHECK(slow[i].sightings == fast[i].sightings);
        CHECK(slow[i].losses.size() == fast[i].losses.size());
    }
}
