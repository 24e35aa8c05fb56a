// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/audit.h"
#include "analyzer/audit_verdicts.h"
#include "analyzer/observed.h"
#include "analyzer/places.h"

namespace nspect::analyzer {

/// How many conversations, and when.
struct Tally {
    std::uint64_t count = 0;
    Timestamp first{};
    Timestamp last{};
    std::uint32_t judged = 0;  ///< the answer to the first of them, in Verdicts::all()

    void add(const Conversation& conversation, std::uint32_t answer);
    /// "12 conversations, first 2026-01-01T10:00:00Z, last ..."
    std::string words() const;
};

/// What conversations of few edges come to.
struct RareFacts {
    Tally denied_blocked;
    Tally unanswered;  ///< allowed, and no answer
    Tally refused;     ///< allowed, and refused by the server or on the way
    Tally too_large;   ///< small packets pass and large ones do not
    Tally undecided;
    std::string unanswered_fate;  ///< what became of the first one's packets
    std::string refused_fate;
    std::string too_large_fate;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> lost;  ///< by vantages
};

/// What the conversations of one edge came to, held against policy.
struct EdgeFacts {
    Tally denied_flowed;
    Tally used;
    std::unique_ptr<RareFacts> rare;  ///< null: none of these
    bool selected = false;
    bool inbound_declared = false;   ///< a rule, not the absence of one, lets it in
    bool outbound_declared = false;  ///< or out

    EdgeState state() const;
    /// The conversations that made the state what it is.
    const Tally& deciding() const;
};

/// Counts a conversation that policy was asked about: the answer, and its number.
void count(EdgeFacts& facts, const Conversation& conversation, const Judged& judged,
           std::uint32_t number, const Places& places);

/// Facts by edge as they were counted, and by edge of the graph its number there; those beyond the
/// facts were not seen.
struct FactsOfEdges {
    const std::vector<EdgeFacts>& facts;
    const std::vector<std::uint32_t>& number;
};

/// Adds findings about what was seen, by edge. Up to `threads` look for them.
void find_in_edges(Audit& audit, const FactsOfEdges& facts, const Verdicts& verdicts,
                   const World& world, const Places& places, unsigned threads);

}  // namespace nspect::analyzer
