// SPDX-License-Identifier: Apache-2.0
// A recording of files, read by one thread and counted by another, against the same packets counted
// one by one.
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include <catch2/catch.hpp>

#include "capture/pipeline.h"
#include "capture/record_files.h"
#include "capture/source/capture_file.h"
#include "capture/source/scripted.h"
#include "capture/tls/tls_tracker.h"
#include "tests/capture/flow/shared_captures.h"
#include "tests/capture/os/temp_folder.h"
#include "tests/capture/packet_builder.h"
#include "tests/capture/source/capture_bytes.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;

namespace {

constexpr std::size_t no_alone = 0;  // every file is read ahead by a thread, however small it is

struct Recorded {
    std::vector<Batch> batches;
    std::map<std::uint64_t, Sighting> sightings;
    std::vector<std::string> heard;  ///< what the callbacks were called with, in order
    RecordingSummary summary;
    std::string thrown;
};

/// A TLS tracker whose calls are written down.
class Listener {
public:
    explicit Listener(std::vector<std::string>& heard) : heard_(heard) {}

    PayloadObserver observer() {
        PayloadObserver inner = tls_.observer();
        inner.see = [this, see = inner.see](const FlowPayload& payload) {
            heard_.push_back(std::to_string(payload.flow) + ":" + std::to_string(payload.sequence));
            return see(payload);
        };
        return inner;
    }
    SecretsCallback secrets() {
        return [this](std::string_view key_log) {
            heard_.emplace_back(key_log);
            tls_.add_secrets(key_log);
        };
    }

private:
    std::vector<std::string>& heard_;
    TlsTracker tls_;
};

using Sources = std::vector<std::unique_ptr<PacketSource>>;

Recorded record_all(Sources sources, FlowLimits limits = {}, WriterLimits writer = {},
                    Duration store_takes = {}) {
    Recorded recorded;
    Listener listener(recorded.heard);
    FileRecorderOptions options;
    options.flows = limits;
    options.writer = writer;
    options.observer = listener.observer();
    options.secrets = listener.secrets();
    options.read_alone = no_alone;
    try {
        recorded.summary =
            record_sources(std::move(sources), std::move(options), [&](const Batch& batch) {
                std::this_thread::sleep_for(store_takes);
                recorded.batches.push_back(batch);
                for (const Sighting& each : batch.sightings) recorded.sightings[each.id] = each;
                return done;
            });
    } catch (const std::exception& error) {
        recorded.thrown = error.what();
    }
    return recorded;
}

/// Packet by packet, on one thread, and nothing given out before the end.
Recorded count_one_by_one(Sources sources) {
    Recorded recorded;
    Listener listener(recorded.heard);
    Pipeline pipeline({}, {}, listener.observer());
    Batch all;
    std::map<std::pair<std::size_t, std::uint64_t>, std::uint32_t> vantages;
    Timestamp first = Timestamp::max();
    Timestamp last{};
    for (std::size_t at = 0; at < sources.size(); ++at) {
        PacketSource& source = *sources[at];
        source.on_secrets(listener.secrets());
        while (!source.finished()) {
            const auto got = source.read(100, [&](const RawPacket& raw) {
                auto packet = Pipeline::understand(raw);
                const std::uint64_t interface =
                    (std::uint64_t{raw.interface_id} << 32U) | packet.interface_index;
                const auto id = static_cast<std::uint32_t>(vantages.size() + 1);
                const auto vantage = vantages.try_emplace({at, interface}, id).first->second;
                pipeline.count(packet, vantage, raw.time);
                last = raw.time;
                first = std::min(first, last);
            });
            if (!got) recorded.summary.limitations.push_back({got.error(), 1});
        }
    }
    all.sightings = pipeline.table().take_changed(last);
    pipeline.take_counts(all, first, last);
    for (const Sighting& each : all.sightings) recorded.sightings[each.id] = each;
    recorded.summary.packets = pipeline.packets();
    recorded.batches.push_back(std::move(all));
    return recorded;
}

template <class Row>
std::vector<Row> all_of(const Recorded& recorded, std::vector<Row> Batch::*rows) {
    std::vector<Row> all;
    for (const Batch& each : recorded.batches) {
        all.insert(all.end(), (each.*rows).begin(), (each.*rows).end());
    }
    return all;
}

void check_same_facts(const Recorded& a, const Recorded& b) {
    CHECK(a.sightings == b.sightings);
    CHECK(a.heard == b.heard);
    CHECK(a.summary.packets == b.summary.packets);
    CHECK(a.summary.limitations.size() == b.summary.limitations.size());
    CHECK(all_of(a, &Batch::names) == all_of(b, &Batch::names));
    CHECK(all_of(a, &Batch::name_failures) == all_of(b, &Batch::name_failures));
    CHECK(all_of(a, &Batch::packet_counts) == all_of(b, &Batch::packet_counts));
}

void check_same_batches(const Recorded& a, const Recorded& b) {
    REQUIRE(a.batches.size() == b.batches.size());
    for (std::size_t i = 0; i < a.batches.size(); ++i) {
        CHECK(a.batches[i].info == b.batches[i].info);
        CHECK(a.batches[i].vantages == b.batches[i].vantages);
        CHECK(a.batches[i].sightings == b.batches[i].sightings);
        CHECK(a.batches[i].losses == b.batches[i].losses);
    }
    check_same_facts(a, b);
}

Sources files(const std::vector<std::string>& paths) {
    Sources sources;
    for (const std::string& path : paths) {
        if (auto source = open_file(path)) sources.push_back(std::move(*source));
    }
    return sources;
}

/// What may come from a source in unlike portions and at unlike times: the same packets.
class MoodySource final : public PacketSource {
public:
    MoodySource(std::unique_ptr<PacketSource> source, bool keeps, unsigned seed)
        : source_(std::move(source)), keeps_(keeps), random_(seed) {}

