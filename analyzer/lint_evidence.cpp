// SPDX-License-Identifier: Apache-2.0
#include "analyzer/lint_facts.h"

namespace nspect::analyzer {

/// A rule of policies that select nobody is left to selects-nothing.
void find_never_hit(LintFacts& facts) {
    if (facts.input.conversations == nullptr) return;
    const Duration window = facts.last - facts.first;
    const bool long_enough = window >= facts.input.unused_after;
    const std::string asked = to_words(facts.input.unused_after);
    for (const RuleEvidence& each : facts.rules) {
        if (facts.subjects(each.policy).empty()) continue;
        const bool old = each.hits > 0 && facts.last - each.last >= facts.input.unused_after;
        if (each.hits > 0 && !old) continue;
        const RuleName name{each.policy, each.direction, each.rule};
        std::string message = old ? "no recorded conversation hit the rule in the last " + asked
                                  : "no recorded conversation hit the rule in " + to_words(window);
        if (!long_enough) message += ", which is shorter than the " + asked + " asked for";
        if (facts.lossy) {
            message += "; something was lost while recording: this is no proof that it is unused";
        }
        auto& finding = facts.report("rule-never-hit",
                                     long_enough && !facts.lossy ? Severity::low : Severity::info,
                                     name, std::move(message));
        finding.evidence.push_back("recorded from " + to_seconds(facts.first) + " to " +
                                   to_seconds(facts.last));
        if (old) {
            finding.evidence.push_back(std::to_string(each.hits) + " hits before, the last at " +
                                       to_seconds(each.last));
        }
    }
}

}  // namespace nspect::analyzer
