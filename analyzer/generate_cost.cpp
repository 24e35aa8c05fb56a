// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_cost.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <tuple>

namespace nspect::analyzer {
namespace {

/// Ways that are asked about one by one.
constexpr std::size_t most_ways = 200'000;

constexpr const char* by_openness = "ends that no policy isolates";
constexpr const char* by_staying = "policies that stay";
constexpr const char* by_namespace = "whole namespaces instead of workloads";
constexpr const char* by_range = "ranges of ports";
constexpr const char* by_labels = "labels that several workloads share";
constexpr const char* by_unknown = "what was not looked at one by one";

class Causes {
public:
    Causes(const PolicyEngine& engine, const GeneratedPart& part) : engine_(engine), part_(part) {}

    const char* of(const WorkloadPoint& way) {
        const auto& [from, to, point] = way;
        const auto [sender, receiver] = talkers(from, to, point);
        const std::tuple key{engine_.class_of(sender), engine_.class_of(receiver), point};
        const auto known = known_.find(key);
        if (known != known_.end()) return known->second;
        return known_.emplace(key, ask(sender, receiver, point)).first->second;
    }

private:
    /// Pods of the two that may talk: of a workload whose pods differ, not all may.
    std::pair<std::size_t, std::size_t> talkers(std::size_t from, std::size_t to,
                                                const TrafficPoint& point) const {
        const auto& inventory = engine_.world().inventory;
        const auto& senders = inventory.endpoints_of(from);
        const auto& receivers = inventory.endpoints_of(to);
        if (senders.size() == 1 && receivers.size() == 1) {
            return {senders.front(), receivers.front()};
        }
        std::set<std::size_t> asked_from;
        for (const auto sender : senders) {
            if (!asked_from.insert(engine_.class_of(sender)).second) continue;
            std::set<std::size_t> asked_to;
            for (const auto receiver : receivers) {
                if (!asked_to.insert(engine_.class_of(receiver)).second) continue;
                if (decide(sender, receiver, point).allowed()) return {sender, receiver};
            }
        }
        return {senders.front(), receivers.front()};
    }

    Verdict decide(std::size_t sender, std::size_t receiver, const TrafficPoint& point) const {
        return engine_.decide(Who::of_endpoint(sender), Who::of_endpoint(receiver), point);
    }

    const char* ask(std::size_t sender, std::size_t receiver, const TrafficPoint& point) const {
        if (!engine_.isolated(sender, Direction::egress) ||
            !engine_.isolated(receiver, Direction::ingress)) {
            return by_openness;
        }
        const auto verdict = decide(sender, receiver, point);
        bool range = false;
        for (const auto direction : {Direction::egress, Direction::ingress}) {
            const auto& side = direction == Direction::egress ? verdict.egress : verdict.ingress;
            bool generated = false;
            for (const auto& reason : side.reasons) {
                if (reason.effect != Reason::Effect::allow || !reason.policy) continue;
                if (*reason.policy < part_.first) continue;
                generated = true;
                range |= names_range(reason, direction, point);
            }
            if (!generated) return by_staying;
        }
        if (part_.granularity == Granularity::whole_namespace) return by_namespace;
        return range ? by_range : by_labels;
    }

    bool names_range(const Reason& reason, Direction direction, const TrafficPoint& point) const {
        if (!reason.rule) return false;
        const auto& rule = engine_.world().policies[*reason.policy].rules(direction)[*reason.rule];
        return std::any_of(rule.ports.begin(), rule.ports.end(), [&](const PortMatch& match) {
            const auto& ranges = match.traffic.ports(point.protocol).intervals();
            return std::any_of(ranges.begin(), ranges.end(), [&](const PortRange& range) {
                return range.first != range.last && range.first <= point.port &&
                       point.port <= range.last;
            });
        });
    }

    const PolicyEngine& engine_;
    const GeneratedPart& part_;
    std::map<std::tuple<std::size_t, std::size_t, TrafficPoint>, const char*> known_;
};

}  // namespace

std::vector<Cost> costs_of(const PolicyEngine& generated, const BreadthCounter& tight,
                           const std::set<WorkloadPoint>& used, const GeneratedPart& part) {
    Causes causes(generated, part);
    std::map<std::string, std::uint64_t> ways;
    std::size_t asked = 0;
    tight.each_beyond(used, [&](const WorkloadPoint& way) {
        if (asked == most_ways) return false;
        ++asked;
        ++ways[causes.of(way)];
        return true;
    });
    if (asked == most_ways) ways[by_unknown] = tight.allowed() - used.size() - asked;
    std::vector<Cost> costs;
    for (const auto* cause :
         {by_namespace, by_labels, by_range, by_staying, by_openness, by_unknown}) {
        const auto found = ways.find(cause);
        if (found != ways.end() && found->second > 0) costs.push_back({cause, found->second});
    }
    return costs;
}

}  // namespace nspect::analyzer
