// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/socket_closers.h"

#include <string>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/capture/os/temp_folder.h"

using namespace nspect;
using namespace nspect::capture;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace {

const std::string first(64, 'a');
const std::string second(64, 'b');

/// A folder that stands for /proc and one for the control groups.
struct Machine {
    TempFolder folder;

    void process(std::uint32_t pid, const std::string& container) const {
        folder.write("proc/" + std::to_string(pid) + "/cgroup",
                     container.empty() ? "0::/system.slice/cron.service\n"
                                       : "0::/docker/" + container + "\n");
    }
    void ends(std::uint32_t pid) const {
        folder.write("proc/" + std::to_string(pid) + "/cgroup", "");
    }
    std::uint64_t group(const std::string& path) const {
        folder.write("groups/" + path + "/cgroup.procs", "");
        struct stat status {};
        ::stat((folder.path() + "/groups/" + path).c_str(), &status);
        return status.st_ino;
    }
    SocketClosers closers(bool version_2) const {
        return {Procfs(folder.path() + "/proc"), version_2 ? folder.path() + "/groups" : ""};
    }
};

TargetInfo host(const std::vector<std::pair<std::string, std::vector<std::uint32_t>>>& sharing) {
    TargetInfo target;
    target.netns = 7;
    for (const auto& [container, pids] : sharing) {
        target.sharing.emplace_back();
        target.sharing.back().runtime = "docker";
        target.sharing.back().container = container;
        target.sharing.back().pids = pids;
    }
    return target;
}

SocketEvent event(std::optional<std::uint64_t> group, std::optional<std::uint32_t> pid,
                  int time = 100) {
    SocketEvent made;
    made.time = steady_clock::time_point(seconds(time));
    made.group = group;
    made.pid = pid;
    made.local = {*IpAddress::parse("10.0.0.1"), Port{5000}};
    return made;
}

SocketEvent opening(std::uint32_t pid, int time = 100) {
    auto made = event(std::nullopt, pid, time);
    made.opened = true;
    return made;
}

std::vector<std::string> containers(const std::vector<ClosedSocket>& closed) {
    std::vector<std::string> names;
    for (const auto& each : closed) names.push_back(each.container);
    return names;
}

}  // namespace

TEST_CASE("a control group says whose a socket was, when its process is gone too", "[closers]") {
    const Machine machine;
    machine.process(10, first);
    const auto group = machine.group("docker/" + first);
    auto closers = machine.closers(true);
    closers.learn({host({{first, {10}}})});
    const auto closed = closers.resolve({event(group, 4711)}, seconds(1000));
    REQUIRE(closed.size() == 1);
    CHECK(closed[0].netns == 7);
    CHECK(closed[0].container == first);
    CHECK(closed[0].local.port.number == 5000);
    CHECK(closed[0].time == Timestamp(seconds(1100)));
    CHECK(closers.resolve({event(group + 1, 4711)}, seconds(0)).empty());
    // What it closed at its end is read later than that.
    closers.learn({host({})});
    CHECK(closers.resolve({event(group, 4711)}, seconds(0)).size() == 1);
    for (int i = 0; i < 300; ++i) closers.learn({host({})});
    CHECK(closers.resolve({event(group, 4711)}, seconds(0)).empty());
}

TEST_CASE("a process that changed its control group does not rename the one it was in",
          "[closers]") {
    const Machine machine;
    machine.process(10, first);
    const auto engine = machine.group("system.slice/docker.service");
    const auto group = machine.group("docker/" + first);
    auto closers = machine.closers(true);
    closers.learn({host({{first, {}}})});
    closers.resolve({event(engine, 10)}, seconds(0));
    CHECK(closers.resolve({event(engine, 11)}, seconds(0)).empty());
    CHECK(closers.resolve({event(group, 10)}, seconds(0)).size() == 1);
    machine.ends(10);
    CHECK(closers.resolve({event(group, 12, 200)}, seconds(0)).size() == 1);
}

TEST_CASE("without groups a process is asked when it makes a socket", "[closers]") {
    const Machine machine;
    machine.process(10, first);
    machine.process(11, "");
    auto closers = machine.closers(false);
    closers.learn({host({{first, {}}})});
    CHECK(closers.resolve({opening(10), opening(11)}, seconds(0)).empty());
    machine.ends(10);
    CHECK(containers(closers.resolve({event(std::nullopt, 10, 160), event(std::nullopt, 11, 160)},
                                     seconds(0))) == std::vector{first});
    // Another process with its number.
    machine.process(10, "");
    closers.resolve({opening(10, 170)}, seconds(0));
    CHECK(closers.resolve({event(std::nullopt, 10, 170)}, seconds(0)).empty());
}

TEST_CASE("a container that is not known yet is asked for once", "[closers]") {
    const Machine machine;
    machine.process(10, first);
    machine.process(20, second);
    auto closers = machine.closers(false);
    closers.learn({host({{first, {}}})});
    CHECK(closers.resolve({event(std::nullopt, 20), event(std::nullopt, 20)}, seconds(0)).empty());
    CHECK(closers.misses_container());
    closers.learn({host({{first, {}}, {second, {}}})});
    CHECK(containers(closers.resolve({}, seconds(0))) == std::vector{second, second});
    CHECK_FALSE(closers.misses_container());

    const std::string third(64, 'c');
    machine.process(30, third);
    closers.resolve({event(std::nullopt, 30)}, seconds(0));
    CHECK(closers.misses_container());
    CHECK(closers.resolve({}, seconds(0)).empty());
    closers.resolve({event(std::nullopt, 30)}, seconds(0));
    CHECK_FALSE(closers.misses_container());
    // One that shares nothing is nobody to look for.
    TargetInfo alone;
    alone.container = std::string(64, 'd');
    machine.process(40, alone.container);
    closers.learn({alone});
    CHECK(closers.resolve({event(std::nullopt, 40)}, seconds(0)).empty());
    CHECK_FALSE(closers.misses_container());
}