    Result<std::size_t> read(std::size_t max, const PacketCallback& on_packet) override {
        if (random_() % 8 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
        if (throws_at_ != 0 && received_ >= throws_at_)
            throw std::runtime_error("the source broke");
        auto got = source_->read(std::min<std::size_t>(max, 1 + random_() % 700), on_packet);
        received_ += got ? *got : 0;
        return got;
    }
    void throw_at(std::size_t packets) { throws_at_ = packets; }

    bool keeps_packets() const override { return keeps_; }
    std::shared_ptr<const void> hold_packets() override { return source_->hold_packets(); }
    bool finished() const override { return source_->finished(); }
    void on_secrets(SecretsCallback take) override { source_->on_secrets(std::move(take)); }
    SourceStats stats() override { return source_->stats(); }
    const std::vector<SourceInterface>& interfaces() const override {
        return source_->interfaces();
    }
    const std::string& name() const override { return source_->name(); }

private:
    std::unique_ptr<PacketSource> source_;
    bool keeps_;
    std::mt19937 random_;
    std::size_t received_ = 0;
    std::size_t throws_at_ = 0;
};

Sources moody(Sources sources, bool keeps, unsigned seed) {
    for (auto& each : sources) {
        each = std::make_unique<MoodySource>(std::move(each), keeps, seed++);
    }
    return sources;
}

std::string text_of(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Conversations of several protocols, many at once, on two interfaces of a pcapng file, with key
/// logs between them and packets that make no sense.
class Traffic {
public:
    explicit Traffic(std::uint32_t seed) : random_(seed) {
        bytes_.section().interface(1, bytes_.body()).interface(1, bytes_.body());
    }

    void add(const PacketBuilder& packet) {
        ticks_ += 1 + any() % 3000;
        bytes_.packet(any() % 2, 1'800'000'000'000'000 + ticks_, text_of(packet.bytes()));
    }
    void add_some(std::size_t packets) {
        for (std::size_t i = 0; i < packets; ++i) {
            if (any() % 400 == 0) add_secrets();
            add(one());
        }
    }
    const std::vector<std::byte>& bytes() const { return bytes_.get(); }

private:
    PacketBuilder one() {
        const auto port = static_cast<std::uint16_t>(2000 + any() % 4000);
        const bool answer = any() % 2 == 0;
        PacketBuilder made = packet().eth();
        if (any() % 100 == 0) return made.arp();
        made.ip4(answer ? "10.0.0.2" : "10.0.0.1", answer ? "10.0.0.1" : "10.0.0.2");
        const std::string payload(any() % 1400, static_cast<char>('a' + any() % 26));
        if (port % 5 == 0) {
            return made.udp(answer ? 53 : port, answer ? port : 53).payload(payload);
        }
        made.tcp(answer ? 443 : port, answer ? port : 443).seq(any() % 5000);
        if (any() % 6 == 0) return made.syn();
        if (any() % 12 == 0) return made.ack(1).fin();
        return made.ack(any() % 5000).payload(payload);
    }
    std::uint32_t any() { return static_cast<std::uint32_t>(random_()); }
    void add_secrets() {
        const std::string log =
            "CLIENT_RANDOM " + std::string(64, 'a') + " " + std::to_string(any());
        bytes_.block(
            10,
            bytes_.body().u32(0x544c534b).u32(static_cast<std::uint32_t>(log.size())).padded(log));
    }

    std::mt19937 random_;
    Bytes bytes_;
    std::uint64_t ticks_ = 0;
};

std::string write_file(const TempFolder& folder, const std::string& name,
                       const std::vector<std::byte>& bytes) {
    const std::string path = folder.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << text_of(bytes);
    return path;
}

/// Several times what is read at once, and what waits to be counted.
std::vector<std::byte> much_traffic() {
    Traffic traffic(7);
    traffic.add_some(20'000);
    return traffic.bytes();
}

/// By App's and TLS' own tests, each is worth reading.
std::vector<std::string> captures() {
    std::vector<std::string> paths;
    for (const char* folder : {"public", "lab-a", "tls"}) {
        std::error_code missing;
        for (const auto& each :
             std::filesystem::directory_iterator(shared_captures(folder), missing)) {
            if (open_file(each.path().string())) paths.push_back(each.path().string());
        }
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

}  // namespace

TEST_CASE("what is read ahead is counted as packet by packet", "[read_ahead]") {
    const TempFolder folder;
    const std::string path = write_file(folder, "made.pcapng", much_traffic());
    const auto expected = count_one_by_one(files({path, path}));
    const auto recorded = record_all(files({path, path}));
    CHECK(recorded.summary.packets == 40'000);
    CHECK(recorded.sightings.size() > 5'000);
    CHECK(std::any_of(recorded.heard.begin(), recorded.heard.end(),
                      [](const std::string& each) { return each.starts_with("CLIENT_RANDOM"); }));
    check_same_facts(recorded, expected);
    const auto vantages = all_of(recorded, &Batch::vantages);
    REQUIRE(vantages.size() == 4);
    CHECK(vantages[0].id == 1);
    CHECK(vantages[3].id == 4);
}

TEST_CASE("captures of all kinds, read ahead, are counted as packet by packet", "[read_ahead]") {
    auto paths = captures();
    paths.push_back("tests/golden/data/shop.pcap");
    for (const std::string& path : paths) {
        INFO(path);
        check_same_facts(record_all(files({path})), count_one_by_one(files({path})));
    }
    check_same_facts(record_all(files(paths)), count_one_by_one(files(paths)));
}

TEST_CASE("neither pace nor portions of a source show in its recording", "[read_ahead]") {
    const TempFolder folder;
    const std::string path = write_file(folder, "made.pcapng", much_traffic());
    const FlowLimits few{.flows = 500};  // so that batches are written on the way
    const auto expected = record_all(files({path, path}), few);
    CHECK(expected.batches.size() > 2);
    const unsigned seed = GENERATE(1U, 2U, 3U);
    check_same_batches(record_all(moody(files({path, path}), true, seed), few), expected);
    check_same_batches(record_all(moody(files({path, path}), false, seed), few), expected);
    const WriterLimits narrow{.batches = 1, .sightings = 1};
    const auto slow = record_all(files({path, path}), few, narrow, std::chrono::milliseconds(5));
    check_same_batches(slow, expected);
}

TEST_CASE("many flows that are open at the end are written in batches, the last one ends it",
          "[read_ahead]") {
    std::vector<ScriptedPacket> packets;
    for (std::uint32_t i = 0; i < 40'000; ++i) {
        const auto built = packet()
                               .eth()
                               .ip4("10.0.0.1", "10.0.0.2")
                               .udp(static_cast<std::uint16_t>(1024 + i), 9000);
        packets.push_back({built.bytes(), Timestamp{std::chrono::seconds(1'000'000 + i / 1000)}});
    }
    Sources sources;
    sources.push_back(std::make_unique<ScriptedSource>(packets, "many.pcap"));
    const auto recorded = record_all(std::move(sources));
    REQUIRE(recorded.batches.size() > 1);
    std::uint64_t id = 0;
    for (const Batch& each : recorded.batches) {
        REQUIRE(each.info);
        CHECK(each.info->ended.has_value() == (&each == &recorded.batches.back()));
        CHECK(each.vantages.size() == (&each == &recorded.batches.front() ? 1 : 0));
        for (const Sighting& seen : each.sightings) REQUIRE(seen.id == ++id);
    }
    CHECK(id == 40'000);
}

TEST_CASE("a file that is cut anywhere counts as far as it goes", "[read_ahead]") {
    const TempFolder folder;
    const auto whole = much_traffic();
    for (std::size_t length = 60'000; length < whole.size(); length += whole.size() / 7) {
        const auto path = write_file(folder, "cut.pcapng",
                                     {whole.begin(), whole.begin() + static_cast<long>(length)});
        const auto expected = count_one_by_one(files({path, path}));
        CHECK(expected.summary.limitations.size() == 2);
        const auto recorded = record_all(files({path, path}));
        check_same_facts(recorded, expected);
        const auto losses = all_of(recorded, &Batch::losses);
        CHECK(std::count_if(losses.begin(), losses.end(),
                            [](const Loss& each) { return each.kind == "file"; }) == 2);
    }
}

TEST_CASE("a source that breaks throws after what it gave was counted", "[read_ahead]") {
    const TempFolder folder;
    const std::string path = write_file(folder, "made.pcapng", much_traffic());
    const auto whole = record_all(files({path}));
    auto broken = std::make_unique<MoodySource>(std::move(files({path}).front()), true, 1);
    broken->throw_at(9'000);
    Sources sources;
    sources.push_back(std::move(broken));
    const auto recorded = record_all(std::move(sources));
    CHECK(recorded.thrown == "the source broke");
    REQUIRE(recorded.heard.size() > 1'000);
    REQUIRE(recorded.heard.size() < whole.heard.size());
    CHECK(std::equal(recorded.heard.begin(), recorded.heard.end(), whole.heard.begin()));
}

TEST_CASE("who counts may throw while packets are read ahead", "[read_ahead]") {
    const TempFolder folder;
    const std::string path = write_file(folder, "made.pcapng", much_traffic());
    std::size_t seen = 0;
    FileRecorderOptions options;
    options.read_alone = no_alone;
    options.observer.see = [&](const FlowPayload&) -> bool {
        if (++seen == 3'000) throw std::runtime_error("enough");
        return true;
    };
    const auto discard = [](const Batch&) { return done; };
    CHECK_THROWS_WITH(record_sources(files({path}), std::move(options), discard), "enough");
    CHECK(seen == 3'000);
}

TEST_CASE("packets stay valid for as long as they are held, also after their source",
          "[read_ahead]") {
    const TempFolder folder;
    const auto bytes = much_traffic();
    auto source = *open_file(write_file(folder, "made.pcapng", bytes));
    auto other = *open_bytes(bytes, "memory");
    std::vector<std::span<const std::byte>> views;
    std::vector<std::shared_ptr<const void>> held;
    while (!source->finished()) {
        REQUIRE(source->read(500, [&](const RawPacket& raw) { views.push_back(raw.data); }));
        held.push_back(source->hold_packets());
    }
    source.reset();
    std::size_t at = 0;
    while (!other->finished()) {
        REQUIRE(other->read(500, [&](const RawPacket& raw) {
            REQUIRE(at < views.size());
            CHECK(std::equal(raw.data.begin(), raw.data.end(), views[at].begin(), views[at].end()));
            ++at;
        }));
    }
    CHECK(at == 20'000);
}
