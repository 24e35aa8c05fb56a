// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "analyzer/capture_quality.h"
#include "analyzer/engine.h"
#include "analyzer/how_far.h"
#include "analyzer/observed.h"
#include "analyzer/tls_findings.h"
#include "model/conversation.h"
#include "model/finding.h"
#include "model/graph.h"
#include "model/recording.h"

namespace nspect::analyzer {

/// Observed held against declared.
struct Audit {
    Graph graph;  ///< observed edges, and those only declared (EdgeState::allowed_unused)
    std::vector<Finding> findings;             ///< sorted
    std::vector<CertificateUse> certificates;  ///< what runs out first stands first
    /// By conversation: its edge in `graph`. Empty where conversations were not kept.
    std::vector<std::size_t> edge_of;
    std::uint64_t conversations = 0;
    std::map<EdgeState, std::uint64_t> edges_by_state;
    Timestamp first{};  ///< the window the recordings cover
    Timestamp last{};
    HalfSeen half_seen;
    bool lossy = false;  ///< something was lost: "never used" and "not seen" are not safe to act on
};

struct AuditOptions {
    OutsideBy outside = OutsideBy::asked;
    bool findings = true;  ///< and certificates; false: the graph is all that is wanted
    unsigned threads = 0;  ///< as in stitch(): no result depends on it
};

/// Judges conversations one by one, and keeps none: its result has no `edge_of`. They were resolved
/// against engine.world().inventory. `context` is the recording: losses, window, targets; its
/// sightings are left aside. Both must outlive it.
class Auditor {
public:
    Auditor(const PolicyEngine& engine, const Recording& context, const AuditOptions& options = {});
    ~Auditor();

    void take(const Conversation& conversation);
    /// Once, after the last of them.
    Audit finish();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
    friend Audit audit(const PolicyEngine& engine, const std::vector<Conversation>& conversations,
                       const Recording& context, const HowFar& how_far,
                       const AuditOptions& options);
};

/// The same of all of them, which are what is counted.
Audit audit(const PolicyEngine& engine, const std::vector<Conversation>& conversations,
            const Recording& context, const HowFar& how_far = {}, const AuditOptions& options = {});

}  // namespace nspect::analyzer
