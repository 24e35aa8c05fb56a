// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>
#include <vector>

#include "analyzer/engine.h"
#include "analyzer/rule_evidence.h"
#include "model/conversation.h"
#include "model/diagnostics.h"
#include "model/finding.h"
#include "model/recording.h"

namespace nspect::analyzer {

/// What lint may look at beside the policies. Pointers may be null; what they point to must
/// outlive the call.
struct LintInput {
    /// What was said while the documents were read.
    const Diagnostics* documents = nullptr;
    /// With a recording: its conversations, and the rest of it.
    const std::vector<Conversation>* conversations = nullptr;
    const Recording* context = nullptr;
    /// A rule without a hit for that long before the recording ends is worth a finding.
    Duration unused_after = std::chrono::hours(24 * 7);
};

/// Mistakes in policies.
struct Lint {
    std::vector<Finding> findings;    ///< sorted
    std::vector<RuleEvidence> rules;  ///< with a recording: every rule
    Timestamp first{};                ///< the window that recordings cover
    Timestamp last{};
    std::vector<std::string> warnings;  ///< of the recordings: capture_warnings()
    bool lossy = false;  ///< something was lost while recording: "never hit" is no proof
};

/// `engine.world()` is what is looked at. Works on classes and distinct selectors, not on pairs of
/// pods and policies; where comparing everything would take too long, the finding lint-incomplete
/// says what was left out.
Lint lint(const PolicyEngine& engine, const LintInput& input);

class LintFacts;

/// One kind of mistake.
struct LintRow {
    std::string_view code;
    Severity severity = Severity::low;  ///< of the gravest case
    std::string_view says;
    void (*find)(LintFacts& facts) = nullptr;  ///< null: found along with the row above
};
/// All kinds. What documents are said to get wrong comes on top, under the codes of diagnostics.
const std::vector<LintRow>& lint_table();

}  // namespace nspect::analyzer
