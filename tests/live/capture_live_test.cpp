// SPDX-License-Identifier: Apache-2.0
// Real packets: namespaces on a bridge, a recorder in the namespace that plays the host.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/eventfd.h>
#include <unistd.h>

#include "capture/live_world.h"
#include "tests/capture/os/live.h"
#include "tests/live/traffic.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;

namespace {

constexpr std::uint16_t open_port = 8080, closed_port = 8081, dropped_port = 8082,
                        rejected_port = 8083;
constexpr int quick_ms = 400;
constexpr int patient_ms = 5000;

/// host: bridge br0; a = .1 and b = .2 behind it, in IPv4 and IPv6.
class Shop {
public:
    Shop() {
        for (const auto* name : {"host", "a", "b"}) lab.add(name);
        lab.ip("host", "link add br0 type bridge");
        lab.ip("host", "link set br0 up");
        plug("a", 1);
        plug("b", 2);
        filter("host", "add table bridge f");
        filter("host", "add chain bridge f c '{ type filter hook forward priority 0; }'");
        filter("host", "add rule bridge f c tcp dport " + std::to_string(dropped_port) + " drop");
        filter("b", "add table inet f");
        filter("b", "add chain inet f c '{ type filter hook input priority 0; }'");
        filter("b", "add rule inet f c tcp dport " + std::to_string(rejected_port) +
                        " reject with icmpx type admin-prohibited");
    }

    /// Gives a namespace its end of a veth on the bridge.
    void plug(const std::string& name, int number) {
        const std::string veth = "v" + name;
        const std::string n = std::to_string(number);
        lab.ip("host", "link add " + veth + " type veth peer name eth0 netns @" + name);
        lab.ip("host", "link set " + veth + " master br0 up");
        lab.ip(name, "addr add 10.77.0." + n + "/24 dev eth0");
        lab.ip(name, "addr add fd77::" + n + "/64 dev eth0 nodad");
        lab.ip(name, "link set eth0 up");
    }

