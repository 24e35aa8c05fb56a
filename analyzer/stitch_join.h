// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "model/inventory.h"
#include "model/recording.h"

namespace nspect::analyzer {

/// Which sightings are one conversation: for each sighting the number of its conversation, dense
/// from 0 in order of the sightings.
///
///   same addresses and ports   TCP: equal initial sequence numbers; a sighting without the SYN
///   joins
///                              the only conversation it overlaps in time.
///                              Others: equal payload fingerprint, overlapping in time.
///   addresses translated       TCP: both initial sequence numbers equal, 64 bits in all: by chance
///                              one pair in 10^19. With only the client's (nobody answered): the
///                              same client socket, or, for a masqueraded one, the same port, a
///                              node's address and 100 ms. UDP, ICMP: the fingerprint, 50 ms, a
///                              Service's or node's address on each side that changed, and no
///                              second candidate.
///
/// Everything else stays apart: a wrong join is worse than a missed one.
std::vector<std::uint32_t> join_sightings(const Recording& recording, const Inventory& inventory);

}  // namespace nspect::analyzer
