// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analyzer/explain.h"
#include "analyzer/remedy.h"
#include "analyzer/tls_explain.h"
#include "model/conversation.h"
#include "model/recording.h"

namespace nspect::viz {

/// One answer: between parts of two ends that policy cannot tell apart.
struct ExplainedPair {
    std::string src;  ///< as people name it
    std::string dst;
    std::optional<TrafficPoint> point;  ///< asked about; else all traffic
    analyzer::Explanation explanation;  ///< only the blocks that were asked about
    /// The point behind a Service's translation, when that is not the one asked about.
    std::optional<TrafficPoint> translated = std::nullopt;
    analyzer::Remedies remedies = {};             ///< of a point that is denied
    std::vector<analyzer::ExpectedTls> tls = {};  ///< how it is expected to be protected
};

/// All answers to one question, and what was recorded between the two.
struct ExplainedQuestion {
    std::vector<ExplainedPair> pairs;
    std::size_t left_out = 0;            ///< pairs of parts that were too many to look at
    std::vector<Conversation> recorded;  ///< of these ends and the point
    bool has_recording = false;
    std::vector<std::string> notes;     ///< what the recording says beside its conversations
    std::vector<std::string> warnings;  ///< why what was not seen may have been there
};

/// In sentences: the verdict, each side's deciding rules by file:line, the smallest change that
/// would allow what is denied, how the mesh and expectations want it protected, and what was
/// recorded.
std::string to_text(const ExplainedQuestion& question, const analyzer::World& world,
                    const Recording& context);
/// {"schema":1,"pairs":[{"src","dst","blocks":[...]}]}, and "recorded" where there is a recording.
std::string to_json(const ExplainedQuestion& question, const analyzer::World& world,
                    const Recording& context);

}  // namespace nspect::viz
