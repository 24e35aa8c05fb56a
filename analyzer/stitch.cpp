// SPDX-License-Identifier: Apache-2.0
#include "analyzer/stitch.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

#include "analyzer/stitch_join.h"
#include "analyzer/stitch_make.h"
#include "analyzer/threads.h"
#include "model/order.h"

namespace nspect::analyzer {
namespace {

/// So many at least are made at once: much work beside handing them over, and little memory.
constexpr std::uint32_t part_size = 256;

void sort_by_sockets(std::span<Conversation> conversations) {
    std::stable_sort(conversations.begin(), conversations.end(),
                     [](const Conversation& a, const Conversation& b) {
                         return std::tie(a.client.socket, a.server.socket) <
                                std::tie(b.client.socket, b.server.socket);
                     });
}

/// Which sightings are which conversation, and in which order these come.
class Sequence {
public:
    Sequence(const Recording& recording, const Inventory& inventory, unsigned threads)
        : recording_(recording), threads_(threads) {
        group(join_sightings(recording, inventory, threads));
        const auto firsts = first_packets();
        order_ = sorted_order(firsts);
        divide(firsts);
    }

    std::size_t size() const { return start_.size() - 1; }
    std::size_t parts() const { return parts_.size() - 1; }

    /// Conversations by their first packets. Those of one moment are of one part.
    std::span<const std::uint32_t> part(std::size_t number) const {
        return std::span(order_).subspan(parts_[number], parts_[number + 1] - parts_[number]);
    }

    std::span<const std::uint32_t> members_of(std::uint32_t number) const {
        return std::span(members_).subspan(start_[number], start_[number + 1] - start_[number]);
    }

private:
    /// Fills start_ and members_.
    void group(const std::vector<std::uint32_t>& number) {
        const auto count =
            number.empty() ? 0 : *std::max_element(number.begin(), number.end()) + 1U;
        start_.assign(count + 1, 0);
        for (const auto n : number) ++start_[n + 1];
        std::partial_sum(start_.begin(), start_.end(), start_.begin());
        members_.resize(number.size());
        auto next = start_;
        for (std::uint32_t i = 0; i < number.size(); ++i) members_[next[number[i]]++] = i;
    }

    std::vector<Timestamp> first_packets() const {
        constexpr std::size_t at_once = 65'536;
        std::vector<Timestamp> firsts(size(), Timestamp::max());
        side_by_side((size() + at_once - 1) / at_once, threads_, [&](std::size_t step) {
            const auto end = std::min(size(), (step + 1) * at_once);
            for (auto n = step * at_once; n < end; ++n) {
                for (const auto member : members_of(static_cast<std::uint32_t>(n))) {
                    firsts[n] = std::min(firsts[n], recording_.sightings[member].first);
                }
            }
        });
        return firsts;
    }

    void divide(const std::vector<Timestamp>& firsts) {
        const auto count = static_cast<std::uint32_t>(order_.size());
        parts_.push_back(0);
        for (std::uint32_t at = 0; at < count;) {
            at += std::min(part_size, count - at);
            while (at < count && firsts[order_[at]] == firsts[order_[at - 1]]) ++at;
            parts_.push_back(at);
        }
    }

    const Recording& recording_;
    unsigned threads_;
    std::vector<std::uint32_t> start_;  ///< by conversation: where its sightings stand in members_
    std::vector<std::uint32_t> members_;
    std::vector<std::uint32_t> order_;
    std::vector<std::uint32_t> parts_;  ///< where they begin in order_, and its end
};

class Stitcher {
public:
    Stitcher(const Recording& recording, const Inventory& inventory, unsigned threads)
        : threads_(threads) {
        both(
            threads, [&] { sequence_.emplace(recording, inventory, threads); },
            [&] { context_.emplace(recording, inventory); });
        for (unsigned i = 0; i < threads; ++i) {
            makers_.push_back(std::make_unique<ConversationMaker>(*context_));
        }
        slots_.resize(Ahead::slots(threads));
    }

    void visit(const InParts& work, const HowFar& how_far) {
        std::size_t used = 0;
        tell(how_far, used, sequence_->size());
        const auto make = [&](unsigned thread, std::size_t part, std::size_t slot) {
            const auto made = make_part(*makers_[thread], part, slots_[slot]);
            if (work.prepare) work.prepare(made, slot);
        };
        const auto use = [&](std::size_t part, std::size_t slot) {
            const auto size = sequence_->part(part).size();
            if (!work.use(std::span(slots_[slot]).first(size), slot)) return false;
            for (const auto end = used + size; used < end;)
                tell(how_far, ++used, sequence_->size());
            return true;
        };
        make_ahead({sequence_->parts(), threads_, make, use});
    }

private:
    /// By their first packets, then by their sockets.
    std::span<Conversation> make_part(ConversationMaker& maker, std::size_t part,
                                      std::vector<Conversation>& slot) const {
        const auto numbers = sequence_->part(part);
        // Rarely larger than others, and then not for long.
        if (slot.size() < numbers.size() || slot.size() > 2 * part_size) {
            slot = std::vector<Conversation>(numbers.size());
        }
        const auto made = std::span(slot).first(numbers.size());
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            maker.make(sequence_->members_of(numbers[i]), made[i]);
        }
        for (auto from = made.begin(); from != made.end();) {
            const auto to = std::find_if(from, made.end(), [&](const Conversation& each) {
                return each.first != from->first;
            });
            if (to - from > 1) sort_by_sockets({from, to});
            from = to;
        }
        return made;
    }

    unsigned threads_;
    std::optional<Sequence> sequence_;
    std::optional<StitchContext> context_;
    std::vector<std::unique_ptr<ConversationMaker>> makers_;  ///< by thread
    std::vector<std::vector<Conversation>> slots_;
};

}  // namespace

std::vector<Conversation> stitch(const Recording& recording, const Inventory& inventory,
                                 const HowFar& how_far, unsigned threads) {
    std::vector<Conversation> all;
    const auto take = [&](Conversation& made) {
        all.push_back(std::move(made));
        return true;
    };
    const auto tell_all = [&](std::size_t done, std::size_t total) {
        all.reserve(total);
        if (how_far) how_far(done, total);
    };
    stitch_each(recording, inventory, take, tell_all, threads);
    return all;
}

void stitch_each(const Recording& recording, const Inventory& inventory,
                 const std::function<bool(Conversation&)>& visit, const HowFar& how_far,
                 unsigned threads) {
    const auto use = [&](std::span<Conversation> part, std::size_t) {
        return std::all_of(part.begin(), part.end(), visit);
    };
    stitch_in_parts(recording, inventory, {{}, use}, how_far, threads);
}

void stitch_in_parts(const Recording& recording, const Inventory& inventory, const InParts& work,
                     const HowFar& how_far, unsigned threads) {
    if (threads == 0) threads = threads_for(recording.sightings.size());
    Stitcher(recording, inventory, threads).visit(work, how_far);
}

}  // namespace nspect::analyzer
