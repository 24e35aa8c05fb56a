// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "analyzer/audit_verdicts.h"
#include "analyzer/generate_demand.h"
#include "analyzer/generate_policies.h"
#include "analyzer/observed.h"

namespace nspect::analyzer {
namespace {

constexpr std::size_t most_clients = 10;

std::set<std::string> asked_for(const Inventory& inventory, const GenerateOptions& options) {
    std::set<std::string> names(options.namespaces.begin(), options.namespaces.end());
    if (!names.empty()) return names;
    for (const auto& workload : inventory.workloads()) names.insert(workload.id.namespace_name);
    return names;
}

std::string client_name(const Inventory& inventory, const End& end) {
    if (end.kind != End::Kind::endpoint) return to_string(end.address);
    const auto& endpoint = inventory.endpoints()[end.index];
    return inventory.workload_of(endpoint).namespace_name + "/" + endpoint.name;
}

/// What is wrong with one edge, while it is gathered.
struct Broken {
    BrokenEdge edge;
    std::set<std::string> clients;
    std::set<std::string> reasons;
    std::vector<std::size_t> conversations;
    Demands demands;
};

class Replayer {
public:
    Replayer(const PolicyEngine& proposed, const Observed& observed,
             const std::vector<Conversation>& conversations)
        : proposed_(proposed),
          inventory_(proposed.world().inventory),
          observed_(observed),
          conversations_(conversations) {}

    Replay replay(Demands demands) {
        Verdicts verdicts(proposed_);
        for (const auto index : demands.permitted) {
            const auto& talk = observed_.talks[index];
            ++replay_.conversations;
            if (verdicts.passes(talk)) {
                ++replay_.allowed;
            } else {
                add(index, verdicts.all()[verdicts.of(talk)]);
            }
        }
        write_remedies();
        check_remedies();
        for (auto& [_, broken] : broken_) finish(broken);
        std::sort(replay_.broken.begin(), replay_.broken.end(),
                  [](const auto& a, const auto& b) { return a.subject < b.subject; });
        replay_.left_out = std::move(demands.left_out);
        return std::move(replay_);
    }

private:
    void add(std::size_t index, const Judged& judged) {
        auto& broken = broken_[observed_.edge_of[index]];
        const auto& talk = observed_.talks[index];
        const auto& conversation = conversations_[index];
        auto& edge = broken.edge;
        const bool first = edge.conversations++ == 0;
        edge.first = first ? conversation.first : std::min(edge.first, conversation.first);
        edge.last = first ? conversation.last : std::max(edge.last, conversation.last);
        broken.clients.insert(client_name(inventory_, talk.client));
        const auto reasons = reasons_in_words(proposed_.world(), judged);
        broken.reasons.insert(reasons.begin(), reasons.end());
        broken.conversations.push_back(index);
        std::set<Direction> denied;
        if (!judged.verdict.egress.allowed && talk.client.kind == End::Kind::endpoint) {
            denied.insert(Direction::egress);
        }
        if (!judged.verdict.ingress.allowed && talk.server.kind == End::Kind::endpoint) {
            denied.insert(Direction::ingress);
        }
        add_demands(inventory_, talk, conversation, denied, broken.demands);
    }

    void write_remedies() {
        WriteOptions options;
        options.additions = true;
        PolicyWriter writer(inventory_, options);
        std::set<std::pair<std::string, std::string>> names;
        for (auto& [_, broken] : broken_) {
            broken.edge.remedy = writer.write(broken.demands).policies;
            for (auto& each : broken.edge.remedy) {
                const auto& place = each.policy.namespace_name;
                const auto name = each.policy.name;
                for (int n = 2; !names.emplace(place, each.policy.name).second; ++n) {
                    each.policy.name = name + "-" + std::to_string(n);
                }
            }
        }
    }

    /// Only what the engine agrees to is a remedy: a denial that stands before is stronger.
    void check_remedies() {
        World mended = proposed_.world();
        for (const auto& [_, broken] : broken_) {
            for (const auto& each : broken.edge.remedy) mended.policies.push_back(each.policy);
        }
        const PolicyEngine engine(mended);
        Verdicts verdicts(engine);
        for (auto& [_, broken] : broken_) {
            const bool works = std::all_of(
                broken.conversations.begin(), broken.conversations.end(),
                [&](std::size_t index) { return verdicts.passes(observed_.talks[index]); });
            if (!works) broken.edge.remedy.clear();
        }
    }

    void finish(Broken& broken) {
        auto& edge = broken.edge;
        const auto index = observed_.edge_of[broken.conversations.front()];
        edge.subject = edge_name(observed_.graph, observed_.graph.edges[index]);
        edge.clients.assign(broken.clients.begin(), broken.clients.end());
        if (edge.clients.size() > most_clients) {
            const auto more = edge.clients.size() - most_clients;
            edge.clients.resize(most_clients);
            edge.clients.push_back("and " + std::to_string(more) + " more");
        }
        edge.reasons.assign(broken.reasons.begin(), broken.reasons.end());
        replay_.broken.push_back(std::move(edge));
    }

    const PolicyEngine& proposed_;
    const Inventory& inventory_;
    const Observed& observed_;
    const std::vector<Conversation>& conversations_;
    std::map<std::size_t, Broken> broken_;
    Replay replay_;
};

}  // namespace

Replay replay(const PolicyEngine& in_force, const PolicyEngine& proposed,
              const std::vector<Conversation>& conversations, const GenerateOptions& options,
              const HowFar& how_far) {
    constexpr std::size_t passes = 2;
    const auto whole = conversations.size();
    const Observed observed = observe(in_force, conversations, pass_of(how_far, 0, passes, whole));
    const auto namespaces = asked_for(in_force.world().inventory, options);
    auto demands = demands_of(in_force, nullptr, observed, conversations, namespaces, options,
                              pass_of(how_far, 1, passes, whole));
    return Replayer(proposed, observed, conversations).replay(std::move(demands));
}

}  // namespace nspect::analyzer
