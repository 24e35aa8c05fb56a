// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/missed_places.h"

#include <algorithm>
#include <string>

namespace nspect::capture {
namespace {

std::string where(std::uint64_t inode) {
    return "netns " + std::to_string(inode);
}

}  // namespace

void MissedPlaces::add(const NetnsPlace& place, Error why) {
    using enum Error::Kind;
    if (why.kind == unavailable) want_room_ = true;
    const auto [entry, is_new] = missed_.try_emplace(place.inode);
    Missed& missed = entry->second;
    missed.place = place;
    if (missed.told) return;
    const bool is_plain = why.kind == permission || why.kind == unavailable;
    if (is_new && !is_plain) return;
    missed.told = true;
    if (!is_plain) {
        why = {not_found,
               "a network namespace could not be opened: another mount hides it",
               {},
               where(place.inode)};
    }
    limitations_.add(std::move(why));
}

void MissedPlaces::keep(const std::set<std::uint64_t>& present) {
    for (auto each = missed_.begin(); each != missed_.end();) {
        if (present.contains(each->first)) {
            ++each;
            continue;
        }
        if (!each->second.told) {
            limitations_.add({Error::Kind::not_found,
                              "a network namespace was gone before it could be looked into",
                              {},
                              where(each->first)},
                             1, Lack::name);
        }
        each = missed_.erase(each);
    }
}

bool MissedPlaces::is_unsure() const noexcept {
    return std::any_of(missed_.begin(), missed_.end(),
                       [](const auto& each) { return !each.second.told; });
}

std::vector<NetnsPlace> MissedPlaces::all() const {
    std::vector<NetnsPlace> places;
    for (const auto& [inode, missed] : missed_) places.push_back(missed.place);
    return places;
}

}  // namespace nspect::capture
