// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "analyzer/generate.h"
#include "analyzer/generate_demand.h"

namespace nspect::analyzer {

/// How many lines of excess a proof lists.
inline constexpr std::size_t most_excess = 200;

/// Which of a world's policies were generated, and how.
struct GeneratedPart {
    std::size_t first = 0;  ///< index of the first: the last ones are
    Granularity granularity = Granularity::workload;
};

/// Asks the engine over the generated policies about each conversation that is to pass, and counts
/// what else they allow. The conversations are what is counted.
Proof prove(const PolicyEngine& in_force, const PolicyEngine& generated, const Demands& demands,
            const Observed& observed, const std::vector<Conversation>& conversations,
            const GeneratedPart& part, const HowFar& how_far = {});

Stability stability_of(const std::vector<std::size_t>& permitted, const Observed& observed,
                       const std::vector<Conversation>& conversations);
/// "no new edge in the last 40 min of 60 min; 3 of 12 edges seen once".
std::string stability_in_words(const Stability& stability);

}  // namespace nspect::analyzer
