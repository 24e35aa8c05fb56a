// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/tls_tracker.h"

#include <utility>

#include "capture/tls/handshake.h"

namespace nspect::capture {

TlsTracker::TlsTracker(TlsLimits limits) : limits_(limits) {}
TlsTracker::~TlsTracker() = default;

PayloadObserver TlsTracker::observer() {
    return {.see = [this](const FlowPayload& payload) { return see(payload); },
            .describe = [this](Sighting& sighting) { describe(sighting); },
            .forget = [this](std::uint64_t flow) { forget(flow); }};
}

bool TlsTracker::see(const FlowPayload& payload) {
    // Datagrams have no sequence; a stream's first byte has number 0 once in four billion times.
    if (!payload.isn_known && payload.sequence == 0) return false;
    const auto [at, is_new] = flows_.try_emplace(payload.flow);
    Tracked& flow = at->second;
    if (is_new) flow.handshake = std::make_unique<Handshake>();
    if (!flow.handshake) return false;
    const bool more = flow.handshake->see(payload);
    count_held(payload.flow, flow, flow.handshake->held());
    if (!more) finish(at);
    make_room();
    return more;
}

void TlsTracker::count_held(std::uint64_t id, Tracked& flow, std::size_t held) {
    if (held > 0 && flow.held == 0) holding_.insert(id);
    if (held == 0 && flow.held > 0) holding_.erase(id);
    held_ += held - flow.held;
    flow.held = held;
}

// Keeps the facts and gives up what read them.
void TlsTracker::finish(Flows::iterator at) {
    Tracked& flow = at->second;
    auto seen = flow.handshake->seen();
    count_held(at->first, flow, 0);
    flow.handshake.reset();
    if (!seen) {
        flows_.erase(at);
        return;
    }
    flow.seen = std::make_unique<TlsSeen>(std::move(*seen));
}

void TlsTracker::make_room() {
    for (; flows_.size() > limits_.flows; ++evicted_) forget(flows_.begin()->first);
    for (; held_ > limits_.held_bytes; ++evicted_) forget(*holding_.begin());
}

void TlsTracker::describe(Sighting& sighting) const {
    const auto at = flows_.find(sighting.id);
    if (at == flows_.end()) return;
    if (at->second.seen) {
        sighting.tls = *at->second.seen;
    } else {
        sighting.tls = at->second.handshake->seen();
    }
}

void TlsTracker::forget(std::uint64_t flow) {
    const auto at = flows_.find(flow);
    if (at == flows_.end()) return;
    count_held(flow, at->second, 0);
    flows_.erase(at);
}

}  // namespace nspect::capture
