// SPDX-License-Identifier: Apache-2.0
#include "store/flow_store.h"

#include <utility>

namespace nspect::store {

Result<Recording> FlowStore::read_all(Timestamp since,
                                      const std::function<void(std::size_t)>& progress) {
    constexpr std::size_t now_and_then = 1024;
    // Sightings first: the context read after them names every vantage they can refer to, also
    // while the recording is being written, and counts the damage met on the way.
    std::vector<Sighting> sightings;
    if (since == Timestamp{}) sightings.reserve(about_how_many());
    auto read = for_each_sighting(since, [&](const Sighting& sighting) {
        sightings.push_back(sighting);
        if (progress && sightings.size() % now_and_then == 0) progress(sightings.size());
        return true;
    });
    if (!read) return std::move(read).error();
    auto recording = read_context();
    if (recording) recording->sightings = std::move(sightings);
    return recording;
}

}  // namespace nspect::store
