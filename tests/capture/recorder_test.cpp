// SPDX-License-Identifier: Apache-2.0
#include "capture/recorder.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/eventfd.h>
#include <unistd.h>

#include "capture/os/fd.h"
#include "tests/capture/packet_builder.h"

using namespace nspect;
using namespace nspect::test;
using namespace nspect::capture;

namespace {

constexpr std::uint64_t host_netns = 1;
constexpr std::uint64_t web_netns = 2;
constexpr std::uint32_t web_veth = 5;
constexpr std::uint32_t bridge = 3;

Timestamp at(std::int64_t ms) {
    return Timestamp{std::chrono::hours(500'000)} + std::chrono::milliseconds(ms);
}

InterfaceInfo interface(std::uint32_t index, std::string name, std::string kind,
                        std::uint64_t peer_netns = 0) {
    InterfaceInfo made;
    made.index = index;
    made.name = std::move(name);
    made.kind = std::move(kind);
    made.up = true;
    made.peer_netns = peer_netns;
    return made;
}

TargetInfo host() {
    TargetInfo made;
    made.id = 1;
    made.netns = host_netns;
    made.is_host = true;
    made.interfaces = {interface(bridge, "br0", "bridge"),
                       interface(web_veth, "veth5", "veth", web_netns)};
    return made;
}

TargetInfo container(std::uint32_t id, std::uint64_t netns, const std::string& name,
                     const std::string& kind = "veth") {
    TargetInfo made;
    made.id = id;
    made.netns = netns;
    made.name = name;
    made.interfaces = {interface(2, "eth0", kind, kind == "veth" ? host_netns : 0)};
    return made;
}

PacketBuilder syn(std::uint32_t index, std::uint16_t port) {
    return packet().sll2(index).ip4("10.0.0.1", "10.0.0.2").tcp(port, 80).syn().seq(port);
}

/// Wakes an epoll loop.
struct Bell {
    Fd fd{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    void ring() const {
        const std::uint64_t one = 1;
        REQUIRE(::write(fd.get(), &one, sizeof one) == sizeof one);
    }
    void silence() const {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto got = ::read(fd.get(), &count, sizeof count);
    }
};

/// One turn after the other of what a test wants a source to deliver.
class TurnSource final : public PacketSource {
public:
    using Turn = std::function<std::vector<PacketBuilder>()>;
    explicit TurnSource(std::deque<Turn> turns, Duration drain = {})
        : turns_(std::move(turns)), drain_(drain) {}

    Result<std::size_t> read(std::size_t, const PacketCallback& on_packet) override {
        if (turns_.empty()) return std::size_t{0};
        const auto packets = turns_.front()();
        turns_.pop_front();
        for (const auto& built : packets) {
            const auto bytes = built.bytes();
            on_packet({bytes, built.wire_length(), at(static_cast<std::int64_t>(delivered_++)),
                       built.link(), 0});
        }
        return packets.size();
    }
    bool finished() const override { return turns_.empty() && ends; }
    Duration drain_time() const override { return drain_; }
    SourceStats stats() override { return counted; }
    const std::vector<SourceInterface>& interfaces() const override { return interfaces_; }
    const std::string& name() const override { return name_; }

    SourceStats counted;
    bool ends = true;

private:
    std::deque<Turn> turns_;
    Duration drain_;
    std::size_t delivered_ = 0;
    std::vector<SourceInterface> interfaces_{{"any", LinkType::linux_sll2}};
    std::string name_ = "any@script";
};

TurnSource::Turn packets(std::vector<PacketBuilder> built) {
    return [built = std::move(built)] { return built; };
}

/// Keeps what a store would have: the latest by id.
struct FakeStore {
    std::mutex mutex;
    std::map<std::uint64_t, Sighting> sightings;
    std::map<std::uint32_t, Vantage> vantages;
    std::map<std::uint32_t, TargetInfo> targets;
    std::vector<Loss> losses;
    std::map<std::string, std::uint64_t> counts;
    RecordingInfo info;
    std::function<Status()> before_write = [] { return Status(done); };

    BatchSink sink() {
        return [this](const Batch& batch) -> Status {
            if (auto may = before_write(); !may) return may;
            const std::lock_guard lock(mutex);
            for (const auto& seen : batch.sightings) sightings[seen.id] = seen;
            for (const auto& vantage : batch.vantages) vantages[vantage.id] = vantage;
            for (const auto& target : batch.targets) targets[target.id] = target;
            losses.insert(losses.end(), batch.losses.begin(), batch.losses.end());
            for (const auto& count : batch.packet_counts) counts[count.kind] = count.count;
            if (batch.info) info = *batch.info;
            return done;
        };
    }
    std::uint64_t lost(const std::string& kind) const {
        std::uint64_t total = 0;
        for (const auto& loss : losses) total += loss.kind == kind ? loss.count : 0;
        return total;
    }
};

struct Scene {
    std::map<std::uint64_t, std::unique_ptr<PacketSource>> sources;
    std::vector<TargetInfo> targets{host(), container(2, web_netns, "web")};
    std::deque<std::vector<TargetEvent>> events;
    Bell stop;
    Bell targets_bell;
    FakeStore store;
    RecorderOptions options;
    int refusals = 0;                   ///< of sources, before one is given
    std::function<void()> before_open;  ///< of any source
    std::deque<std::vector<Limitation>> limitations;

    RecordingSummary record() {
        options.writer.retry = std::chrono::milliseconds(5);
        options.interval = std::chrono::milliseconds(10);
        RecorderWorld world;
        world.host_netns = host_netns;
        world.open_source = [this](std::uint64_t netns) -> Result<std::unique_ptr<PacketSource>> {
            if (before_open) before_open();
            if (netns != host_netns && refusals > 0) {
                --refusals;
                return error_from_errno(EMFILE, "cannot open a socket", {});
            }
            if (sources.count(netns) == 0) return Error{Error::Kind::permission, "no", {}, {}};
            return std::move(sources[netns]);
        };
        world.targets = [this] { return targets; };
        world.targets_fd = targets_bell.fd.get();
        world.read_targets = [this]() -> Result<std::vector<TargetEvent>> {
            targets_bell.silence();
            if (events.empty()) return std::vector<TargetEvent>{};
            auto first = std::move(events.front());
            events.pop_front();
            return first;
        };
        world.take_limitations = [this]() -> std::vector<Limitation> {
            if (limitations.empty()) return {};
            auto first = std::move(limitations.front());
            limitations.pop_front();
            return first;
        };
        world.now = [] { return at(1000); };
        world.stop_fd = stop.fd.get();
        auto summary = capture::record(options, std::move(world), store.sink());
        REQUIRE(summary);
        return *summary;
    }
};

}  // namespace

TEST_CASE("packets at a host end are sightings of the container behind it", "[recorder]") {
    Scene scene;
    scene.sources[host_netns] = std::make_unique<TurnSource>(std::deque{
        packets({syn(web_veth, 1000), syn(bridge, 1000), packet().sll2(web_veth).arp()})});
    const auto summary = scene.record();
    REQUIRE(scene.store.sightings.size() == 1);
    const Vantage& vantage = scene.store.vantages.at(scene.store.sightings.at(1).vantage);
    CHECK(vantage.interface_name == "veth5");
    CHECK(vantage.side == VantageSide::host_end);
    CHECK(vantage.target == 2U);
    CHECK(vantage.netns == host_netns);
    CHECK(scene.store.counts.at("arp") == 1);
    CHECK(summary.packets == 2);
    CHECK(scene.store.info.packets == 2);
    CHECK(scene.store.info.ended.has_value());
    CHECK(scene.store.targets.size() == 2);
}

TEST_CASE("packets of targets that are not wanted are left out", "[recorder]") {
    Scene scene;
    scene.options.wants = [](const TargetInfo& target) { return target.name == "db"; };
    scene.sources[host_netns] =
        std::make_unique<TurnSource>(std::deque{packets({syn(web_veth, 1000)})});
    CHECK(scene.record().packets == 0);
    CHECK(scene.store.targets.size() == 2);
}

TEST_CASE("where a container acknowledges what its host's end never saw, inside is listened to",
          "[recorder]") {
    const auto out_of_it = [](std::uint32_t index) {
        return packet().sll2(index, 0).ip4("10.0.0.1", "10.0.0.2").tcp(1000, 80).ack().seq(1);
    };
    const auto into_it = [](std::uint32_t index) {
        return packet().sll2(index, 4).ip4("10.0.0.2", "10.0.0.1").tcp(80, 1000).ack().seq(1);
    };
    // As a receiver of much does it: every second segment is acknowledged; or nothing comes here.
    const bool bypassed = GENERATE(true, false);
    std::vector<PacketBuilder> traffic;
    for (int i = 0; i < 70; ++i) {
        traffic.push_back(out_of_it(web_veth));
        for (int k = 0; k < 2 && !bypassed; ++k) traffic.push_back(into_it(web_veth));
    }
    Scene scene;
    std::deque<TurnSource::Turn> turns{packets(traffic)};
    turns.push_back(packets({out_of_it(web_veth)}));
    scene.sources[host_netns] = std::make_unique<TurnSource>(std::move(turns));
    scene.sources[web_netns] = std::make_unique<TurnSource>(
        std::deque<TurnSource::Turn>{packets({}), packets({into_it(2), out_of_it(2)})});
    scene.record();
    CHECK(scene.store.lost("target") == (bypassed ? 1 : 0));
    const auto inside =
        std::count_if(scene.store.vantages.begin(), scene.store.vantages.end(),
                      [](const auto& entry) { return entry.second.side == VantageSide::inside; });
    CHECK(inside == (bypassed ? 1 : 0));
    if (bypassed) CHECK(scene.store.losses.front().note.find("veth5") == 0);
}

TEST_CASE("a connection made just before the stop is read from the ring", "[recorder]") {
    Scene scene;
    auto stop = [&] {
        scene.stop.ring();
        return std::vector<PacketBuilder>{};
    };
    auto idle = packets({});
    auto source = std::make_unique<TurnSource>(
        std::deque<TurnSource::Turn>{stop, idle, idle, packets({syn(web_veth, 1000)})},
        std::chrono::milliseconds(30));
    source->ends = false;
    scene.sources[host_netns] = std::move(source);
    scene.record();
    CHECK(scene.store.sightings.size() == 1);
}

TEST_CASE("a recording ends when its duration is over", "[recorder]") {
    Scene scene;
    scene.options.duration = std::chrono::milliseconds(20);
    auto source = std::make_unique<TurnSource>(std::deque{packets({syn(web_veth, 1000)})});
    source->ends = false;
    scene.sources[host_netns] = std::move(source);
    scene.record();
    CHECK(scene.store.sightings.size() == 1);
    CHECK(scene.store.info.asked_for == scene.options.duration);
}

TEST_CASE("the vantage of a new interface learns its target when that is known", "[recorder]") {
    Scene scene;
    constexpr std::uint32_t new_veth = 9;
    constexpr std::uint64_t new_netns = 7;
    TargetInfo grown = host();
    grown.interfaces.push_back(interface(new_veth, "veth9", "veth", new_netns));
    scene.events = {
        {TargetEvent{TargetEvent::Kind::interface_appeared, grown, grown.interfaces.back()},
         TargetEvent{TargetEvent::Kind::target_appeared, container(3, new_netns, "new"), {}}}};
    auto announce = [&] {
        scene.targets_bell.ring();
        return std::vector<PacketBuilder>{syn(new_veth, 1000)};
    };
    scene.sources[host_netns] = std::make_unique<TurnSource>(
        std::deque<TurnSource::Turn>{announce, packets({}), packets({syn(new_veth, 1001)})});
    scene.record();
    REQUIRE(scene.store.sightings.size() == 2);
    CHECK(scene.store.sightings.at(1).vantage == scene.store.sightings.at(2).vantage);
    const Vantage& vantage = scene.store.vantages.at(1);
    CHECK(vantage.target == 3U);
    CHECK(vantage.interface_name == "veth9");
}

TEST_CASE("a container without a host end is listened to inside", "[recorder]") {
    Scene scene;
    scene.targets.push_back(container(3, 8, "bridged", "macvlan"));
    scene.targets.push_back(container(4, 9, "hidden", "macvlan"));
    scene.sources[host_netns] = std::make_unique<TurnSource>(std::deque{packets({})});
    scene.sources[8] = std::make_unique<TurnSource>(std::deque{packets({syn(2, 1000)})});
    const auto summary = scene.record();
    REQUIRE(scene.store.sightings.size() == 1);
    CHECK(scene.store.vantages.at(1).side == VantageSide::inside);
    CHECK(scene.store.vantages.at(1).target == 3U);
    CHECK(scene.store.vantages.at(1).interface_name == "eth0");
    CHECK(summary.limitations.size() == 1);
    CHECK(scene.store.lost("target") == 1);
}

TEST_CASE("a namespace there was no descriptor for is listened in later, and said once",
          "[recorder]") {
    Scene scene;
    scene.refusals = 2;
    scene.targets.push_back(container(3, 8, "bridged", "macvlan"));
    auto quiet = std::make_unique<TurnSource>(std::deque<TurnSource::Turn>{});
    quiet->ends = false;
    scene.sources[host_netns] = std::move(quiet);
    auto late = [&] {
        scene.stop.ring();
        return std::vector<PacketBuilder>{syn(2, 1000)};
    };
    scene.sources[8] = std::make_unique<TurnSource>(std::deque<TurnSource::Turn>{late});
    const auto summary = scene.record();
    CHECK(scene.refusals == 0);
    CHECK(scene.store.sightings.size() == 1);
    CHECK(summary.limitations.size() == 1);
    CHECK(scene.store.lost("target") == 1);
}

TEST_CASE("what cannot be seen later is said once, and counted each time", "[recorder]") {
    const auto hidden = [](const char* where) {
        return Limitation{{Error::Kind::permission, "may not be entered", "be root", where}, 1};
    };
    Scene scene;
    std::vector<Limitation> said;
    scene.options.on_limitation = [&](const Limitation& each) { said.push_back(each); };
    scene.limitations = {{hidden("netns 7")}, {}, {hidden("netns 8"), hidden("netns 9")}};
    scene.events = {{}, {}};
    auto announce = [&] {
        scene.targets_bell.ring();
        return std::vector<PacketBuilder>{};
    };
    scene.sources[host_netns] = std::make_unique<TurnSource>(
        std::deque<TurnSource::Turn>{announce, announce, packets({}), packets({})});
    const auto summary = scene.record();
    CHECK(said == std::vector{hidden("netns 7")});
    REQUIRE(summary.limitations.size() == 1);
    CHECK(summary.limitations[0].count == 3);
    CHECK(scene.store.lost("target") == 3);
    REQUIRE(scene.store.losses.size() == 2);
    CHECK(scene.store.losses[0].note == "netns 7: may not be entered (be root)");
}

TEST_CASE("while sources are opened inside, the others are read", "[recorder]") {
    Scene scene;
    int opened = 0;
    scene.before_open = [&] { ++opened; };
    std::vector<int> opened_at_read;
    std::deque<TurnSource::Turn> turns;
    for (int turn = 0; turn < 8; ++turn) {
        turns.emplace_back([&] {
            opened_at_read.push_back(opened);
            return std::vector<PacketBuilder>{};
        });
    }
    scene.sources[host_netns] = std::make_unique<TurnSource>(std::move(turns));
    for (std::uint32_t i = 0; i < 5; ++i) {
        scene.targets.push_back(container(3 + i, 8 + i, "bridged", "macvlan"));
        scene.sources[8 + i] = std::make_unique<TurnSource>(std::deque{packets({syn(2, 1000)})});
    }
    scene.record();
    REQUIRE(opened_at_read.size() == 8);
    for (std::size_t i = 1; i < opened_at_read.size(); ++i)
        CHECK(opened_at_read[i] - opened_at_read[i - 1] <= 1);
    CHECK(opened_at_read.back() == 6);
    CHECK(scene.store.sightings.size() == 5);
}

TEST_CASE("what the kernel dropped is a loss of its source", "[recorder]") {
    Scene scene;
    auto source = std::make_unique<TurnSource>(std::deque{packets({})});
    source->counted = {.received = 10, .dropped_kernel = 4, .dropped_interface = 2};
    scene.sources[host_netns] = std::move(source);
    const auto summary = scene.record();
    CHECK(summary.lost_packets == 6);
    CHECK(scene.store.lost("kernel") == 4);
    CHECK(scene.store.lost("interface") == 2);
    CHECK(scene.store.losses.front().source == "any@script");
}

TEST_CASE("a store that fails for a while loses nothing", "[recorder]") {
    Scene scene;
    int failures = 5;
    scene.store.before_write = [&]() -> Status {
        if (failures-- > 0) return error_from_errno(ENOSPC, "cannot write");
        return done;
    };
    scene.options.writer.attempts_at_end = 100;
    scene.sources[host_netns] = std::make_unique<TurnSource>(
        std::deque{packets({syn(web_veth, 1000)}), packets({syn(web_veth, 1001)})});
    const auto summary = scene.record();
    CHECK(scene.store.sightings.size() == 2);
    CHECK(summary.lost_sightings == 0);
    CHECK_FALSE(summary.store_error);
}

TEST_CASE("a store that never works again ends the recording with its error", "[recorder]") {
    Scene scene;
    scene.store.before_write = [] { return Status(error_from_errno(ENOSPC, "cannot write")); };
    scene.sources[host_netns] =
        std::make_unique<TurnSource>(std::deque{packets({syn(web_veth, 1000)})});
    const auto summary = scene.record();
    REQUIRE(summary.store_error);
    CHECK(summary.store_error->message.find("cannot write") != std::string::npos);
    CHECK(summary.lost_sightings == 1);
}

TEST_CASE("when the store does not keep up, what is lost is counted and recorded", "[recorder]") {
    Scene scene;
    std::atomic<bool> stuck{true};
    scene.store.before_write = [&]() -> Status {
        while (stuck) ::usleep(1000);
        return done;
    };
    scene.options.writer.batches = 1;
    scene.options.waiting = 10;
    scene.options.flows.flows = 5;
    auto flood = [next = std::uint16_t{1}]() mutable {
        std::vector<PacketBuilder> built;
        for (int i = 0; i < 40; ++i) built.push_back(syn(web_veth, next++));
        return built;
    };
    auto release = [&] {
        stuck = false;
        ::usleep(50'000);
        return std::vector<PacketBuilder>{};
    };
    scene.sources[host_netns] =
        std::make_unique<TurnSource>(std::deque<TurnSource::Turn>{flood, release, packets({})});
    const auto summary = scene.record();
    CHECK(summary.lost_sightings == 35);
    CHECK(scene.store.sightings.size() == 5);
    CHECK(scene.store.lost("queue") == 35);
    CHECK(scene.store.lost("table") == 35);
}
