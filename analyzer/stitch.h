// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "analyzer/how_far.h"
#include "model/conversation.h"
#include "model/inventory.h"
#include "model/recording.h"

namespace nspect::analyzer {

/// Joins the sightings of one flow at several vantages into conversations, and resolves who the two
/// ends were at the time. TCP is joined by initial sequence numbers, which NAT leaves alone, ports
/// and time; UDP and ICMP by addresses, payload fingerprint and time. When in doubt sightings are
/// not joined. Sorted by first packet. Conversations are what is counted: how many there are is
/// known once all sightings are joined.
std::vector<Conversation> stitch(const Recording& recording, const Inventory& inventory,
                                 const HowFar& how_far = {});

/// The same conversations in the same order, each made when it is its turn: for who keeps none of
/// them. Ends early when `visit` says false.
void stitch_each(const Recording& recording, const Inventory& inventory,
                 const std::function<bool(Conversation)>& visit, const HowFar& how_far = {});

}  // namespace nspect::analyzer
