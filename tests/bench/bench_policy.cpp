// SPDX-License-Identifier: Apache-2.0
// Times and memory of the policy engine over generated worlds: `bench_policy` prints the table,
// `bench_policy PODS POLICIES NAMESPACES WORLD` one line of it, with a fifth word the line about
// single changes. Each line runs in a process of its
// own.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "analyzer/engine.h"
#include "analyzer/live_engine.h"
#include "analyzer/reachability.h"
#include "tests/bench/big_world.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::bench;

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void measure(const Size& size) {
    const World world = make_world(size);
    const double world_mib = peak_mib();
    const auto start = std::chrono::steady_clock::now();
    const PolicyEngine engine(world);
    const double compiled = seconds_since(start);
    const auto summary = summarize(engine);
    const double total = seconds_since(start);
    std::printf("%-9s %7zu %6zu %5zu  %7zu  %8.3f %8.3f %8.3f  %7.0f %7.0f  %llu/%llu\n",
                size.world.c_str(), size.pods, size.policies, size.namespaces, engine.class_count(),
                compiled, total - compiled, total, world_mib, peak_mib(),
                static_cast<unsigned long long>(summary.open + summary.restricted),
                static_cast<unsigned long long>(summary.pairs));
    std::fflush(stdout);
}

/// A thousand single changes; after each, what the changed pod may do with a thousand others (or,
/// for a policy, one pod it selects).
void measure_changes(const Size& size) {
    LiveEngine live(make_world(size));
    const auto start = std::chrono::steady_clock::now();
    const PolicyEngine whole(live.world());
    summarize(whole);
    const double full = seconds_since(start);
    std::vector<double> changing;
    std::vector<double> answering;
    for (std::size_t i = 0; i < 1000; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        std::size_t subject = i * 7919 % size.pods;
        if (i % 2 == 0) {
            const auto pod = pod_number(size.pods + i, size);
            Endpoint endpoint;
            endpoint.name = pod.name;
            endpoint.labels = pod.labels;
            endpoint.ports = pod.ports;
            subject = live.add_endpoint({pod.space, pod.name, "Pod"}, endpoint, {});
        } else {
            live.set_policy({policy_number(i * 31 % size.policies, size)});
        }
        const double changed = seconds_since(begin);
        for (std::size_t k = 0; k < 1000; ++k) {
            const Who other = Who::of_endpoint(k * 104729 % size.pods);
            live.allowed(Who::of_endpoint(subject), other);
        }
        changing.push_back(changed);
        answering.push_back(seconds_since(begin) - changed);
    }
    std::sort(changing.begin(), changing.end());
    std::sort(answering.begin(), answering.end());
    std::printf(
        "changes: %s, %zu pods, %zu policies: from scratch %.3f s; one change %.1f us in the "
        "middle "
        "(%.4f %%), %.1f ms at most; then 1000 answers about it %.2f ms in the middle (%.2f %%)\n",
        size.world.c_str(), size.pods, size.policies, full, changing[500] * 1e6,
        100 * changing[500] / full, changing.back() * 1e3, answering[500] * 1e3,
        100 * answering[500] / full);
    std::fflush(stdout);
}

template <class Measure>
void measure_alone(const Size& size, const Measure& one) {
    const pid_t child = fork();
    if (child == 0) {
        one(size);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
}

}  // namespace

int main(int argc, char** argv) {
    std::printf(
        "world        pods policy nspcs  classes   compile    pairs    total  worldMB  peakMB"
        "  reachable/pairs\n");
    std::fflush(stdout);
    if (argc == 6) {
        measure_alone({std::stoul(argv[1]), std::stoul(argv[2]), std::stoul(argv[3]), argv[4]},
                      measure_changes);
        return 0;
    }
    if (argc == 5) {
        measure_alone({std::stoul(argv[1]), std::stoul(argv[2]), std::stoul(argv[3]), argv[4]},
                      measure);
        return 0;
    }
    for (const std::string world : {"typical", "distinct", "wide"}) {
        for (const std::size_t pods : {1000U, 10000U, 100000U}) {
            for (const std::size_t policies : {100U, 1000U, 10000U}) {
                measure_alone({pods, policies, pods / 100, world}, measure);
            }
        }
    }
    measure_alone({100000, 10000, 10, "typical"}, measure);
    measure_alone({100000, 10000, 10, "distinct"}, measure);
    measure_alone({100000, 10000, 1000, "typical"}, measure_changes);
    measure_alone({100000, 10000, 1000, "distinct"}, measure_changes);
    return 0;
}
