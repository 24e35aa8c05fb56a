// SPDX-License-Identifier: Apache-2.0
// bench_analysis [CONVERSATIONS [VANTAGES [THREADS]]]: what is made of a large recording once it
// was read: conversations, the graph, findings.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "analyzer/audit.h"
#include "analyzer/identity.h"
#include "analyzer/stitch.h"
#include "tests/bench/big_world.h"
#include "tests/bench/watch.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::bench;

namespace {

constexpr std::int64_t start = 1767261600000000000;  // 2026-01-01T10:00:00Z

/// Few services, many short connections, a tenth of them with TLS; each seen at so many vantages.
Recording make_recording(std::uint64_t conversations, std::uint32_t vantages) {
    Recording made;
    made.sightings.reserve(conversations * vantages);
    for (std::uint64_t id = 1; id <= conversations; ++id) {
        const auto scattered = static_cast<std::uint32_t>(id * 2654435761U);
        Sighting flow;
        flow.client = {IpAddress::v4(0x0a010000U + scattered % 4000),
                       {static_cast<std::uint16_t>(32768 + scattered % 28000)}};
        flow.server = {IpAddress::v4(0x0a600000U + scattered % 200), {5432}};
        flow.first = Timestamp(Duration(start + static_cast<std::int64_t>(id) * 100'000));
        flow.last = flow.first + Duration(scattered % 5'000'000);
        flow.sent = {12, 2312};
        flow.received = {10, 9821};
        flow.outcome = Outcome::established;
        flow.client_isn = scattered;
        flow.server_isn = ~scattered;
        flow.app = "postgres";
        if (id % 10 == 0) {
            flow.tls.emplace().version = 0x0304;
            flow.tls->sni = "service-" + std::to_string(scattered % 200) + ".shop.svc";
        }
        for (std::uint32_t each = 0; each < vantages; ++each) {
            flow.id = made.sightings.size() + 1;
            flow.vantage = scattered % 64 + each * 64;
            made.sightings.push_back(flow);
        }
    }
    return made;
}

void print(const char* what, std::size_t count, const Watch& watch) {
    std::printf("  %-14s %10zu  %6.2f s, %6.2f s of processor time, %.0f MiB at most\n", what,
                count, watch.seconds(), watch.cpu_seconds(), peak_mib());
}

}  // namespace

int main(int argc, char** argv) {
    const auto number = [&](int at, std::size_t otherwise) {
        return argc > at ? std::strtoul(argv[at], nullptr, 10) : otherwise;
    };
    const Watch making;
    const auto recording =
        make_recording(number(1, 1'000'000), static_cast<std::uint32_t>(number(2, 1)));
    const auto threads = static_cast<unsigned>(number(3, 0));
    print("sightings", recording.sightings.size(), making);
    World world;
    world.inventory = with_recording({}, recording);
    const PolicyEngine engine(world);

    std::size_t count = 0;
    const Watch stitching;
    stitch_each(
        recording, world.inventory, [&](const Conversation&) { return ++count > 0; }, {}, threads);
    print("conversations", count, stitching);

    const Watch auditing;
    Auditor auditor(engine, recording);
    stitch_each(
        recording, world.inventory,
        [&](const Conversation& each) {
            auditor.take(each);
            return true;
        },
        {}, threads);
    const Audit audit = auditor.finish();
    print("edges", audit.graph.edges.size(), auditing);
    return 0;
}
