// SPDX-License-Identifier: Apache-2.0
#include "analyzer/clock_skew.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "model/hash_seed.h"

namespace nspect::analyzer {
namespace {

constexpr std::size_t fewest_witnesses = 3;
/// What the ways between two hosts may differ by.
constexpr Duration agreement = std::chrono::milliseconds{50};

/// Both ends of a connection choose a half of the key.
struct HandshakeHash {
    std::size_t operator()(std::uint64_t numbers) const noexcept { return seeded_hash(numbers); }
};
using Handshakes = std::unordered_map<std::uint64_t, Timestamp, HandshakeHash>;

std::optional<std::uint64_t> handshake_of(const Sighting& sighting) {
    if (!sighting.client_isn || !sighting.server_isn) return std::nullopt;
    return std::uint64_t{*sighting.client_isn} << 32U | *sighting.server_isn;
}

/// By both initial sequence numbers, when the first vantage saw it.
Handshakes handshakes_of(const Recording& recording) {
    Handshakes found;
    for (const Sighting& each : recording.sightings) {
        const auto key = handshake_of(each);
        if (!key) continue;
        const auto [entry, added] = found.try_emplace(*key, each.first);
        if (!added) entry->second = std::min(entry->second, each.first);
    }
    return found;
}

bool of_one_host(const RecordingInfo& a, const RecordingInfo& b) {
    return !a.boot_id.empty() && a.boot_id == b.boot_id;
}

}  // namespace

std::optional<ClockSkew> clock_skew(const Recording& reference, const Recording& recording) {
    if (of_one_host(reference.info, recording.info)) return std::nullopt;
    const Handshakes known = handshakes_of(reference);
    std::vector<Duration> behind;
    for (const auto& [key, first] : handshakes_of(recording)) {
        const auto same = known.find(key);
        if (same != known.end()) behind.push_back(same->second - first);
    }
    if (behind.size() < fewest_witnesses) return std::nullopt;
    const auto middle = behind.begin() + static_cast<std::ptrdiff_t>(behind.size() / 2);
    std::nth_element(behind.begin(), middle, behind.end());
    const Duration median = *middle;
    const auto agreeing = std::count_if(behind.begin(), behind.end(), [&](Duration each) {
        return std::chrono::abs(each - median) <= agreement;
    });
    if (static_cast<std::size_t>(agreeing) * 2 <= behind.size()) return std::nullopt;
    return ClockSkew{median, behind.size()};
}

void shift(Recording& recording, Duration by) {
    const auto move = [by](Timestamp& time) {
        if (time != forever && time != Timestamp{}) time += by;
    };
    move(recording.info.started);
    if (recording.info.ended) move(*recording.info.ended);
    for (auto& each : recording.targets) {
        move(each.from);
        move(each.to);
    }
    for (auto& each : recording.addresses) {
        move(each.from);
        move(each.to);
    }
    for (auto& each : recording.socket_owners) {
        move(each.from);
        move(each.to);
    }
    for (auto& each : recording.sightings) {
        move(each.first);
        move(each.last);
    }
    for (auto& each : recording.names) move(each.at);
    for (auto& each : recording.name_failures) move(each.at);
    for (auto& each : recording.losses) {
        move(each.from);
        move(each.to);
    }
}

}  // namespace nspect::analyzer
