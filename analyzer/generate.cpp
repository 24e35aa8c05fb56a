// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "analyzer/generate_demand.h"
#include "analyzer/generate_dialect.h"
#include "analyzer/generate_policies.h"
#include "analyzer/generate_proof.h"
#include "analyzer/generate_warnings.h"
#include "analyzer/observed.h"

namespace nspect::analyzer {
namespace {

std::set<std::string> covered(const Inventory& inventory, const Observed& observed,
                              const GenerateOptions& options) {
    std::set<std::string> namespaces(options.namespaces.begin(), options.namespaces.end());
    if (!namespaces.empty()) return namespaces;
    std::vector<bool> seen(inventory.workloads().size());
    for (const auto& talk : observed.talks) {
        for (const auto* end : {&talk.client, &talk.server}) {
            if (end->kind != End::Kind::endpoint) continue;
            seen[inventory.endpoints()[end->index].workload] = true;
        }
    }
    for (std::size_t i = 0; i < seen.size(); ++i) {
        if (seen[i]) namespaces.insert(inventory.workloads()[i].id.namespace_name);
    }
    return namespaces;
}

bool is_namespaced(PolicyKind kind) {
    return kind == PolicyKind::network_policy || kind == PolicyKind::cilium_network_policy ||
           kind == PolicyKind::calico_network_policy;
}

std::set<std::string> names_of(const std::vector<Policy>& policies) {
    std::set<std::string> names;
    for (const auto& policy : policies) names.insert(policy_title(policy));
    return names;
}

/// What stays of the policies in force: the generated ones take the place of the namespaced ones of
/// the namespaces they cover, except where these are kept.
std::vector<Policy> staying(const World& in_force, const std::set<std::string>& namespaces,
                            const GenerateOptions& options) {
    std::vector<Policy> policies = options.keep;
    const auto kept = names_of(options.keep);
    for (const auto& policy : in_force.policies) {
        const bool made_before = policy.kind == PolicyKind::cluster_network_policy &&
                                 policy.name.starts_with("nspect-") &&
                                 options.dialect == Dialect::admin;
        const bool replaced = made_before || (is_namespaced(policy.kind) &&
                                              namespaces.contains(policy.namespace_name));
        if (!replaced && !kept.contains(policy_title(policy))) policies.push_back(policy);
    }
    return policies;
}

World with_policies(const World& world, std::vector<Policy> policies) {
    return {world.inventory, std::move(policies), world.options, world.domains};
}

WriteOptions write_options(const std::set<std::string>& namespaces,
                           const GenerateOptions& options) {
    WriteOptions made;
    if (!options.default_deny_namespaces.empty()) {
        made.default_deny.insert(options.default_deny_namespaces.begin(),
                                 options.default_deny_namespaces.end());
    } else if (options.default_deny) {
        made.default_deny = namespaces;
    }
    made.granularity = options.granularity;
    made.port_names = options.dialect != Dialect::admin;
    made.external_budget = options.external_budget;
    return made;
}

}  // namespace

Generated generate(const PolicyEngine& engine, const std::vector<Conversation>& conversations,
                   const GenerateOptions& options, const HowFar& how_far) {
    constexpr std::size_t passes = 3;
    const auto pass = [&](std::size_t number) {
        return pass_of(how_far, number, passes, conversations.size());
    };
    const auto& in_force = engine.world();
    const auto& inventory = in_force.inventory;
    const Observed observed = observe(engine, conversations, pass(0));
    const auto namespaces = covered(inventory, observed, options);
    std::optional<World> kept_world;
    std::optional<PolicyEngine> kept;
    if (!options.keep.empty()) {
        kept_world = with_policies(in_force, options.keep);
        kept.emplace(*kept_world);
    }
    const Demands demands = demands_of(engine, kept ? &*kept : nullptr, observed, conversations,
                                       namespaces, options, pass(1));
    PolicyWriter writer(inventory, write_options(namespaces, options));
    auto written = writer.write(demands);
    Generated generated;
    generated.policies = in_dialect(options.dialect, std::move(written.policies), inventory);
    generated.namespaces.assign(namespaces.begin(), namespaces.end());
    auto policies = staying(in_force, namespaces, options);
    const auto first = policies.size();
    const GeneratedPart part{first, options.granularity};
    for (const auto& each : generated.policies) policies.push_back(each.policy);
    World world = with_policies(in_force, std::move(policies));
    {
        const PolicyEngine after(world);
        generated.proof = prove(engine, after, demands, observed, conversations, part, pass(2));
        generated.proof.cut_off = cut_off_by(after, demands, namespaces);
        add_warnings(after, first, generated);
    }
    generated.proposed = std::move(world.policies);
    if (written.addresses_let_in > written.addresses_seen) {
        generated.proof.costs.push_back({"address blocks that were joined (counted in addresses)",
                                         written.addresses_let_in - written.addresses_seen});
    }
    auto& excess = generated.proof.excess;
    excess.insert(excess.end(), written.wider_blocks.begin(), written.wider_blocks.end());
    std::sort(excess.begin(), excess.end());
    if (excess.size() > most_excess) excess.resize(most_excess);
    return generated;
}

}  // namespace nspect::analyzer
