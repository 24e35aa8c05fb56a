// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/conversation.h"
#include "model/inventory.h"
#include "model/recording.h"

namespace nspect::analyzer {

/// Whether "never used" and "not seen" are no proof: something was lost, or the recording ended
/// before the time it was asked for.
bool is_lossy(const Recording& context);

/// Conversations of which the start, or one of the two directions, is missing.
struct HalfSeen {
    std::uint64_t without_start = 0;
    std::uint64_t one_direction = 0;

    HalfSeen() = default;
    explicit HalfSeen(const std::vector<Conversation>& conversations);
    void count(const Conversation& conversation);
};

/// How far a recording can be trusted, in sentences: what was lost, by source and time, namespaces
/// that were not covered, the window asked for and the window seen, what was seen by half. Nothing
/// to say: empty.
std::vector<std::string> capture_warnings(const Recording& context, const HalfSeen& half = {});

/// Why a recording may say nothing of these endpoints as clients, or what it says although no
/// conversation is there: where they were watched, and which names they asked for in vain.
std::vector<std::string> silence_words(const Recording& context, const Inventory& inventory,
                                       const std::vector<std::size_t>& clients, bool none_recorded);

}  // namespace nspect::analyzer
