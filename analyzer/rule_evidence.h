// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analyzer/engine.h"
#include "model/conversation.h"
#include "model/time.h"

namespace nspect::analyzer {

/// How often a rule was among those that decided about recorded conversations, and when.
struct RuleEvidence {
    std::size_t policy = 0;  ///< index into World::policies
    Direction direction = Direction::ingress;
    std::size_t rule = 0;  ///< index into that policy's rules of the direction
    std::uint64_t hits = 0;
    Timestamp first{};  ///< of the first and the last hit; meaningless without one
    Timestamp last{};

    bool operator==(const RuleEvidence&) const = default;
};

/// Every rule of the world, hit or not, by policy, direction (ingress first) and rule.
/// `conversations` were resolved against engine.world().inventory. A conversation hits each rule
/// that its verdict names, whatever the rule's action.
std::vector<RuleEvidence> rule_evidence(const PolicyEngine& engine,
                                        const std::vector<Conversation>& conversations);

}  // namespace nspect::analyzer
