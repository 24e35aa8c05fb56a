// SPDX-License-Identifier: Apache-2.0
#include "cli/live_window.h"

#include <algorithm>
#include <chrono>

namespace nspect::cli {

namespace {

constexpr std::size_t most_names = 65536;
constexpr Duration remembered = std::chrono::minutes{5};  // of a container that is gone

}  // namespace

Status LiveWindow::write(const Batch& batch) {
    const std::lock_guard<std::mutex> locked(mutex_);
    if (batch.info) info_ = *batch.info;
    for (const TargetInfo& each : batch.targets) targets_[each.id] = each;
    for (const AddressSeen& each : batch.addresses)
        addresses_[{each.address, each.target, each.from}] = each;
    for (const Vantage& each : batch.vantages) vantages_[each.id] = each;
    for (const Sighting& each : batch.sightings) keep(each);
    names_.insert(names_.end(), batch.names.begin(), batch.names.end());
    while (names_.size() > most_names) names_.pop_front();
    return done;
}

/// What goes on for longer than is remembered was told, and is not taken up again.
void LiveWindow::keep(const Sighting& sighting) {
    if (sighting.first < since_) return;
    const auto known = sightings_.find(sighting.id);
    if (known != sightings_.end()) {
        known->second = sighting;
    } else if (sightings_.size() < most_) {
        sightings_.emplace(sighting.id, sighting);
    } else {
        ++refused_;
    }
}

Recording LiveWindow::read(Timestamp since, Timestamp now) {
    const std::lock_guard<std::mutex> locked(mutex_);
    forget(since, now);
    Recording recording;
    recording.info = info_;
    for (const auto& [id, each] : targets_) recording.targets.push_back(each);
    for (const auto& [key, each] : addresses_) recording.addresses.push_back(each);
    for (const auto& [id, each] : vantages_) recording.vantages.push_back(each);
    recording.names.assign(names_.begin(), names_.end());
    recording.sightings.reserve(sightings_.size());
    for (const auto& [id, each] : sightings_) recording.sightings.push_back(each);
    std::sort(recording.sightings.begin(), recording.sightings.end(),
              [](const Sighting& a, const Sighting& b) {
                  return std::tie(a.first, a.id) < std::tie(b.first, b.id);
              });
    return recording;
}

void LiveWindow::forget(Timestamp since, Timestamp now) {
    since_ = since;
    std::erase_if(sightings_, [&](const auto& each) { return each.second.first < since; });
    const Timestamp gone = now - remembered;
    std::erase_if(targets_, [&](const auto& each) { return each.second.to < gone; });
    std::erase_if(addresses_, [&](const auto& each) {
        return each.second.to < gone || !targets_.contains(each.second.target);
    });
    std::erase_if(vantages_, [&](const auto& each) {
        return each.second.target && !targets_.contains(*each.second.target);
    });
}

std::uint64_t LiveWindow::refused() const {
    const std::lock_guard<std::mutex> locked(mutex_);
    return refused_;
}

}  // namespace nspect::cli
