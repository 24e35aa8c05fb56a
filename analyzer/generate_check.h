// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/engine.h"
#include "analyzer/generate.h"
#include "model/conversation.h"

namespace nspect::analyzer {

/// Conversations between two on one port that passed, and that a set of policies would stop.
struct BrokenEdge {
    std::string subject;  ///< "shop/web[Deployment] -> shop/db[StatefulSet] TCP 5432"
    std::uint64_t conversations = 0;
    Timestamp first{};
    Timestamp last{};
    std::vector<std::string> clients;  ///< by whom: pods, containers, addresses; sorted, bounded
    std::vector<std::string> reasons;  ///< what denies it
    /// The smallest NetworkPolicies that, put beside the others, allow it: asked of the engine.
    /// Empty where none can.
    std::vector<GeneratedPolicy> remedy;
};

/// A recording held against policies that are not in force yet.
struct Replay {
    std::uint64_t conversations = 0;  ///< that passed, and that policies are about
    std::uint64_t allowed = 0;
    std::vector<BrokenEdge> broken;  ///< by subject
    std::vector<LeftOut> left_out;   ///< not held against them: denied already, failed, excluded
};

/// Which recorded conversations `proposed` would break. `in_force` is what held while recording;
/// both worlds have the same inventory. Of `options` it heeds namespaces, exclusions, min_count.
/// Conversations are what is counted.
Replay replay(const PolicyEngine& in_force, const PolicyEngine& proposed,
              const std::vector<Conversation>& conversations, const GenerateOptions& options,
              const HowFar& how_far = {});

}  // namespace nspect::analyzer
