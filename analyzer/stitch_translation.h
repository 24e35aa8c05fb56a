// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "analyzer/stitch_sets.h"
#include "model/inventory.h"
#include "model/sighting.h"

namespace nspect::analyzer {

/// Joins sets whose addresses or ports differ because something translated them: Service addresses,
/// published ports, masquerade. REQUIRES: sightings of equal 5-tuples are joined already. Up to
/// `threads` work on it.
void join_translated(const std::vector<Sighting>& sightings, const Inventory& inventory,
                     SightingSets& sets, unsigned threads);

}  // namespace nspect::analyzer
