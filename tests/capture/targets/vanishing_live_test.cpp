// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/targets/watcher.h"
#include "tests/capture/os/live.h"
#include "tests/capture/os/temp_folder.h"

using namespace nspect;
using namespace nspect::capture;

namespace {

using Clock = std::chrono::steady_clock;
using Kind = TargetEvent::Kind;

/// Reads as events come until `is_so` holds; what was heard meanwhile goes to `hear`.
template <class Holds, class Hear>
bool read_until(TargetWatcher& watcher, Holds is_so, Hear hear) {
    const auto end = Clock::now() + std::chrono::seconds(20);
    while (Clock::now() < end) {
        pollfd waiting{watcher.poll_fd(), POLLIN, 0};
        ::poll(&waiting, 1, 100);
        auto events = watcher.read();
        if (!events) FAIL(to_string(events.error()));
        for (const auto& event : *events) hear(event);
        if (is_so()) return true;
    }
    return false;
}

template <class Holds>
bool read_until(TargetWatcher& watcher, Holds is_so) {
    return read_until(watcher, is_so, [](const TargetEvent&) {});
}

bool knows(const TargetWatcher& watcher, std::uint64_t netns) {
    const auto& targets = watcher.targets();
    return std::any_of(targets.begin(), targets.end(),
                       [&](const TargetInfo& each) { return each.netns == netns; });
}

std::uint64_t count_of(const TargetWatcher& watcher, const std::string& words) {
    std::uint64_t count = 0;
    for (const auto& each : watcher.limitations().all()) {
        if (each.error.message.find(words) != std::string::npos) count += each.count;
    }
    return count;
}

/// Processes that each live in a namespace of their own for as long as it takes to end.
void come_and_go(const std::atomic<bool>& stop) {
    while (!stop) {
        const pid_t child = ::fork();
        if (child == 0) ::_exit(::unshare(CLONE_NEWNET));
        ::waitpid(child, nullptr, 0);
    }
}

std::string mount_line(std::uint64_t inode, const std::string& path) {
    return "1 2 0:4 net:[" + std::to_string(inode) + "] " + path + " rw - nsfs nsfs rw\n";
}

/// Runs `task` in a process of its own that may open so many files: a limit that was lowered may
/// not be raised again without privilege. Answers what it answered, 100 when it did not end well.
template <class Task>
int with_descriptors(rlim_t most, Task task) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::close_range(3, ~0U, 0);
        const rlimit few{most, most};
        ::_exit(::setrlimit(RLIMIT_NOFILE, &few) == 0 ? task() : 99);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

}  // namespace

TEST_CASE("namespaces that come and go while they are looked for do no harm", "[live]") {
    if (!live_tests_run()) return;
    Lab lab;
    lab.add("host");
    lab.add("stays");
    WatcherOptions options;
    options.host_netns = lab.path("host");
    auto opened = TargetWatcher::open(std::move(options));
    REQUIRE(opened);
    auto& watcher = *opened;
    const auto stays = Netns::open(lab.path("stays"))->inode();
    REQUIRE(read_until(watcher, [&] { return knows(watcher, stays); }));

    std::set<std::uint32_t> here;
    for (const auto& target : watcher.targets()) here.insert(target.id);
    std::set<std::uint32_t> twice;
    const auto hear = [&](const TargetEvent& event) {
        const auto id = event.target.id;
        if (event.kind == Kind::target_appeared && !here.insert(id).second) twice.insert(id);
        if (event.kind == Kind::target_gone && here.erase(id) == 0) twice.insert(id);
    };
    std::atomic<bool> stop{false};
    std::thread churn([&] { come_and_go(stop); });
    for (int i = 0; i < 40; ++i) {
        lab.add("brief");  // its mount makes the watcher look, at once and again
        const auto end = Clock::now() + std::chrono::milliseconds(20);
        read_until(
            watcher, [&] { return Clock::now() >= end; }, hear);
        lab.remove("brief");
    }
    stop = true;
    churn.join();
    lab.add("last");
    const auto last = Netns::open(lab.path("last"))->inode();
    CHECK(read_until(
        watcher, [&] { return knows(watcher, last); }, hear));
    CHECK(knows(watcher, stays));
    CHECK(twice.empty());
    std::set<std::uint32_t> listed;
    for (const auto& target : watcher.targets()) listed.insert(target.id);
    CHECK(listed == here);
}

