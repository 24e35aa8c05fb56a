// SPDX-License-Identifier: Apache-2.0
// Many network namespaces on one host: how long until packets are read, what waiting costs, memory
// per target. As root: bench_targets [NAMESPACES] [SECONDS]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

#include "capture/live_world.h"
#include "tests/bench/crowd.h"

namespace {

using namespace nspect;
using namespace nspect::capture;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto of = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return of(used.ru_utime) + of(used.ru_stime);
}

double resident_kib() {
    std::ifstream status("/proc/self/statm");
    double all = 0;
    double resident = 0;
    status >> all >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024;
}

int measure(int count, int seconds) {
    const bench::Crowd crowd(count);
    LiveWorldOptions options;
    options.watcher.host_netns = crowd.host();
    options.now = [] { return std::chrono::system_clock::now(); };
    const double before = resident_kib();
    const auto start = Clock::now();
    auto world = live_world(std::move(options));
    if (!world) {
        std::fprintf(stderr, "%s\n", to_string(world.error()).c_str());
        return 1;
    }
    const double opened = seconds_since(start);
    const double memory = resident_kib() - before;
    const auto targets = static_cast<double>(world->targets().size());
    RecorderOptions how;
    how.duration = std::chrono::seconds(seconds);
    double first = 0;
    double idle = 0;
    Clock::time_point begun;
    const auto summary = record(std::move(how), std::move(*world), [&](const Batch&) -> Status {
        // What was just made settles for some seconds; idle begins after that.
        if (first == 0) first = seconds_since(start);
        if (idle == 0 && seconds_since(start) > first + 8) {
            idle = cpu_seconds();
            begun = Clock::now();
        }
        return done;
    });
    if (!summary) return 1;
    std::printf("%d namespaces: %.2f s until all are known, %.2f s until packets are read\n", count,
                opened, first);
    std::printf("%.1f KiB per target; idle: %.2f %% of a core\n", memory / targets,
                idle == 0 ? -1.0 : 100 * (cpu_seconds() - idle) / seconds_since(begun));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    return measure(argc > 1 ? std::atoi(argv[1]) : 1000, argc > 2 ? std::atoi(argv[2]) : 20);
}
