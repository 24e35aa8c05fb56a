// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/flow_pool.h"

#include <new>

namespace nspect::capture {
namespace {

std::uint32_t tick_of(Timestamp now) {
    return static_cast<std::uint32_t>(now.time_since_epoch().count() >> 26U);
}

}  // namespace

std::uint32_t FlowPool::allocate() {
    if (free_.empty()) {
        if ((used_ & mask) == 0) blocks_.push_back(large_array<Flow>(block_size));
        ::new (&(*this)[used_]) Flow;
        return used_++;
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    Flow& flow = (*this)[slot];
    const bool listed = flow.listed;
    flow = Flow{};
    flow.listed = listed;
    return slot;
}

void IdleLists::insert(FlowPool& pool, std::uint32_t slot, IdleClass idle_class, Timestamp now) {
    Ends& ends = ends_[static_cast<std::size_t>(idle_class)];
    ++ends.count;
    Flow& flow = pool[slot];
    flow.idle_class = idle_class;
    flow.tick = tick_of(now);
    flow.newer = no_flow;
    flow.older = ends.newest;
    if (ends.newest != no_flow) pool[ends.newest].newer = slot;
    ends.newest = slot;
    if (ends.oldest == no_flow) ends.oldest = slot;
}

void IdleLists::remove(FlowPool& pool, std::uint32_t slot) {
    const Flow& flow = pool[slot];
    Ends& ends = ends_[static_cast<std::size_t>(flow.idle_class)];
    --ends.count;
    (flow.older == no_flow ? ends.oldest : pool[flow.older].newer) = flow.newer;
    (flow.newer == no_flow ? ends.newest : pool[flow.newer].older) = flow.older;
}

void IdleLists::touch(FlowPool& pool, std::uint32_t slot, IdleClass idle_class, Timestamp now) {
    const Flow& flow = pool[slot];
    if (flow.idle_class == idle_class && flow.tick == tick_of(now)) return;
    remove(pool, slot);
    insert(pool, slot, idle_class, now);
}

std::uint32_t IdleLists::least_worth(const FlowPool& pool) const {
    std::size_t all = 0;
    std::uint32_t found = no_flow;
    for (const Ends& ends : ends_) {
        all += ends.count;
        if (ends.oldest == no_flow) continue;
        if (found == no_flow || pool[ends.oldest].last < pool[found].last) found = ends.oldest;
    }
    for (const auto flooded : {IdleClass::opening, IdleClass::datagram}) {
        if (of(flooded).count > all / 2) return of(flooded).oldest;
    }
    return found;
}

}  // namespace nspect::capture
