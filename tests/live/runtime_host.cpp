// SPDX-License-Identifier: Apache-2.0
#include "tests/live/runtime_host.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <thread>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace nspect::test {
namespace {

namespace fs = std::filesystem;
constexpr auto patience = std::chrono::seconds(90);

struct Output {
    int status = -1;
    std::string text;
};

Output output_of(const std::string& command) {
    Output output;
    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return output;
    char piece[4096];
    while (const auto got = std::fread(piece, 1, sizeof piece, pipe))
        output.text.append(piece, got);
    output.status = ::pclose(pipe);
    return output;
}

/// Engines make their groups at these depths, below each hierarchy of version 1 too.
std::set<std::string> control_groups() {
    std::set<std::string> groups;
    std::error_code problem;
    for (fs::recursive_directory_iterator entry("/sys/fs/cgroup", problem), end;
         !problem && entry != end; entry.increment(problem)) {
        if (!entry->is_directory(problem)) continue;
        groups.insert(entry->path().native());
    }
    return groups;
}

/// Deepest first; the kernel needs a moment after the last process.
void remove_new_groups(const std::set<std::string>& before) {
    const auto now = control_groups();
    for (auto group = now.rbegin(); group != now.rend(); ++group) {
        if (before.contains(*group)) continue;
        for (int i = 0; i < 20 && ::rmdir(group->c_str()) != 0 && errno == EBUSY; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

/// "/sys" shows the network of who mounted it, so it is mounted anew, with the control groups kept.
constexpr const char* setup = R"(
set -e
mkdir -p "$0/sys"
mount -t sysfs sysfs "$0/sys"
mount --rbind /sys/fs/cgroup "$0/sys/fs/cgroup"
mount --rbind "$0/sys" /sys
mount -t tmpfs tmpfs /run
for folder in /var/lib/cni /etc/cni/net.d; do
    if [ -d "$folder" ]; then mount -t tmpfs tmpfs "$folder"; fi
done
ip link set lo up
touch "$0/ready"
trap 'exit 0' TERM
while :; do sleep 1 & wait; done
)";

pid_t first_child(pid_t parent) {
    std::ifstream children("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) +
                           "/children");
    pid_t child = -1;
    children >> child;
    return child;
}

}  // namespace

RuntimeHost::RuntimeHost() : groups_before_(control_groups()) {
    lab.add("host");
    const auto net = "--net=" + lab.path("host");
    holder_ = ::fork();
    if (holder_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // also when the test is killed nothing stays
        ::execlp("nsenter", "nsenter", net.c_str(), "unshare", "--mount", "--pid", "--fork",
                 "--kill-child", "--mount-proc", "sh", "-c", setup, folder_.path().c_str(),
                 static_cast<char*>(nullptr));
        ::_exit(127);
    }
    const auto end_of_patience = std::chrono::steady_clock::now() + patience;
    while (!fs::exists(folder_.path() + "/ready")) {
        if (std::chrono::steady_clock::now() > end_of_patience) {
            end();
            throw std::runtime_error("cannot set up a host for container engines");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    first_ = first_child(holder_);
}

void RuntimeHost::end() const {
    if (holder_ <= 0) return;
    ::kill(holder_, SIGKILL);
    ::waitpid(holder_, nullptr, 0);
    // Its children end with it, but not at once.
    for (int i = 0; i < 100 && first_ > 0 && ::kill(first_, 0) == 0; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

RuntimeHost::~RuntimeHost() {
    end();
    remove_new_groups(groups_before_);
}

std::string RuntimeHost::run(const std::string& command) const {
    const auto script = folder() + "/command.sh";
    std::ofstream(script) << "exec 2>&1\ncd " << folder() << "\n" << command << "\n";
    const auto output = output_of("timeout -k 5 60 nsenter -t " + std::to_string(first_) +
                                  " --mount --pid --net sh " + script + " </dev/null");
    if (output.status != 0) throw std::runtime_error("failed: " + command + "\n" + output.text);
    return output.text;
}

void RuntimeHost::start(const std::string& daemon, const std::string& ready) const {
    const auto log = folder() + "/daemon.log";
    run("setsid nohup " + daemon + " >>" + log + " 2>&1 </dev/null &");
    const auto end_of_patience = std::chrono::steady_clock::now() + patience;
    for (;;) {
        try {
            run(ready);
            return;
        } catch (const std::runtime_error&) {
            if (std::chrono::steady_clock::now() > end_of_patience) {
                throw std::runtime_error(daemon + " does not start:\n" +
                                         output_of("tail -20 " + log).text);
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
        }
    }
}

std::string RuntimeHost::image() const {
    run(R"sh(set -e
mkdir -p rootfs/bin rootfs/etc rootfs/tmp rootfs/proc rootfs/sys rootfs/dev rootfs/run
cp "$(command -v busybox)" rootfs/bin/busybox
for name in sh sleep httpd wget; do ln -sf busybox rootfs/bin/$name; done
tar -C rootfs -cf image.tar .)sh");
    return folder() + "/image.tar";
}

bool have_programs(const std::string& runtime, const std::vector<std::string>& programs) {
    std::string missing;
    for (const auto& program : programs) {
        if (std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) != 0)
            missing += " " + program;
    }
    if (missing.empty()) return true;
    const char* required = std::getenv("NSPECT_REQUIRE_LIVE");
    if (required != nullptr && std::string(required) == "1")
        throw std::runtime_error(runtime + " is required and not installed:" + missing);
    std::cout << "left out: " << runtime << " (not installed:" << missing << ")\n";
    return false;
}

}  // namespace nspect::test
