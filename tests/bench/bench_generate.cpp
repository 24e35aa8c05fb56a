// SPDX-License-Identifier: Apache-2.0
// Time and memory of generating policies: `bench_generate [CONVERSATIONS [WORKLOADS]]`.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "analyzer/generate.h"

using namespace nspect;
using namespace nspect::analyzer;

namespace {

IpAddress address_of(std::size_t workload) {
    return IpAddress::v4(0x0a000000U + 1U + static_cast<std::uint32_t>(workload));
}

World make_world(std::size_t workloads) {
    World world;
    for (std::size_t i = 0; i < workloads; ++i) {
        const auto name = "app-" + std::to_string(i);
        Endpoint endpoint;
        endpoint.name = name + "-0";
        endpoint.workload = world.inventory.ensure_workload(
            {"team-" + std::to_string(i % 200), name, "Deployment"});
        endpoint.labels = {{"app.kubernetes.io/name", name}, {"pod-template-hash", "5d4f7"}};
        const auto index = world.inventory.add_endpoint(std::move(endpoint));
        world.inventory.add_lease({address_of(i), index});
    }
    return world;
}

/// Each workload talks to seven others, to the one that answers everybody (as DNS does) and to
/// four addresses outside.
std::vector<Conversation> make_conversations(std::size_t count, std::size_t workloads) {
    std::mt19937 random(1);
    std::vector<Conversation> all;
    all.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto from = random() % workloads;
        const auto which = random() % 12;
        const auto to = which == 0 ? 0 : (from * 31 + which * 977 + 1) % workloads;
        Conversation made;
        made.client = {{address_of(from), Port{40000}}, from, std::nullopt, std::nullopt, ""};
        made.server = {{address_of(to), Port{8080}}, to, std::nullopt, std::nullopt, ""};
        if (which >= 8) {
            const auto outside = 0xcb007100U + static_cast<std::uint32_t>(to % 256);
            made.server = {
                {IpAddress::v4(outside), Port{443}}, std::nullopt, std::nullopt, std::nullopt, ""};
        }
        made.outcome = Outcome::established;
        made.first = Timestamp{std::chrono::seconds{1'767'225'600 + i / 100}};
        made.last = made.first;
        auto& vantage = made.vantages.emplace_back();
        vantage.vantage = 1;
        vantage.role = VantagePoint::Role::client;
        vantage.sent = vantage.received = {1, 1};
        all.push_back(std::move(made));
    }
    return all;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000;
    const std::size_t workloads = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 10'000;
    const World world = make_world(workloads);
    const auto conversations = make_conversations(count, workloads);
    const auto start = std::chrono::steady_clock::now();
    const auto clock = std::clock();
    const PolicyEngine engine(world);
    const auto generated = generate(engine, conversations, {});
    const double total = seconds_since(start);
    const double busy = static_cast<double>(std::clock() - clock) / CLOCKS_PER_SEC;
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf(
        "%zu conversations, %zu workloads: %zu policies in %.2f s (%.2f s of processor time), "
        "%s, %ld MiB\n",
        count, workloads, generated.policies.size(), total, busy,
        generated.proof.sound ? "sound" : "NOT sound", usage.ru_maxrss / 1024);
    return 0;
}
