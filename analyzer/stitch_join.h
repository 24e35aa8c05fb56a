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
///   joins the only conversation it overlaps in time.
///                              Others: equal payload fingerprint, overlapping in time, no second
///                              candidate; inside tunnels the same tunnel number.
///                              On two VLANs of one vantage, without initial sequence numbers:
///                              first packets within 50 ms, and the same payload (TCP: last packets
///                              too, and as many, give or take two).
///   addresses translated       TCP: both initial sequence numbers equal, 64 bits in all. With only
///                              the client's (nobody answered), and UDP, ICMP by the fingerprint:
///                              a Service's or node's address on each side that changed, and no
///                              second candidate. TCP within 3 s, a masqueraded one with the same
///                              port and within 100 ms; UDP, ICMP within 50 ms.
///
/// Everything else stays apart: a wrong join is worse than a missed one. The chance of one, and
/// what is kept apart on purpose: docs/architecture.md. Time grows as n log n whatever the
/// sightings are. Up to `threads` work on it, which no result depends on.
std::vector<std::uint32_t> join_sightings(const Recording& recording, const Inventory& inventory,
                                          unsigned threads = 1);

}  // namespace nspect::analyzer
