// SPDX-License-Identifier: Apache-2.0
// Times and memory of the policy engine over generated worlds: `bench_policy` prints the table,
// `bench_policy PODS POLICIES NAMESPACES WORLD` one line of it. Each line runs in a process of its
// own.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyzer/engine.h"
#include "analyzer/reachability.h"
#include "tests/analyzer/worlds.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::worlds;

namespace {

struct Size {
    std::size_t pods;
    std::size_t policies;
    std::size_t namespaces;
    std::string world;
};

/// typical: ten applications per namespace, in three tiers, with labels no policy asks for.
/// distinct: every pod has a label value of its own, and policies ask for it: nothing collapses.
/// wide: as typical, but peers are chosen by namespace labels across the whole cluster.
void add_pods_of(World& world, const Size& size) {
    const std::vector<std::string> tiers{"front", "logic", "data"};
    for (std::size_t n = 0; n < size.namespaces; ++n) {
        world.inventory.declare_namespace("ns-" + std::to_string(n),
                                          {{"team", "team-" + std::to_string(n % 20)}}, {});
    }
    for (std::size_t i = 0; i < size.pods; ++i) {
        const std::size_t app = i / size.namespaces % 10;
        PodSpec pod;
        pod.space = "ns-" + std::to_string(i % size.namespaces);
        pod.name = "pod-" + std::to_string(i);
        pod.labels = {{"app", size.world == "distinct" ? "app-" + std::to_string(i)
                                                       : "app-" + std::to_string(app)},
                      {"tier", tiers[app % 3]},
                      {"version", "v" + std::to_string(i % 7)},
                      {"pod-template-hash", std::to_string(i * 2654435761U)}};
        pod.addresses = {to_string(IpAddress::v4(0x0a000001U + static_cast<std::uint32_t>(i)))};
        pod.ports = {{"http", Port{static_cast<std::uint16_t>(8080 + app % 2)}, Protocol::tcp}};
        add_pod(world.inventory, pod);
    }
}

Policy policy_number(std::size_t i, const Size& size) {
    const std::size_t n = i % size.namespaces;
    const std::string space = "ns-" + std::to_string(n);
    const std::size_t variety = size.world == "distinct" ? size.pods : 10;
    const auto app = [&](std::size_t k) {
        const std::size_t number =
            size.world == "distinct" ? (k * size.namespaces + n) % variety : k % variety;
        return Labels{{"app", "app-" + std::to_string(number)}};
    };
    Policy policy = network_policy(space, "np-" + std::to_string(i), app(i / size.namespaces), true,
                                   i % 2 == 0);
    const auto port = static_cast<std::uint16_t>(1024 + i % 50);
    policy.ingress.push_back(rule(Action::allow, {pods_in(space, app(i + 1))}, tcp(port)));
    policy.ingress.push_back(
        rule_by_name(Action::allow, {pods_in(space, {{"tier", "front"}})}, "http"));
    PodPeer team{std::nullopt, Selector::matching({{"team", "team-" + std::to_string(i % 20)}}),
                 Selector::matching(size.world == "wide" ? Labels{} : app(i)), std::nullopt};
    policy.ingress.push_back(rule(Action::allow, {team}, tcp(9090)));
    if (i % 2 == 0) {
        policy.egress.push_back(rule(Action::allow, {pods_in(space, app(i + 2))}));
        policy.egress.push_back(
            rule(Action::allow, {AddressPeer{block("203.0.113.0/24"), PodsByAddress::undefined}},
                 tcp(443)));
    }
    return policy;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double peak_mib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

void measure(const Size& size) {
    World world;
    add_pods_of(world, size);
    for (std::size_t i = 0; i < size.policies; ++i) {
        world.policies.push_back(policy_number(i, size));
    }
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

void measure_alone(const Size& size) {
    const pid_t child = fork();
    if (child == 0) {
        measure(size);
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
    if (argc == 5) {
        measure_alone({std::stoul(argv[1]), std::stoul(argv[2]), std::stoul(argv[3]), argv[4]});
        return 0;
    }
    for (const std::string world : {"typical", "distinct", "wide"}) {
        for (const std::size_t pods : {1000U, 10000U, 100000U}) {
            for (const std::size_t policies : {100U, 1000U, 10000U}) {
                measure_alone({pods, policies, pods / 100, world});
            }
        }
    }
    measure_alone({100000, 10000, 10, "typical"});
    measure_alone({100000, 10000, 10, "distinct"});
    return 0;
}