TEST_CASE("a namespace that another mount hides, or that is gone, is counted once", "[live]") {
    if (!live_tests_run()) return;
    Lab lab;
    for (const auto* name : {"host", "stays", "goes"}) lab.add(name);
    const auto stays = Netns::open(lab.path("stays"))->inode();
    const auto goes = Netns::open(lab.path("goes"))->inode();
    const TempFolder disk;
    disk.write("proc/self/mountinfo",
               mount_line(goes, lab.path("goes")) + mount_line(stays, lab.path("stays")));
    disk.write("bells/none", "");
    lab.remove("goes");  // what was read of it is true no more
    WatcherOptions options;
    options.procfs = Procfs(disk.path() + "/proc");
    options.host_netns = lab.path("host");
    options.netns_folders = {disk.path() + "/bells"};
    auto opened = TargetWatcher::open(std::move(options));
    REQUIRE(opened);
    auto& watcher = *opened;
    CHECK(knows(watcher, stays));
    CHECK_FALSE(knows(watcher, goes));
    CHECK(count_of(watcher, "another mount hides it") == 1);

    lab.add("goes");  // one of that name again
    const auto again = Netns::open(lab.path("goes"))->inode();
    disk.write("proc/self/mountinfo",
               mount_line(again, lab.path("goes")) + mount_line(stays, lab.path("stays")));
    disk.write("bells/one", "");
    CHECK(read_until(watcher, [&] { return knows(watcher, again); }));
    CHECK(count_of(watcher, "another mount hides it") == 1);
    CHECK(count_of(watcher, "was gone before") == 0);
}

TEST_CASE("where the list of processes cannot be read, what is known stays known", "[live]") {
    if (!live_tests_run()) return;
    Lab lab;
    lab.add("host");
    lab.add("web");
    const auto web = Netns::open(lab.path("web"))->inode();
    const TempFolder disk;
    disk.write("proc/self/mountinfo", mount_line(web, lab.path("web")));
    disk.write("bells/none", "");
    WatcherOptions options;
    options.procfs = Procfs(disk.path() + "/proc");
    options.host_netns = lab.path("host");
    options.netns_folders = {disk.path() + "/bells"};
    auto opened = TargetWatcher::open(std::move(options));
    REQUIRE(opened);
    auto& watcher = *opened;
    REQUIRE(knows(watcher, web));
    REQUIRE(::rename((disk.path() + "/proc").c_str(), (disk.path() + "/away").c_str()) == 0);
    disk.write("bells/one", "");
    CHECK(read_until(watcher, [&] { return count_of(watcher, "cannot list the processes") > 0; }));
    CHECK(knows(watcher, web));
}

TEST_CASE("what there is no descriptor for is counted, and known when there is one", "[live]") {
    if (!live_tests_run()) return;
    Lab lab;
    lab.add("host");
    std::string mounts;
    std::set<std::uint64_t> all;
    for (int i = 0; i < 40; ++i) {
        const auto name = "n" + std::to_string(i);
        lab.add(name);
        const auto inode = Netns::open(lab.path(name))->inode();
        mounts += mount_line(inode, lab.path(name));
        all.insert(inode);
    }
    const TempFolder disk;
    disk.write("proc/self/mountinfo", mounts);
    WatcherOptions options;
    options.procfs = Procfs(disk.path() + "/proc");
    options.host_netns = lab.path("host");
    options.netns_folders = {};
    const auto known = [&](const TargetWatcher& watcher) {
        return static_cast<std::size_t>(std::count_if(
            all.begin(), all.end(), [&](std::uint64_t inode) { return knows(watcher, inode); }));
    };
    const auto words = "no file descriptor is left";
    const int failed_at = with_descriptors(96, [&] {
        std::vector<Fd> others;
        while (others.size() < 32) others.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        auto opened = TargetWatcher::open(options);
        if (!opened) return 1;
        auto& watcher = *opened;
        const auto at_first = known(watcher);
        if (at_first < 5 || at_first == all.size()) return 2;
        if (count_of(watcher, words) != all.size() - at_first) return 3;
        if (!Netns::open(lab.path("host"))) return 4;  // there are some for everything else
        others.clear();
        // Without any other sign.
        if (!read_until(watcher, [&] { return known(watcher) > at_first; })) return 5;
        return count_of(watcher, words) == all.size() - at_first ? 0 : 6;
    });
    CHECK(failed_at == 0);
}
