// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rule_evidence.h"

#include <algorithm>

#include "analyzer/audit_verdicts.h"
#include "analyzer/observed_ends.h"

namespace nspect::analyzer {
namespace {

/// Where the rules of each policy begin in the list, by direction.
struct Offsets {
    std::vector<std::size_t> ingress;
    std::vector<std::size_t> egress;
};

Offsets list_rules(const World& world, std::vector<RuleEvidence>& rules) {
    Offsets offsets;
    for (std::size_t policy = 0; policy < world.policies.size(); ++policy) {
        for (const auto direction : {Direction::ingress, Direction::egress}) {
            auto& starts = direction == Direction::ingress ? offsets.ingress : offsets.egress;
            starts.push_back(rules.size());
            const std::size_t count = world.policies[policy].rules(direction).size();
            for (std::size_t rule = 0; rule < count; ++rule) {
                rules.push_back({policy, direction, rule});
            }
        }
    }
    return offsets;
}

/// Conversations that got one answer, together.
struct Seen {
    std::uint64_t count = 0;
    Timestamp first{};
    Timestamp last{};
};

void add(RuleEvidence& evidence, const Seen& seen) {
    evidence.first = evidence.hits == 0 ? seen.first : std::min(evidence.first, seen.first);
    evidence.last = evidence.hits == 0 ? seen.last : std::max(evidence.last, seen.last);
    evidence.hits += seen.count;
}

}  // namespace

std::vector<RuleEvidence> rule_evidence(const PolicyEngine& engine,
                                        const std::vector<Conversation>& conversations) {
    std::vector<RuleEvidence> rules;
    const Offsets offsets = list_rules(engine.world(), rules);
    Verdicts verdicts(engine);
    Ends ends(engine.world().inventory);
    std::vector<Seen> seen;
    for (const Conversation& conversation : conversations) {
        const std::uint32_t answer = verdicts.of(ends.talk(conversation));
        if (answer >= seen.size()) seen.resize(answer + 1);
        Seen& one = seen[answer];
        one.first = one.count == 0 ? conversation.first : std::min(one.first, conversation.first);
        one.last = std::max(one.last, conversation.last);
        ++one.count;
    }
    for (std::size_t i = 0; i < seen.size(); ++i) {
        const Judged& judged = verdicts.all()[i];
        if (judged.own_node) continue;
        const auto note = [&](Direction direction, const std::vector<std::size_t>& starts) {
            const auto& side =
                direction == Direction::ingress ? judged.verdict.ingress : judged.verdict.egress;
            for (const Reason& reason : side.reasons) {
                if (!reason.policy || !reason.rule) continue;
                const bool decided = reason.effect == Reason::Effect::allow ||
                                     reason.effect == Reason::Effect::deny ||
                                     reason.effect == Reason::Effect::pass;
                if (decided) add(rules[starts[*reason.policy] + *reason.rule], seen[i]);
            }
        };
        note(Direction::ingress, offsets.ingress);
        note(Direction::egress, offsets.egress);
    }
    return rules;
}

}  // namespace nspect::analyzer
