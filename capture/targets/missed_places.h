// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "capture/targets/limitations.h"
#include "capture/targets/netns_scan.h"

namespace nspect::capture {

/// Namespaces that were found and could not be opened. One that is not there at the next look came
/// and went: what it said through a host's end is recorded, without its name. One that still is has
/// a mount that is hidden. Each is counted once, however often it is tried.
class MissedPlaces {
public:
    explicit MissedPlaces(Limitations& limitations) : limitations_(limitations) {}

    void add(const NetnsPlace& place, Error why);
    void opened(std::uint64_t inode) { missed_.erase(inode); }
    /// Of these alone there may still be something.
    void keep(const std::set<std::uint64_t>& present);

    /// Whether it is not known yet what became of one: look again.
    bool is_unsure() const noexcept;
    /// Some had no room (descriptors), and may be tried again; since the last look.
    bool want_room() const noexcept { return want_room_; }
    void begin_look() noexcept { want_room_ = false; }
    std::vector<NetnsPlace> all() const;

private:
    struct Missed {
        NetnsPlace place;
        bool told = false;
    };

    Limitations& limitations_;
    std::map<std::uint64_t, Missed> missed_;
    bool want_room_ = false;
};

}  // namespace nspect::capture
