// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "analyzer/world.h"
#include "tests/analyzer/worlds.h"

/// Worlds of any size, for measures.
namespace nspect::bench {

struct Size {
    std::size_t pods;
    std::size_t policies;
    std::size_t namespaces;
    std::string world;
};

/// typical: ten applications per namespace, in three tiers, with labels no policy asks for.
/// distinct: every pod has a label value of its own, and policies ask for it: nothing collapses.
/// wide: as typical, but peers are chosen by namespace labels across the whole cluster.
analyzer::World make_world(const Size& size);
worlds::PodSpec pod_number(std::size_t i, const Size& size);
Policy policy_number(std::size_t i, const Size& size);

double peak_mib();

}  // namespace nspect::bench
