// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analyzer/engine.h"

namespace nspect::analyzer {

/// One policy, with one rule, that opens one direction of what is denied.
struct Remedy {
    Direction direction = Direction::ingress;
    /// To be added. Of a kind that has no room before the denying rule (a baseline's singleton, a
    /// priority of 0) only its rule is meant: see `before`.
    Policy policy;
    std::optional<Location> before;    ///< put the rule there, in front of the one that denies
    std::vector<std::string> selects;  ///< other workloads that the same labels select
};

/// The smallest changes that would together allow a denied point, and what no addition overrules.
struct Remedies {
    std::vector<Remedy> additions;
    /// Denying rules and isolations that must be changed themselves, in words.
    std::vector<std::string> in_the_way;
    bool sufficient = false;  ///< with the additions alone the engine allows it
};

/// What would allow `point`; nothing where it is allowed already. An end outside stands for all of
/// `outside`. Checked by judging the world with the additions.
Remedies remedies(const PolicyEngine& engine, const Who& from, const Who& to,
                  const TrafficPoint& point, const IpSet& outside);

}  // namespace nspect::analyzer
