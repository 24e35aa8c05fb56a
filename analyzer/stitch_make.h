// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include "analyzer/listeners.h"
#include "analyzer/socket_owners.h"
#include "analyzer/stitch_names.h"
#include "analyzer/stitch_vantages.h"
#include "model/conversation.h"
#include "model/inventory.h"
#include "model/recording.h"

namespace nspect::analyzer {

/// What is known of a recording before its conversations are made; several threads read it at once.
/// Recording and inventory must outlive it.
struct StitchContext {
    StitchContext(const Recording& recording, const Inventory& inventory);

    const Recording& recording;
    const Inventory& inventory;
    VantageMap vantages;
    NameTable names;
    Listeners listeners;
    SocketOwners owners;
    std::unordered_map<std::uint32_t, std::size_t> endpoints;  ///< of targets, for owners
    std::unordered_map<std::uint16_t, std::size_t> node_ports;
    std::unordered_set<IpAddress> broadcasts;  ///< by the prefixes of interfaces
};

/// Makes conversations of their sightings, one at a time; each thread has its own.
class ConversationMaker {
public:
    /// `context` must outlive it.
    explicit ConversationMaker(const StitchContext& context);
    ~ConversationMaker();

    /// `members`: indices of the sightings that are this conversation, one at least. What `made`
    /// was is gone, its memory used again.
    void make(std::span<const std::uint32_t> members, Conversation& made);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace nspect::analyzer
