// SPDX-License-Identifier: Apache-2.0
#include "store/flow_store.h"

#include <utility>

namespace nspect::store {

Result<Recording> FlowStore::read_all(Timestamp since,
                                      const std::function<void(std::size_t)>& progress) {
    // Sightings first: the context read after them names every vantage they can refer to, also
    // while the recording is being written, and counts the damage met on the way.
    auto all = sightings(since, progress);
    if (!all) return std::move(all).error();
    auto recording = read_context();
    if (recording) recording->sightings = std::move(*all);
    return recording;
}

}  // namespace nspect::store
