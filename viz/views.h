// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "analyzer/audit.h"
#include "analyzer/baseline.h"
#include "analyzer/compliance.h"
#include "analyzer/connectivity.h"
#include "analyzer/diff.h"
#include "analyzer/exposure.h"
#include "analyzer/generate.h"
#include "analyzer/generate_check.h"
#include "analyzer/lint.h"
#include "analyzer/observed_diff.h"
#include "analyzer/places.h"
#include "model/attachment.h"
#include "model/conversation.h"
#include "model/inventory.h"
#include "model/recording.h"
#include "viz/view.h"

/// What each verb shows, as a View: the one place that puts results into words, figures and tables.
namespace nspect::viz {

View audit_view(const analyzer::Audit& audit, const Recording& context, const Inventory& inventory);
/// Adds what a page opens on demand about the conversations of edges: when, and the latest ones.
void add_talks(const analyzer::Audit& audit, const std::vector<Conversation>& conversations,
               const Recording& context, View& view);
/// Adds the tables only a page has room for: workloads that no policy isolates, allowed edges that
/// nobody used.
void add_page_tables(View& view);
/// By file: what it holds.
using SourceTexts = std::map<std::string, std::string>;
/// Adds the policies in force as they are written, what their rules say by place, and those that
/// could stand in their stead.
void add_policy_texts(const std::vector<Policy>& in_force, const SourceTexts& texts,
                      const analyzer::Generated& generated, View& view);
/// Adds a table of the statements, and each as a check.
void add_compliance(const std::vector<analyzer::ComplianceCheck>& checks, View& view);
/// Takes out of the view's findings what the baseline knows, and says how many that are.
void add_known(const analyzer::Compared& compared, const std::string& baseline, View& view);
/// `world` is what was looked at. With a recording, a table of rules and their hits.
View lint_view(const analyzer::Lint& lint, const analyzer::World& world);
/// The communication graph without judgement: no findings.
View graph_view(const Graph& graph);
View connectivity_view(const analyzer::Connectivity& connectivity,
                       const analyzer::Exposure* exposure = nullptr);
View summary_view(const analyzer::ConnectivitySummary& summary, analyzer::Level level);
/// Which changes a pipeline fails on.
enum class FailOnDiff { opened, any, never };
inline bool counts(FailOnDiff fail_on, bool opens) {
    return fail_on == FailOnDiff::any || (fail_on == FailOnDiff::opened && opens);
}
/// Whether it lets through what was not let through before; of recordings, whether something is
/// there, or flows against policy, that did not.
bool opens(const analyzer::ConnectivityChange& change);
bool opens(const analyzer::ObservedChange& change);
/// The changes as a graph, and each as a check.
View diff_view(const analyzer::ConnectivityDiff& diff, FailOnDiff fail_on = FailOnDiff::opened);
View diff_view(const analyzer::ObservedDiff& diff, FailOnDiff fail_on = FailOnDiff::opened);
/// The rows alone, of some conversations or all.
Table flows_table(std::span<const Conversation> conversations, const Inventory& inventory,
                  const analyzer::Places& places);
View flows_view(const std::vector<Conversation>& conversations, const Inventory& inventory,
                const Recording& context);
/// With a picture of what is plugged into what.
View targets_view(const std::vector<TargetInfo>& targets,
                  const std::vector<Attachment>& attachments = {});
/// The proof in words and tables; the policies themselves as documents.
View generated_view(const analyzer::Generated& generated);
/// Adds what generated policies open and close, `diff` being from those in force to them.
void add_proposal(const analyzer::ConnectivityDiff& diff, View& view);
/// What would break, since when, and which policies would let it pass.
View replay_view(const analyzer::Replay& replay);

}  // namespace nspect::viz
