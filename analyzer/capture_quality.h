// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/conversation.h"
#include "model/inventory.h"
#include "model/recording.h"

namespace nspect::analyzer {

/// Whether "never used" and "not seen" are no proof: something was lost, or the recording ended
/// before the time it was asked for.
bool is_lossy(const Recording& context);

/// How far a recording can be trusted, in sentences: what was lost, by source and time, namespaces
/// that were not covered, the window asked for and the window seen. Nothing to say: empty.
std::vector<std::string> capture_warnings(const Recording& context);

/// Conversations of which the start, or one of the two directions, is missing. Empty: none.
std::string half_seen_words(const std::vector<Conversation>& conversations);

/// Why a recording may say nothing of these endpoints as clients, or what it says although no
/// conversation is there: where they were watched, and which names they asked for in vain.
std::vector<std::string> silence_words(const Recording& context, const Inventory& inventory,
                                       const std::vector<std::size_t>& clients, bool none_recorded);

}  // namespace nspect::analyzer
