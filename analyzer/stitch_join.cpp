// SPDX-License-Identifier: Apache-2.0
#include "analyzer/stitch_join.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>

#include "analyzer/stitch_sets.h"
#include "analyzer/stitch_translation.h"

namespace nspect::analyzer {
namespace {

/// A SYN lost on its way is sent again, so a later vantage may see it first seconds later.
constexpr Duration syn_slack = std::chrono::seconds{10};
constexpr Duration datagram_slack = std::chrono::seconds{1};
/// How many open episodes of one 5-tuple are looked at; more at once only an attacker makes.
constexpr std::size_t most_episodes = 16;

std::uint64_t mix(std::uint64_t value) {
    value ^= value >> 33U;
    value *= 0xff51afd7ed558ccdULL;
    value ^= value >> 33U;
    value *= 0xc4ceb9fe1a85ec53ULL;
    return value ^ (value >> 33U);
}

std::uint64_t hash(const Socket& socket) {
    return mix(socket.ip.high() ^ mix(socket.ip.low() ^ mix(socket.port.number)));
}

/// The same for both orientations: vantages may disagree about who the client is.
std::uint64_t tuple_hash(const Sighting& s) {
    const auto ends = hash(s.client) + hash(s.server);
    return mix(ends ^ (std::uint64_t{s.ip_protocol} << 8U) ^
               static_cast<std::uint64_t>(s.protocol));
}

bool same_tuple(const Sighting& a, const Sighting& b) {
    if (a.protocol != b.protocol || a.ip_protocol != b.ip_protocol) return false;
    return (a.client == b.client && a.server == b.server) ||
           (a.client == b.server && a.server == b.client);
}

template <class T>
bool agree(const std::optional<T>& a, const std::optional<T>& b) {
    return !a || !b || *a == *b;
}

/// A vantage, inside or outside of a tunnel: one interface may see both.
std::uint64_t place_of(const Sighting& s) {
    const std::uint64_t depth = s.tunnel ? s.tunnel->depth : 0;
    return std::uint64_t{s.vantage} << 8U | depth;
}

/// One use of a 5-tuple: sightings of it that belong together.
struct Episode {
    std::uint32_t member = 0;
    Timestamp first{};
    Timestamp last{};
    std::optional<std::uint32_t> client_isn;
    std::optional<std::uint32_t> server_isn;
    std::uint64_t fingerprint = 0;
    std::array<std::uint64_t, 8> vantages{};
    std::size_t vantage_count = 0;

    bool seen_at(const Sighting& s) const {
        const auto end = vantages.begin() + static_cast<std::ptrdiff_t>(vantage_count);
        return std::find(vantages.begin(), end, place_of(s)) != end;
    }

    void take(const Sighting& s) {
        last = std::max(last, s.last);
        if (!client_isn) client_isn = s.client_isn;
        if (!server_isn) server_isn = s.server_isn;
        if (fingerprint == 0) fingerprint = s.fingerprint;
        if (vantage_count < vantages.size() && !seen_at(s)) {
            vantages[vantage_count++] = place_of(s);
        }
    }
};

struct Keyed {
    std::uint64_t key = 0;
    Timestamp first{};
    std::uint32_t index = 0;
    auto operator<=>(const Keyed&) const = default;
};

/// Joins sightings of equal 5-tuples.
class TupleJoiner {
public:
    TupleJoiner(const std::vector<Sighting>& sightings, SightingSets& sets)
        : sightings_(sightings), sets_(sets) {}

    void join() {
        std::vector<Keyed> keyed(sightings_.size());
        for (std::uint32_t i = 0; i < keyed.size(); ++i) {
            keyed[i] = {tuple_hash(sightings_[i]), sightings_[i].first, i};
        }
        std::sort(keyed.begin(), keyed.end());
        for (auto from = keyed.begin(); from != keyed.end();) {
            const auto to =
                std::find_if(from, keyed.end(), [&](const Keyed& k) { return k.key != from->key; });
            if (std::distance(from, to) > 1) join_run({from, to});
            from = to;
        }
    }

private:
    void join_run(std::span<const Keyed> run) {
        episodes_.clear();
        for (const auto& keyed : run) {
            if (sightings_[keyed.index].client_isn) place(keyed.index);
        }
        for (const auto& keyed : run) {
            if (!sightings_[keyed.index].client_isn) place(keyed.index);
        }
    }

    void place(std::uint32_t index) {
        const auto& s = sightings_[index];
        if (auto* episode = find(s)) {
            sets_.join(episode->member, index);
            episode->take(s);
            return;
        }
        Episode fresh;
        fresh.member = index;
        fresh.first = s.first;
        fresh.last = s.last;
        fresh.take(s);
        episodes_.push_back(fresh);
    }

    Episode* find(const Sighting& s) {
        Episode* nearest = nullptr;
        std::size_t candidates = 0;
        const auto looked_at = std::min(episodes_.size(), most_episodes);
        for (std::size_t i = 0; i < looked_at; ++i) {
            auto& episode = episodes_[episodes_.size() - 1 - i];
            if (!same_tuple(sightings_[episode.member], s) || !belongs(episode, s)) continue;
            ++candidates;
            const auto distance = std::chrono::abs(s.first - episode.first);
            if (nearest == nullptr || distance < std::chrono::abs(s.first - nearest->first)) {
                nearest = &episode;
            }
        }
        const bool by_time_alone = s.protocol == Protocol::tcp && !s.client_isn;
        return by_time_alone && candidates > 1 ? nullptr : nearest;
    }

    static bool belongs(const Episode& episode, const Sighting& s) {
        if (s.protocol != Protocol::tcp) return datagrams_belong(episode, s);
        if (!agree(episode.server_isn, s.server_isn)) return false;
        if (episode.client_isn && s.client_isn) {
            return *episode.client_isn == *s.client_isn && near(episode, s, syn_slack);
        }
        return near(episode, s, Duration{0}) && !episode.seen_at(s);
    }

    /// At one vantage the same 5-tuple is a new sighting only after the old one timed out.
    static bool datagrams_belong(const Episode& episode, const Sighting& s) {
        const bool same_payload =
            episode.fingerprint == 0 || s.fingerprint == 0 || episode.fingerprint == s.fingerprint;
        return same_payload && !episode.seen_at(s) && near(episode, s, datagram_slack);
    }

    static bool near(const Episode& episode, const Sighting& s, Duration slack) {
        return s.first <= episode.last + slack && episode.first <= s.last + slack;
    }

    const std::vector<Sighting>& sightings_;
    SightingSets& sets_;
    std::vector<Episode> episodes_;
};

}  // namespace

std::vector<std::uint32_t> join_sightings(const Recording& recording, const Inventory& inventory) {
    const auto& sightings = recording.sightings;
    SightingSets sets(sightings.size());
    TupleJoiner(sightings, sets).join();
    join_translated(sightings, inventory, sets);
    constexpr auto none = static_cast<std::uint32_t>(-1);
    std::vector<std::uint32_t> number(sightings.size(), none);
    std::uint32_t next = 0;
    for (std::uint32_t i = 0; i < number.size(); ++i) {
        const auto root = sets.root(i);
        if (number[root] == none) number[root] = next++;
        number[i] = number[root];
    }
    return number;
}

}  // namespace nspect::analyzer
