// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <tuple>
#include <unordered_map>

#include "model/batch.h"
#include "model/recording.h"
#include "model/result.h"

namespace nspect::cli {

/// What a recording would hold of the last moments of a capture, in memory and bounded. Safe to
/// write by one thread and read by another.
class LiveWindow {
public:
    /// At most so many sightings; what finds no room is counted.
    explicit LiveWindow(std::size_t most) : most_(most) {}

    /// As a FlowStore takes it; never an Error.
    Status write(const Batch& batch);

    /// What began at `since` or later, in order of first packets, and all that it refers to. What
    /// began before is forgotten, and so are containers that were gone long before `now`.
    Recording read(Timestamp since, Timestamp now);

    std::uint64_t refused() const;

private:
    void keep(const Sighting& sighting);
    void forget(Timestamp since, Timestamp now);

    using AddressKey = std::tuple<IpAddress, std::uint32_t, Timestamp>;

    mutable std::mutex mutex_;
    std::size_t most_;
    Timestamp since_{};
    RecordingInfo info_;
    std::map<std::uint32_t, TargetInfo> targets_;
    std::map<AddressKey, AddressSeen> addresses_;
    std::map<std::uint32_t, Vantage> vantages_;
    std::unordered_map<std::uint64_t, Sighting> sightings_;
    std::deque<NameSeen> names_;
    std::uint64_t refused_ = 0;
};

}  // namespace nspect::cli
