// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analyzer/explain.h"
#include "model/conversation.h"
#include "model/recording.h"

namespace nspect::viz {

/// One question and its answer.
struct ExplainedPair {
    std::string src;  ///< as people name it
    std::string dst;
    std::optional<TrafficPoint> point;   ///< asked about; else all traffic
    analyzer::Explanation explanation;   ///< only the blocks that were asked about
    std::vector<Conversation> recorded;  ///< of this pair and point
    bool has_recording = false;
};

/// In sentences: the verdict, each side's deciding rules by file:line, and what was recorded.
std::string to_text(const ExplainedPair& pair, const analyzer::World& world,
                    const Recording& context);
/// {"schema":1,"pairs":[{"src","dst","blocks":[...]}]}, and "recorded" where there is a recording.
std::string to_json(const ExplainedPair& pair, const analyzer::World& world,
                    const Recording& context);

}  // namespace nspect::viz
