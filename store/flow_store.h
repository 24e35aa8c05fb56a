// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/recording.h"
#include "model/result.h"

namespace nspect::store {

/// What one write adds, in one transaction. Targets, vantages and sightings replace earlier ones of the
/// same id; the rest is appended. `info` replaces what was known when it is present.
struct Batch {
    std::optional<RecordingInfo> info;
    std::vector<TargetInfo> targets;
    std::vector<AddressSeen> addresses;  ///< replaces the one with the same (address, target, from)
    std::vector<Vantage> vantages;
    std::vector<Sighting> sightings;
    std::vector<NameSeen> names;
    std::vector<Loss> losses;
    std::vector<PacketCount> packet_counts;  ///< totals so far, replaced by kind

    bool empty() const;
};

/// A recording that is kept somewhere. Not thread-safe; one writer at a time, readers in other processes
/// may read while it is written.
class FlowStore {
public:
    virtual ~FlowStore() = default;

    /// All or nothing. After an Error the batch can be written again.
    virtual Status write(const Batch& batch) = 0;
    /// Everything but the sightings.
    virtual Result<Recording> read_context() = 0;
    /// Sightings in order of their first packet, one at a time; stops early when `visit` returns false.
    virtual Status for_each_sighting(const std::function<bool(const Sighting&)>& visit) = 0;
    /// Orderly end: what is buffered is durable afterwards.
    virtual Status close() = 0;

    /// Everything.
    Result<Recording> read_all();
};

}  // namespace nspect::store
