// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/engine.h"

namespace nspect::analyzer {

/// Traffic with the same verdict for the same reasons.
struct ExplainBlock {
    TrafficSet traffic;
    Verdict verdict;

    bool operator==(const ExplainBlock&) const = default;
};

/// Why a pair may or may not talk: blocks that share out all traffic, allowed ones first.
struct Explanation {
    std::vector<ExplainBlock> blocks;

    /// Everything is allowed, and only because no policy applies.
    bool all_allowed_by_default() const;
};

Explanation explain(const PolicyEngine& engine, const Who& from, const Who& to);

/// From {ingress-controller} to an endpoint, through the entrances that lead to it.
Explanation explain_entrance(const PolicyEngine& engine, std::size_t endpoint);

/// One point of it. REQUIRES: !traffic.empty().
TrafficPoint first_point(const TrafficSet& traffic);

/// The policies that deny in one direction, each once, as indices into World::policies. Empty where
/// the direction is allowed.
std::vector<std::size_t> denying_policies(const DirectionVerdict& verdict);

/// "allow", "no-rule-matches-peer", ... as the machine format writes it; default_allow is "allow".
std::string_view to_string(Reason::Effect effect);
/// "NetworkPolicy", "Ingress", or "default" when it is neither policy nor entrance.
std::string reason_kind(const World& world, const Reason& reason);
/// Who the reason is about: "shop/db-in", "deny-all"; empty for a default.
std::string reason_name(const World& world, const Reason& reason);
/// The rule as the machine format writes it: its number for NetworkPolicy, else its name; may be
/// empty.
std::string reason_rule(const World& world, Direction direction, const Reason& reason);
/// Where it is written.
Location reason_location(const World& world, Direction direction, const Reason& reason);

}  // namespace nspect::analyzer
