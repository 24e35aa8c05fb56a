// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "analyzer/how_far.h"
#include "analyzer/threads.h"
#include "model/conversation.h"
#include "model/inventory.h"
#include "model/recording.h"

namespace nspect::analyzer {

/// Joins the sightings of one flow at several vantages into conversations, and resolves who the two
/// ends were at the time. TCP is joined by initial sequence numbers, which NAT leaves alone, ports
/// and time; UDP and ICMP by addresses, payload fingerprint and time. When in doubt sightings are
/// not joined. Sorted by first packet. Conversations are what is counted: how many there are is
/// known once all sightings are joined.
///
/// Here and below, `threads` work on it at most; 0: as many as are worth it, none beside the
/// caller's for a small recording. No result depends on it.
std::vector<Conversation> stitch(const Recording& recording, const Inventory& inventory,
                                 const HowFar& how_far = {}, unsigned threads = 0);

/// The same conversations in the same order, each made shortly before its turn, ahead of the caller
/// by other threads: for who keeps none of them. `visit` is called by the caller's thread, and may
/// move from what it is shown. Ends early when it says false.
void stitch_each(const Recording& recording, const Inventory& inventory,
                 const std::function<bool(Conversation&)>& visit, const HowFar& how_far = {},
                 unsigned threads = 0);

/// What is done with a part of them, a few hundred in a row.
struct InParts {
    /// May be empty. Called by whoever made the part, several threads at once; `slot` is below
    /// Ahead::most_slots and this part's own until it was used.
    std::function<void(std::span<Conversation> part, std::size_t slot)> prepare;
    /// Called in order and by the caller's thread. False ends it early.
    std::function<bool(std::span<Conversation> part, std::size_t slot)> use;
};

void stitch_in_parts(const Recording& recording, const Inventory& inventory, const InParts& work,
                     const HowFar& how_far = {}, unsigned threads = 0);

}  // namespace nspect::analyzer
