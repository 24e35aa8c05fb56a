// SPDX-License-Identifier: Apache-2.0
// What is written of any world reads back as what was meant, in every language.
#include <catch2/catch.hpp>

#include "analyzer/generate.h"
#include "ingest/load.h"
#include "tests/analyzer/random_traffic.h"
#include "tests/analyzer/random_world.h"
#include "viz/policy_yaml.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;

TEST_CASE("policies for any intended world read back with the same answers, in every dialect") {
    const auto seed = GENERATE(range(1U, 41U));
    const auto dialect =
        GENERATE(Dialect::kubernetes, Dialect::admin, Dialect::cilium, Dialect::calico);
    const auto granularity = GENERATE(Granularity::workload, Granularity::whole_namespace);
    CAPTURE(seed, static_cast<int>(dialect), static_cast<int>(granularity));
    worlds::RandomWorld maker(seed);
    const World world = maker.make();
    if (world.inventory.endpoints().size() < 2) return;
    std::mt19937 random(seed);
    const PolicyEngine engine(world);
    const auto recorded = sample(engine, random, 30);
    GenerateOptions options;
    options.dialect = dialect;
    options.granularity = granularity;
    const auto generated = generate(engine, recorded, options);
    const auto yaml = viz::to_yaml(generated.policies);
    Diagnostics diagnostics;
    const auto bundle = ingest::load_texts({{"made.yaml", yaml}}, diagnostics);
    std::string said;
    for (const auto& each : diagnostics.items()) said += to_string(each) + '\n';
    CAPTURE(said, yaml);
    CHECK_FALSE(diagnostics.has_errors());
    CHECK(bundle.policies.size() == generated.policies.size());

    World made{world.inventory, {}, world.options, world.domains};
    for (const auto& each : generated.policies) made.policies.push_back(each.policy);
    const World read{world.inventory, bundle.policies, world.options, world.domains};
    const PolicyEngine as_made(made);
    const PolicyEngine as_read(read);
    const auto parties = maker.parties(world);
    for (const auto& from : parties) {
        for (const auto& to : parties) {
            if (!from.endpoint && !to.endpoint) continue;
            if (as_made.allowed(from, to) == as_read.allowed(from, to)) continue;
            FAIL_CHECK("differs: " << from.endpoint.value_or(99) << ' ' << to_string(from.address)
                                   << " -> " << to.endpoint.value_or(99) << ' '
                                   << to_string(to.address));
            return;
        }
    }
}