    Lab lab;

private:
    void filter(const std::string& netns, const std::string& command) const {
        const std::string all = "ip netns exec " + lab.name(netns) + " nft " + command;
        if (std::system(all.c_str()) != 0) throw std::runtime_error("failed: " + all);
    }
};

/// A recording in progress, and afterwards what a store would have of it.
class LiveRecording {
public:
    explicit LiveRecording(const Shop& shop, CaptureSide side = CaptureSide::host_end) {
        LiveWorldOptions live;
        live.watcher.host_netns = shop.lab.path("host");
        live.source.ring_bytes = std::size_t{4} << 20U;
        live.now = [] { return std::chrono::system_clock::now(); };
        live.stop_fd = stop_.get();
        auto world = live_world(std::move(live));
        if (!world) FAIL(to_string(world.error()));
        RecorderOptions options;
        options.side = side;
        // Other namespaces of this machine are none of the test's business.
        const std::string ours = shop.lab.name("");
        options.wants = [ours](const TargetInfo& target) {
            return target.name.rfind(ours, 0) == 0 || target.container.rfind(ours, 0) == 0;
        };
        thread_ = std::thread([this, options, world = std::move(*world)]() mutable {
            outcome_ =
                record(options, std::move(world), [this](const Batch& b) { return keep(b); });
        });
        while (!begun_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ~LiveRecording() { stop(); }

    /// Stops in order; afterwards the maps below are whole.
    void stop() {
        if (!thread_.joinable()) return;
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(stop_.get(), &one, sizeof one);
        thread_.join();
    }

    const Result<RecordingSummary>& outcome() const { return *outcome_; }
    /// What one target's vantage saw of connections to a port.
    std::vector<Sighting> seen(const std::string& target, const std::string& server,
                               std::uint16_t port) const;
    std::string outcomes(const std::string& target, const std::string& server,
                         std::uint16_t port) const;

private:
    Status keep(const Batch& batch) {
        for (const auto& s : batch.sightings) sightings_[s.id] = s;
        for (const auto& v : batch.vantages) vantages_[v.id] = v;
        for (const auto& t : batch.targets) targets_[t.id] = t;
        begun_ = true;
        return done;
    }

    Fd stop_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    std::thread thread_;
    std::atomic<bool> begun_{false};  ///< or failed to begin
    std::optional<Result<RecordingSummary>> outcome_;
    std::map<std::uint64_t, Sighting> sightings_;
    std::map<std::uint32_t, Vantage> vantages_;
    std::map<std::uint32_t, TargetInfo> targets_;
};

std::vector<Sighting> LiveRecording::seen(const std::string& target, const std::string& server,
                                          std::uint16_t port) const {
    const auto netns = Netns::open("/run/netns/" + target);
    if (!netns) FAIL(to_string(netns.error()));
    std::vector<Sighting> found;
    for (const auto& [id, sighting] : sightings_) {
        const auto of = vantages_.at(sighting.vantage).target;
        if (!of || targets_.at(*of).netns != netns->inode()) continue;
        if (sighting.server.port != Port{port} || to_string(sighting.server.ip) != server) continue;
        found.push_back(sighting);
    }
    return found;
}

std::string LiveRecording::outcomes(const std::string& target, const std::string& server,
                                    std::uint16_t port) const {
    std::string all;
    for (const auto& sighting : seen(target, server, port)) {
        all += (all.empty() ? "" : " ") + std::string(to_string(sighting.outcome));
    }
    return all;
}

}  // namespace

TEST_CASE("live outcomes are seen at both ends, in IPv4 and IPv6", "[live]") {
    if (!live_tests_run()) return;
    const auto side = GENERATE(CaptureSide::host_end, CaptureSide::inside);
    Shop shop;
    const auto a = shop.lab.name("a");
    const auto b = shop.lab.name("b");
    const auto listener = listen_in(shop.lab.path("b"), open_port);
    LiveRecording recording(shop, side);
    for (const std::string server : {"10.77.0.2", "fd77::2"}) {
        const auto from = shop.lab.path("a");
        CHECK(connect_from(from, server, open_port, patient_ms) == 0);
        CHECK(connect_from(from, server, closed_port, patient_ms) == ECONNREFUSED);
        CHECK(connect_from(from, server, dropped_port, quick_ms) == ETIMEDOUT);
        CHECK(connect_from(from, server, rejected_port, patient_ms) != 0);
    }
    recording.stop();
    REQUIRE(recording.outcome());
    CHECK(recording.outcome()->lost_packets == 0);
    for (const std::string server : {"10.77.0.2", "fd77::2"}) {
        INFO(server);
        CHECK(recording.outcomes(a, server, open_port) == "established");
        CHECK(recording.outcomes(b, server, open_port) == "established");
        CHECK(recording.outcomes(a, server, closed_port) == "refused");
        CHECK(recording.outcomes(b, server, closed_port) == "refused");
        CHECK(recording.outcomes(a, server, dropped_port) == "unanswered");
        CHECK(recording.outcomes(b, server, dropped_port).empty());
        CHECK(recording.outcomes(a, server, rejected_port) == "rejected");
        CHECK(recording.outcomes(b, server, rejected_port) == "rejected");
        const auto at_a = recording.seen(a, server, open_port);
        const auto at_b = recording.seen(b, server, open_port);
        REQUIRE((at_a.size() == 1 && at_b.size() == 1));
        CHECK(at_a[0].client_isn == at_b[0].client_isn);
        CHECK(at_a[0].server_isn == at_b[0].server_isn);
    }
}

TEST_CASE("the first connection of a namespace plugged in while recording is seen", "[live]") {
    if (!live_tests_run()) return;
    const auto side = GENERATE(CaptureSide::host_end, CaptureSide::both);
    Shop shop;
    const auto listener = listen_in(shop.lab.path("b"), open_port);
    LiveRecording recording(shop, side);
    shop.lab.add("c");
    shop.plug("c", 3);
    CHECK(connect_from(shop.lab.path("c"), "10.77.0.2", open_port, patient_ms) == 0);
    recording.stop();
    REQUIRE(recording.outcome());
    const auto seen = recording.seen(shop.lab.name("c"), "10.77.0.2", open_port);
    REQUIRE_FALSE(seen.empty());
    CHECK(to_string(seen[0].client.ip) == "10.77.0.3");
    CHECK(seen[0].outcome == Outcome::established);
}

TEST_CASE("the last connection right before the stop is seen", "[live]") {
    if (!live_tests_run()) return;
    Shop shop;
    const auto listener = listen_in(shop.lab.path("b"), open_port);
    LiveRecording recording(shop);
    CHECK(connect_from(shop.lab.path("a"), "10.77.0.2", open_port, patient_ms) == 0);
    recording.stop();
    REQUIRE(recording.outcome());
    CHECK(recording.outcomes(shop.lab.name("a"), "10.77.0.2", open_port) == "established");
    CHECK(recording.outcomes(shop.lab.name("b"), "10.77.0.2", open_port) == "established");
}

TEST_CASE("an interface that vanishes while recording takes nothing else with it", "[live]") {
    if (!live_tests_run()) return;
    const auto side = GENERATE(CaptureSide::host_end, CaptureSide::inside);
    INFO("inside: " << (side == CaptureSide::inside));
    Shop shop;
    shop.lab.add("c");
    shop.plug("c", 3);
    const auto listener = listen_in(shop.lab.path("b"), open_port);
    LiveRecording recording(shop, side);
    CHECK(connect_from(shop.lab.path("c"), "10.77.0.2", open_port, patient_ms) == 0);
    shop.lab.ip("c", "link del eth0");
    CHECK(connect_from(shop.lab.path("a"), "10.77.0.2", open_port, patient_ms) == 0);
    recording.stop();
    REQUIRE(recording.outcome());
    CHECK(recording.outcome()->lost_sightings == 0);
    CHECK(recording.outcomes(shop.lab.name("c"), "10.77.0.2", open_port) == "established");
    // The bridge floods what it still has for c, so a's vantage may see more than its own.
    const auto seen = recording.seen(shop.lab.name("a"), "10.77.0.2", open_port);
    CHECK(std::any_of(seen.begin(), seen.end(), [](const Sighting& each) {
        return to_string(each.client.ip) == "10.77.0.1" && each.outcome == Outcome::established;
    }));
}
