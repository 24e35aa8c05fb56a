// SPDX-License-Identifier: Apache-2.0
#include "analyzer/explain_parts.h"

#include <algorithm>
#include <map>

namespace nspect::analyzer {
namespace {

Who member(const Part& part) {
    if (!part.endpoints.empty()) return Who::of_endpoint(part.endpoints.front());
    if (part.addresses.empty()) return {};
    return Who::of_address(part.addresses.intervals().front().first);
}

/// A class as seen from itself: its members are each other's peers.
Who other_member(const Part& part, const Who& than) {
    for (const std::size_t endpoint : part.endpoints) {
        if (than.endpoint != endpoint) return Who::of_endpoint(endpoint);
    }
    return member(part);
}

void add_addresses(const PolicyEngine& engine, const IpSet& asked, std::vector<Part>& parts) {
    for (const IpSet& sources : engine.address_classes(Direction::ingress)) {
        const IpSet some = sources & asked;
        if (some.empty()) continue;
        for (const IpSet& targets : engine.address_classes(Direction::egress)) {
            IpSet both = some & targets;
            if (!both.empty()) parts.push_back({{}, std::move(both), false});
        }
    }
}

Part united(const Part& a, const Part& b) {
    Part result;
    std::set_union(a.endpoints.begin(), a.endpoints.end(), b.endpoints.begin(), b.endpoints.end(),
                   std::back_inserter(result.endpoints));
    result.addresses = a.addresses | b.addresses;
    result.ingress_controller = a.ingress_controller || b.ingress_controller;
    return result;
}

/// Joins answers that differ in one side alone.
void join(std::vector<PartAnswer>& answers, Part PartAnswer::*same, Part PartAnswer::*joined) {
    std::vector<PartAnswer> result;
    for (PartAnswer& answer : answers) {
        const auto alike = std::find_if(result.begin(), result.end(), [&](const PartAnswer& other) {
            return other.*same == answer.*same &&
                   other.explanation.blocks == answer.explanation.blocks;
        });
        if (alike == result.end()) {
            result.push_back(std::move(answer));
        } else {
            (*alike).*joined = united((*alike).*joined, answer.*joined);
        }
    }
    answers = std::move(result);
}

}  // namespace

std::vector<Part> parts_of(const PolicyEngine& engine, const RowEnds& ends) {
    std::map<std::size_t, std::vector<std::size_t>> classes;
    for (const std::size_t endpoint : ends.endpoints) {
        classes[engine.class_of(endpoint)].push_back(endpoint);
    }
    std::vector<Part> parts;
    for (auto& [number, endpoints] : classes) parts.push_back({std::move(endpoints), {}, false});
    add_addresses(engine, ends.addresses, parts);
    if (ends.ingress_controller) parts.push_back({{}, {}, true});
    return parts;
}

std::vector<PartAnswer> explain_parts(const PolicyEngine& engine, const RowEnds& from,
                                      const RowEnds& to, const std::optional<TrafficPoint>& point,
                                      std::size_t limit, std::size_t& left_out) {
    std::vector<PartAnswer> answers;
    left_out = 0;
    for (const Part& source : parts_of(engine, from)) {
        for (const Part& target : parts_of(engine, to)) {
            const Who one_from = member(source);
            const Who one_to = source == target ? other_member(target, one_from) : member(target);
            const bool outside_both = !source.addresses.empty() && !target.addresses.empty();
            if (outside_both || target.ingress_controller) continue;
            if (answers.size() == limit) {
                ++left_out;
                continue;
            }
            Explanation explanation;
            if (!source.ingress_controller) {
                explanation = explain(engine, one_from, one_to);
            } else if (one_to.endpoint) {
                explanation = explain_entrance(engine, *one_to.endpoint);
            }
            if (point) {
                std::erase_if(explanation.blocks, [&](const ExplainBlock& block) {
                    return !block.traffic.contains(*point);
                });
            }
            answers.push_back({source, target, one_from, one_to, std::move(explanation)});
        }
    }
    join(answers, &PartAnswer::from, &PartAnswer::to);
    join(answers, &PartAnswer::to, &PartAnswer::from);
    return answers;
}

}  // namespace nspect::analyzer
