// SPDX-License-Identifier: Apache-2.0
#include "store/flow_store.h"

#include <utility>

namespace nspect::store {

std::function<bool(const Sighting&)> FlowStore::append_to(
    std::vector<Sighting>& all, const std::function<void(std::size_t)>& progress) {
    constexpr std::size_t now_and_then = 1024;
    return [&all, &progress](const Sighting& sighting) {
        all.push_back(sighting);
        if (progress && all.size() % now_and_then == 0) progress(all.size());
        return true;
    };
}

Result<std::vector<Sighting>> FlowStore::sightings(
    Timestamp since, const std::function<void(std::size_t)>& progress) {
    std::vector<Sighting> all;
    if (since == Timestamp{}) all.reserve(about_how_many());
    auto read = for_each_sighting(since, append_to(all, progress));
    if (!read) return std::move(read).error();
    return all;
}

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
