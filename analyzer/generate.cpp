// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate.h"

#include <algorithm>
#include <set>
#include <utility>

#include "analyzer/generate_demand.h"
#include "analyzer/generate_policies.h"
#include "analyzer/generate_proof.h"
#include "analyzer/observed.h"

namespace nspect::analyzer {
namespace {

std::set<std::string> covered(const Inventory& inventory, const Observed& observed,
                              const GenerateOptions& options) {
    std::set<std::string> namespaces(options.namespaces.begin(), options.namespaces.end());
    if (!namespaces.empty()) return namespaces;
    for (const auto& talk : observed.talks) {
        for (const auto* end : {&talk.client, &talk.server}) {
            if (end->kind != End::Kind::endpoint) continue;
            const auto& endpoint = inventory.endpoints()[end->index];
            namespaces.insert(inventory.workload_of(endpoint).namespace_name);
        }
    }
    return namespaces;
}

/// The generated policies take the place of the NetworkPolicies of the namespaces they cover; what
/// else is in force stays.
World proposed(const World& in_force, const std::set<std::string>& namespaces,
               const std::vector<GeneratedPolicy>& generated) {
    World world{in_force.inventory, {}, in_force.options};
    for (const auto& policy : in_force.policies) {
        const bool replaced =
            policy.kind == PolicyKind::network_policy && namespaces.contains(policy.namespace_name);
        if (!replaced) world.policies.push_back(policy);
    }
    for (const auto& each : generated) world.policies.push_back(each.policy);
    return world;
}

}  // namespace

Generated generate(const PolicyEngine& engine, const std::vector<Conversation>& conversations,
                   const GenerateOptions& options) {
    const auto& inventory = engine.world().inventory;
    const Observed observed = observe(engine, conversations);
    const auto namespaces = covered(inventory, observed, options);
    const Demands demands = demands_of(engine, observed, conversations, namespaces);
    auto written = write_policies(inventory, demands, namespaces, options.default_deny);
    Generated generated;
    generated.policies = std::move(written.policies);
    const World world = proposed(engine.world(), namespaces, generated.policies);
    const PolicyEngine after(world);
    generated.proof = prove(engine, after, demands, observed, conversations);
    auto& excess = generated.proof.excess;
    excess.insert(excess.end(), written.wider_blocks.begin(), written.wider_blocks.end());
    std::sort(excess.begin(), excess.end());
    if (excess.size() > most_excess) excess.resize(most_excess);
    return generated;
}

}  // namespace nspect::analyzer
