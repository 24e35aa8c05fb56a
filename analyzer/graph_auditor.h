// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "analyzer/audit.h"

namespace nspect::analyzer {

/// The graph of audit(): nodes and edges with their states, of conversations one by one, of which
/// none is kept; findings and certificates are not looked for. Conversations were resolved against
/// engine.world().inventory; `context` is the recording, its sightings left aside. Both must
/// outlive it.
class GraphAuditor {
public:
    GraphAuditor(const PolicyEngine& engine, const Recording& context,
                 OutsideBy outside = OutsideBy::asked);
    ~GraphAuditor();

    void take(const Conversation& conversation);
    /// Once, after the last of them.
    Audit finish();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace nspect::analyzer
