// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "capture/flow/flow.h"
#include "capture/flow/large_array.h"

namespace nspect::capture {

/// Flows by slot number. Memory comes in blocks and is used again, so a packet seldom allocates and
/// growing never copies.
class FlowPool {
public:
    Flow& operator[](std::uint32_t slot) { return blocks_[slot >> block_bits][slot & mask]; }
    const Flow& operator[](std::uint32_t slot) const {
        return blocks_[slot >> block_bits][slot & mask];
    }

    /// A slot with a new Flow in it; `listed` belongs to the slot and stays.
    std::uint32_t allocate();
    void release(std::uint32_t slot) { free_.push_back(slot); }

private:
    static constexpr unsigned block_bits = 14;  // two huge pages and a little
    static constexpr std::uint32_t block_size = 1U << block_bits;
    static constexpr std::uint32_t mask = block_size - 1;

    std::vector<LargeArray<Flow>> blocks_;
    std::vector<std::uint32_t> free_;
    std::uint32_t used_ = 0;
};

/// Flows by how long they have been idle, one list per idle class. The order is exact to a tick of
/// 67 ms: within one a flow is not moved again, which spares two cache misses per packet.
class IdleLists {
public:
    void insert(FlowPool& pool, std::uint32_t slot, IdleClass idle_class, Timestamp now);
    void remove(FlowPool& pool, std::uint32_t slot);
    /// Counts the flow as active now, and moves it to `idle_class` where that is another one.
    void touch(FlowPool& pool, std::uint32_t slot, IdleClass idle_class, Timestamp now);

    /// The one idle longest in its class; no_flow when there is none.
    std::uint32_t oldest(IdleClass idle_class) const {
        return ends_[static_cast<std::size_t>(idle_class)].oldest;
    }
    /// Who leaves when there is no room: of the class that fills more than half of the table, if it
    /// is one in which nobody was answered (a flood of SYNs must not push out conversations), else
    /// of all.
    std::uint32_t least_worth(const FlowPool& pool) const;

private:
    struct Ends {
        std::uint32_t oldest = no_flow;
        std::uint32_t newest = no_flow;
        std::size_t count = 0;
    };
    const Ends& of(IdleClass idle_class) const {
        return ends_[static_cast<std::size_t>(idle_class)];
    }
    std::array<Ends, idle_class_count> ends_;
};

}  // namespace nspect::capture
