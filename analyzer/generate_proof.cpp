// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_proof.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "analyzer/audit_verdicts.h"
#include "analyzer/generate_breadth.h"
#include "analyzer/generate_cost.h"

namespace nspect::analyzer {
namespace {

std::optional<std::size_t> workload_of(const Inventory& inventory, const End& end) {
    if (end.kind != End::Kind::endpoint) return std::nullopt;
    return inventory.endpoints()[end.index].workload;
}

struct Used {
    std::set<WorkloadPoint> pairs;
    std::set<TrafficPoint> points;
};

/// Conversations of one edge mostly say the same again: only what differs from the one before is
/// looked up.
Used used_by(const Demands& demands, const Observed& observed, const Inventory& inventory) {
    Used used;
    std::vector<std::optional<WorkloadPoint>> latest(observed.graph.edges.size());
    for (const auto index : demands.permitted) {
        const auto& talk = observed.talks[index];
        const auto from = workload_of(inventory, talk.client);
        const auto to = workload_of(inventory, talk.server);
        const bool between = from && to && *from != *to;
        const WorkloadPoint made{between ? *from : 0, between ? *to : 0, talk.point};
        auto& before = latest[observed.edge_of[index]];
        if (before == made) continue;
        before = made;
        used.points.insert(talk.point);
        if (between) used.pairs.insert(made);
    }
    return used;
}

std::vector<LeftOut> broken(const PolicyEngine& generated, const Demands& demands,
                            const Observed& observed, const HowFar& how_far) {
    std::size_t asked = 0;
    Verdicts verdicts(generated);
    std::map<std::pair<std::size_t, std::string>, std::uint64_t> denied;
    for (const auto index : demands.permitted) {
        tell(how_far, ++asked, demands.permitted.size());
        const auto& talk = observed.talks[index];
        if (verdicts.passes(talk)) continue;
        const auto& judged = verdicts.all()[verdicts.of(talk)];
        const auto reasons = reasons_in_words(generated.world(), judged);
        ++denied[{observed.edge_of[index], reasons.empty() ? "denied" : reasons.front()}];
    }
    std::vector<LeftOut> all;
    for (const auto& [key, count] : denied) {
        const auto& edge = observed.graph.edges[key.first];
        all.push_back({edge_name(observed.graph, edge), key.second, count});
    }
    std::sort(all.begin(), all.end(), [](const LeftOut& a, const LeftOut& b) {
        return std::tie(a.subject, a.reason) < std::tie(b.subject, b.reason);
    });
    return all;
}

}  // namespace

Proof prove(const PolicyEngine& in_force, const PolicyEngine& generated, const Demands& demands,
            const Observed& observed, const std::vector<Conversation>& conversations,
            const GeneratedPart& part, const HowFar& how_far) {
    Proof proof;
    proof.left_out = demands.left_out;
    proof.broken = broken(generated, demands, observed, how_far);
    proof.sound = proof.broken.empty();
    const auto used = used_by(demands, observed, in_force.world().inventory);
    const auto universe = point_universe({&in_force.world(), &generated.world()}, used.points);
    const BreadthCounter tight(generated, universe);
    proof.generated = {tight.allowed(), used.pairs.size()};
    proof.excess = tight.beyond(used.pairs, most_excess);
    proof.costs = costs_of(generated, tight, used.pairs, part);
    proof.in_force = {BreadthCounter(in_force, universe).allowed(), used.pairs.size()};
    std::uint64_t pods = 0;
    const auto& inventory = in_force.world().inventory;
    for (std::size_t i = 0; i < inventory.workloads().size(); ++i) {
        pods += inventory.endpoints_of(i).empty() ? 0U : 1U;
    }
    const auto pairs = pods == 0 ? 0 : pods * (pods - 1);
    proof.without_policy = {pairs * universe.size(), used.pairs.size()};
    proof.stable = stability_of(demands.permitted, observed, conversations);
    proof.stability = stability_in_words(proof.stable);
    return proof;
}

Stability stability_of(const std::vector<std::size_t>& permitted, const Observed& observed,
                       const std::vector<Conversation>& conversations) {
    if (permitted.empty()) return {};
    struct Seen {
        Timestamp first{};
        std::uint64_t count = 0;
    };
    std::vector<Seen> edges(observed.graph.edges.size());
    for (const auto index : permitted) {
        auto& seen = edges[observed.edge_of[index]];
        const auto first = conversations[index].first;
        seen.first = seen.count++ == 0 ? first : std::min(seen.first, first);
    }
    Timestamp begin = conversations.front().first;
    Timestamp end = conversations.front().last;
    for (const auto& conversation : conversations) {
        begin = std::min(begin, conversation.first);
        end = std::max(end, conversation.last);
    }
    Timestamp newest = begin;
    std::size_t once = 0;
    std::size_t any = 0;
    for (const auto& seen : edges) {
        if (seen.count == 0) continue;
        newest = std::max(newest, seen.first);
        once += seen.count == 1 ? 1 : 0;
        ++any;
    }
    return {end - newest, end - begin, any, once};
}

std::string stability_in_words(const Stability& stability) {
    if (stability.edges == 0) return "nothing was recorded that policies should allow";
    return "no new edge in the last " + to_words(stability.quiet) + " of " +
           to_words(stability.recorded) + "; " + std::to_string(stability.seen_once) + " of " +
           std::to_string(stability.edges) + (stability.edges == 1 ? " edge" : " edges") +
           " seen once only";
}

}  // namespace nspect::analyzer
