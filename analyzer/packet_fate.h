// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "analyzer/places.h"
#include "model/conversation.h"

namespace nspect::analyzer {

/// What became of a conversation's packets, as far as the places where it was seen tell.
enum class Fate : std::uint8_t {
    delivered,           ///< answered, and nothing that was lost is known
    stayed_inside,       ///< seen in the client's own namespace, never outside of it
    lost_on_the_way,     ///< left the client, never reached the server
    turned_away,         ///< the same, and something between refused or rejected it
    refused,             ///< reached the server, and was refused or rejected there
    not_answered,        ///< reached the server, and nothing came back from it
    request_unanswered,  ///< connected; what the client then said got no answer
    answer_lost,         ///< answered, and the answer did not reach the client
    too_large,           ///< large packets are lost, small ones pass: path MTU
    partly_lost,         ///< some packets are lost between two places, others pass
    asymmetric,          ///< answers come back another way than past one of the places
    not_known,           ///< failed, and nobody watched the server
};
/// "lost-on-the-way"
std::string_view to_string(Fate fate);

struct PacketFate {
    Fate fate = Fate::delivered;
    /// Seen at the first, never (or not all of it) at the second; `asymmetric`: where answers are
    /// missing, and where they pass if that is known.
    std::optional<std::pair<std::uint32_t, std::uint32_t>> between;
    bool towards_client = false;  ///< it is answers that are lost
    std::uint64_t lost = 0;       ///< packets, of `sent`
    std::uint64_t sent = 0;
    std::uint16_t largest = 0;         ///< IP payload before the place where they vanish
    std::uint16_t largest_passed = 0;  ///< and after it
};

PacketFate packet_fate(const Conversation& conversation, const Places& places);

/// Where no packet of the largest size passed although smaller ones did, and it was tried again.
PacketFate narrow_place(const Conversation& conversation);

/// One sentence without a full stop: "left veth1 (web) and never reached veth2 (db): ...".
std::string fate_sentence(const PacketFate& fate, const Conversation& conversation,
                          const Places& places);

}  // namespace nspect::analyzer
