// SPDX-License-Identifier: Apache-2.0
#include "ingest/staged.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

namespace nspect::ingest {

namespace {

constexpr double last_order = 1e300;  // of a policy without order

bool is_calico(const Policy& policy) {
    return policy.kind == PolicyKind::calico_network_policy ||
           policy.kind == PolicyKind::calico_global_network_policy;
}

double order_of(const Policy& policy) {
    if (!is_calico(policy)) return network_policy_order;
    return std::clamp(policy.priority, -last_order, last_order);
}

/// The tier is a part of the name that Calico sorts by, and so is the namespace before it.
std::string sorting_name(const Policy& policy) {
    std::string prefix = policy.kind == PolicyKind::network_policy ? "knp.default."
                         : policy.stage.order == namespace_stage   ? "default."
                                                                   : policy.stage.name + ".";
    if (policy.name.starts_with(prefix)) prefix.clear();
    const std::string name = prefix + policy.name;
    return policy.namespace_name.empty() ? name : policy.namespace_name + "/" + name;
}

/// Policies, by where they stand; those of one name that were split stand together.
using Turns = std::map<std::pair<double, std::string>, std::vector<Policy*>>;

/// One step for each rule as written, so that the parts of a policy interleave as they should; a
/// NetworkPolicy is one step, and the first among equals. Returns the order for what comes next.
double number_rules(const std::vector<Policy*>& parts, Direction direction, double order) {
    const double up = std::numeric_limits<double>::infinity();
    std::map<std::size_t, double> steps;
    for (const Policy* part : parts) {
        for (const Rule& rule : part->rules(direction)) steps[rule.index] = 0;
    }
    for (auto& step : steps) {
        step.second = order;
        if (is_calico(*parts.front())) order = std::nextafter(order, up);
    }
    for (Policy* part : parts) {
        auto& rules = direction == Direction::ingress ? part->ingress : part->egress;
        for (Rule& rule : rules) rule.order = steps[rule.index];
    }
    return order;
}

void number_stage(const Turns& turns, Direction direction) {
    double next = -std::numeric_limits<double>::infinity();
    for (const auto& turn : turns) {
        next = number_rules(turn.second, direction, std::max(turn.first.first, next));
    }
}

}  // namespace

void sort_policies(std::vector<Policy>& policies) {
    std::stable_sort(policies.begin(), policies.end(), [](const Policy& a, const Policy& b) {
        return std::tie(a.kind, a.namespace_name, a.name) <
               std::tie(b.kind, b.namespace_name, b.name);
    });
}

void put_in_calico_order(std::vector<Policy>& policies) {
    std::map<Stage, Turns> stages;
    for (Policy& policy : policies) {
        if (is_calico(policy)) stages[policy.stage];
    }
    for (Policy& policy : policies) {
        const auto stage = stages.find(policy.stage);
        if (stage == stages.end()) continue;
        if (!is_calico(policy) && policy.kind != PolicyKind::network_policy) continue;
        stage->second[{order_of(policy), sorting_name(policy)}].push_back(&policy);
    }
    for (const auto& stage : stages) {
        number_stage(stage.second, Direction::ingress);
        number_stage(stage.second, Direction::egress);
    }
}

void enforce_staged(Bundle& bundle) {
    for (const StagedPolicy& staged : bundle.staged) {
        std::erase_if(bundle.policies, [&](const Policy& policy) {
            return policy.kind == staged.kind && policy.namespace_name == staged.namespace_name &&
                   policy.name == staged.name;
        });
        bundle.policies.insert(bundle.policies.end(), staged.policies.begin(),
                               staged.policies.end());
    }
    bundle.staged.clear();
    sort_policies(bundle.policies);
    put_in_calico_order(bundle.policies);
}

}  // namespace nspect::ingest
