// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "model/recording.h"

namespace nspect {

/// What one write adds to a recording, in one transaction. Targets, vantages and sightings replace
/// earlier ones of the same id; the rest is appended. `info` replaces what was known when it is
/// present.
struct Batch {
    std::optional<RecordingInfo> info;
    std::vector<TargetInfo> targets;
    std::vector<AddressSeen> addresses;  ///< replaces the one with the same (address, target, from)
    /// Replaces the one with the same (target, network, protocol, local, from).
    std::vector<SocketOwner> socket_owners;
    std::vector<Vantage> vantages;
    std::vector<Sighting> sightings;
    bool sightings_are_final = false;  ///< no later one replaces one of these
    std::vector<NameSeen> names;
    std::vector<NameFailure> name_failures;
    std::vector<Loss> losses;
    std::vector<PacketCount> packet_counts;  ///< totals so far, replaced by kind

    bool empty() const {
        return !info && targets.empty() && addresses.empty() && socket_owners.empty() &&
               vantages.empty() && sightings.empty() && names.empty() && name_failures.empty() &&
               losses.empty() && packet_counts.empty();
    }
};

}  // namespace nspect
