// SPDX-License-Identifier: Apache-2.0
// bench_audit [CONVERSATIONS [PODS POLICIES]]: a million conversations held against a large
// cluster's policies.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "analyzer/audit.h"
#include "tests/bench/big_world.h"
#include "tests/bench/watch.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::bench;

namespace {

/// Each pod talks to four of its own namespace, and one of four times to one elsewhere.
std::vector<Conversation> make_conversations(std::size_t count, const Size& size) {
    std::mt19937 random(1);
    std::vector<Conversation> all;
    all.reserve(count);
    const auto address = [](std::size_t pod) {
        return IpAddress::v4(0x0a000001U + static_cast<std::uint32_t>(pod));
    };
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t from = random() % size.pods;
        const std::size_t step = 1 + random() % 4;
        const std::size_t to =
            step == 4 ? from * 7919 % size.pods : (from + step * size.namespaces) % size.pods;
        Conversation made;
        made.client = {{address(from), Port{40000}}, from, std::nullopt, std::nullopt, ""};
        made.server = {{address(to), Port{9090}}, to, std::nullopt, std::nullopt, ""};
        made.outcome = Outcome::established;
        made.received.packets = 2;
        made.first = made.last = Timestamp{} + std::chrono::milliseconds(i);
        all.push_back(std::move(made));
    }
    return all;
}

/// Of all that is said, so that two builds can be compared.
class Checksum {
public:
    void take(const std::string& text) {
        for (const char each : text) take(static_cast<unsigned char>(each));
        take(std::uint64_t{256});
    }
    void take(std::uint64_t number) { sum_ = (sum_ ^ number) * 0x100000001b3ULL; }
    std::uint64_t value() const { return sum_; }

private:
    std::uint64_t sum_ = 0xcbf29ce484222325ULL;
};

std::uint64_t checksum(const Audit& audit) {
    Checksum sum;
    for (const Finding& each : audit.findings) {
        sum.take(each.code);
        sum.take(static_cast<std::uint64_t>(each.severity));
        sum.take(each.subject);
        sum.take(each.message);
        for (const auto& evidence : each.evidence) sum.take(evidence);
        sum.take(each.location ? to_string(*each.location) : "");
        sum.take(each.edge.value_or(0));
    }
    for (const GraphNode& each : audit.graph.nodes) sum.take(each.id);
    for (const GraphEdge& each : audit.graph.edges) {
        sum.take(each.from);
        sum.take(each.to);
        sum.take(to_string(each.point));
        sum.take(each.conversations);
        sum.take(each.received.packets);
        sum.take(static_cast<std::uint64_t>(each.state));
        for (const auto& rule : each.rules) sum.take(rule);
    }
    for (const auto edge : audit.edge_of) sum.take(edge);
    return sum.value();
}

void print(const char* what, const Watch& watch) {
    std::printf("  %-22s %6.2f s, %6.2f s of processor time\n", what, watch.seconds(),
                watch.cpu_seconds());
}

}  // namespace

int main(int argc, char** argv) {
    const auto number = [&](int at, std::size_t otherwise) {
        return argc > at ? std::strtoul(argv[at], nullptr, 10) : otherwise;
    };
    Size size{number(2, 100'000), number(3, 10'000), 0, "typical"};
    size.namespaces = std::max<std::size_t>(1, size.pods / 100);
    const World world = make_world(size);
    const auto conversations = make_conversations(number(1, 1'000'000), size);
    std::printf("%zu conversations, %zu pods, %zu policies\n", conversations.size(), size.pods,
                size.policies);
    const Watch compiling;
    const PolicyEngine engine(world);
    print("compiling policies", compiling);
    const Watch auditing;
    const Audit result = audit(engine, conversations, {});
    print("audit", auditing);
    std::printf("  %zu edges, %zu findings, %.0f MiB at most\n", result.graph.edges.size(),
                result.findings.size(), peak_mib());
    std::printf("  results %016llx\n", static_cast<unsigned long long>(checksum(result)));
    return 0;
}
