// SPDX-License-Identifier: Apache-2.0
#include "analyzer/stitch_join.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <tuple>

#include "analyzer/stitch_groups.h"
#include "analyzer/stitch_sets.h"
#include "analyzer/stitch_translation.h"
#include "model/hash_seed.h"

namespace nspect::analyzer {
namespace {

/// A SYN lost on its way is sent again, so a later vantage may see it first seconds later.
constexpr Duration syn_slack = std::chrono::seconds{10};
constexpr Duration datagram_slack = std::chrono::seconds{1};
/// How long a router takes that sends a packet back on another VLAN of the interface it came by.
constexpr Duration routing_slack = std::chrono::milliseconds{50};
/// By how many packets the two copies of a flow differ: a recording may begin and end between them.
constexpr std::uint64_t cut_copies = 2;
/// How many uses of one 5-tuple are looked at, those nearest in time: a socket pair has one use
/// after the other, more at once only an attacker makes.
constexpr std::ptrdiff_t most_episodes = 16;

std::uint64_t hash(const Socket& socket) {
    return seeded_hash(socket.ip.high() ^ socket.port.number, socket.ip.low());
}

/// The same for both orientations: vantages may disagree about who the client is.
std::uint64_t tuple_hash(const Sighting& s) {
    const auto ends = hash(s.client) + hash(s.server);
    return seeded_hash(ends,
                       std::uint64_t{s.ip_protocol} << 8U | static_cast<std::uint64_t>(s.protocol));
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

/// A vantage, inside or outside of a tunnel: one interface may see both, and several VLANs.
std::uint64_t place_of(const Sighting& s) {
    const std::uint64_t depth = s.tunnel ? s.tunnel->depth : 0;
    return std::uint64_t{s.vantage} << 32U | depth << 24U | s.outer_vlan << 12U | s.vlan;
}

bool in_other_vlan(std::uint64_t place, std::uint64_t other) {
    return place != other && place >> 24U == other >> 24U;
}

/// What a tunnel says of whose network the addresses inside it are.
struct Overlay {
    TunnelKind kind = TunnelKind::none;
    std::uint8_t depth = 0;
    std::uint32_t id = 0;
    Socket client;  ///< routed overlays use another number for each direction
};

std::optional<Overlay> overlay_of(const Sighting& s) {
    if (!s.tunnel || is_opaque(s.tunnel->kind) || s.tunnel->id == 0) return std::nullopt;
    return Overlay{s.tunnel->kind, s.tunnel->depth, s.tunnel->id, s.client};
}

/// Two tenants may use the same addresses, each inside its own network.
bool tenants_differ(const std::optional<Overlay>& a, const std::optional<Overlay>& b) {
    return a && b && a->kind == b->kind && a->depth == b->depth && a->client == b->client &&
           a->id != b->id;
}

/// One use of a 5-tuple: sightings of it that belong together.
struct Episode {
    std::uint32_t member = 0;
    Timestamp first{};
    Timestamp last{};
    std::optional<std::uint32_t> client_isn;
    std::optional<std::uint32_t> server_isn;
    std::uint64_t fingerprint = 0;
    std::uint64_t packets = 0;  ///< both ways, of the member
    std::optional<Overlay> overlay;
    std::array<std::uint64_t, 8> vantages{};
    std::size_t vantage_count = 0;

    bool seen_at(const Sighting& s) const {
        const auto end = vantages.begin() + static_cast<std::ptrdiff_t>(vantage_count);
        return std::find(vantages.begin(), end, place_of(s)) != end;
    }

    bool seen_in_other_vlan(const Sighting& s) const {
        const auto end = vantages.begin() + static_cast<std::ptrdiff_t>(vantage_count);
        return std::any_of(vantages.begin(), end,
                           [&](std::uint64_t place) { return in_other_vlan(place, place_of(s)); });
    }

    void take(const Sighting& s) {
        last = std::max(last, s.last);
        if (!client_isn) client_isn = s.client_isn;
        if (!server_isn) server_isn = s.server_isn;
        if (fingerprint == 0) fingerprint = s.fingerprint;
        if (!overlay) overlay = overlay_of(s);
        if (vantage_count < vantages.size() && !seen_at(s)) {
            vantages[vantage_count++] = place_of(s);
        }
    }
};

/// A sighting of the tuple in hand, with what it is sorted by.
struct Member {
    Timestamp first{};
    std::uint32_t index = 0;
    std::uint32_t isn = 0;
    bool shaken = false;  ///< its SYN was seen, or named by its answer

    auto by_time() const { return std::tie(first, index); }
    auto by_number() const { return std::tie(isn, first, index); }
};

Member member_of(const Sighting& s, std::uint32_t index) {
    const bool shaken = s.protocol == Protocol::tcp && s.client_isn;
    return {s.first, index, s.client_isn.value_or(0), shaken};
}

/// The same for both orientations, different for different tuples.
auto tuple_order(const Sighting& s) {
    const bool forth = s.client <= s.server;
    return std::tie(s.protocol, s.ip_protocol, forth ? s.client : s.server,
                    forth ? s.server : s.client);
}

/// Joins sightings of equal 5-tuples, those of one hash at a time. Copies may work side by side:
/// groups have no sighting in common, and so no set.
class TupleJoiner {
public:
    TupleJoiner(const std::vector<Sighting>& sightings, SightingSets& sets)
        : sightings_(sightings), sets_(sets) {}

    /// Several tuples may have one hash.
    void operator()(HashGroup group) {
        members_.clear();
        bool alike = true;
        const auto& front = sightings_[group.front()];
        for (const auto index : group) {
            const auto& s = sightings_[index];
            members_.push_back(member_of(s, index));
            alike = alike && same_tuple(front, s);
        }
        if (alike) return join_tuple(members_);
        std::sort(members_.begin(), members_.end(), [&](const Member& a, const Member& b) {
            return tuple_order(at(a)) < tuple_order(at(b));
        });
        for (auto from = members_.begin(); from != members_.end();) {
            const auto to = std::find_if(from, members_.end(), [&](const Member& each) {
                return !same_tuple(at(*from), at(each));
            });
            join_tuple({from, to});
            from = to;
        }
    }

private:
    using Run = std::span<Member>;

    const Sighting& at(const Member& member) const { return sightings_[member.index]; }

    void join_tuple(Run run) {
        shaken_.clear();
        loose_.clear();
        const auto rest =
            std::partition(run.begin(), run.end(), [](const Member& each) { return each.shaken; });
        const Run loose(rest, run.end());
        join_shaken({run.begin(), rest}, !loose.empty());
        std::sort(loose.begin(), loose.end(),
                  [](const Member& a, const Member& b) { return a.by_time() < b.by_time(); });
        for (const auto& each : loose) join_loose(each.index);
    }

    /// Those that no other has the number of are of use only to who has none.
    void join_shaken(Run run, bool for_loose) {
        std::sort(run.begin(), run.end(),
                  [](const Member& a, const Member& b) { return a.by_number() < b.by_number(); });
        for (auto from = run.begin(); from != run.end();) {
            const auto to = std::find_if(from, run.end(),
                                         [&](const Member& each) { return each.isn != from->isn; });
            if (for_loose || to - from > 1) join_numbered({from, to});
            from = to;
        }
        if (!for_loose) return;
        std::stable_sort(shaken_.begin(), shaken_.end(),
                         [](const Episode& a, const Episode& b) { return a.first < b.first; });
    }

    /// Of one number, by time.
    void join_numbered(Run run) {
        const auto begin = static_cast<std::ptrdiff_t>(shaken_.size());
        for (const auto& member : run) {
            const auto& s = at(member);
            Episode* nearest = nullptr;
            auto left = std::min(most_episodes, std::ssize(shaken_) - begin);
            for (auto back = shaken_.rbegin(); left > 0; ++back, --left) {
                if (belongs(*back, s) && (nearest == nullptr || is_nearer(*back, *nearest, s))) {
                    nearest = &*back;
                }
            }
            put(shaken_, nearest, member.index);
        }
    }

    /// By time and payload alone, and so only where there is no second candidate.
    void join_loose(std::uint32_t index) {
        const auto& s = sightings_[index];
        std::array<Episode*, 2> found{};
        std::size_t count = 0;
        for (auto* episodes : {&shaken_, &loose_}) {
            auto back = std::upper_bound(
                episodes->begin(), episodes->end(), s.last + slack_of(s),
                [](Timestamp time, const Episode& each) { return time < each.first; });
            for (auto left = most_episodes; left > 0 && back != episodes->begin(); --left) {
                --back;
                if (belongs(*back, s) && count < found.size()) found.at(count++) = &*back;
            }
        }
        put(loose_, count == 1 ? found[0] : nullptr, index);
    }

    static Duration slack_of(const Sighting& s) {
        return s.protocol == Protocol::tcp ? Duration{0} : datagram_slack;
    }

    void put(std::vector<Episode>& episodes, Episode* episode, std::uint32_t index) {
        const auto& s = sightings_[index];
        if (episode != nullptr) {
            sets_.join(episode->member, index);
            return episode->take(s);
        }
        Episode fresh;
        fresh.member = index;
        fresh.first = s.first;
        fresh.last = s.last;
        fresh.packets = s.sent.packets + s.received.packets;
        fresh.take(s);
        episodes.push_back(fresh);
    }

    static bool is_nearer(const Episode& a, const Episode& b, const Sighting& s) {
        return std::chrono::abs(s.first - a.first) < std::chrono::abs(s.first - b.first);
    }

    static bool belongs(const Episode& episode, const Sighting& s) {
        if (s.protocol != Protocol::tcp) return datagrams_belong(episode, s);
        if (!agree(episode.server_isn, s.server_isn)) return false;
        if (episode.client_isn && s.client_isn) {
            return *episode.client_isn == *s.client_isn && near(episode, s, syn_slack);
        }
        return near(episode, s, Duration{0}) && !episode.seen_at(s) &&
               !tenants_differ(episode.overlay, overlay_of(s)) &&
               (!episode.seen_in_other_vlan(s) || is_copy(episode, s));
    }

    /// At one vantage the same 5-tuple is a new sighting only after the old one timed out.
    static bool datagrams_belong(const Episode& episode, const Sighting& s) {
        const bool same_payload =
            episode.fingerprint == 0 || s.fingerprint == 0 || episode.fingerprint == s.fingerprint;
        return same_payload && !episode.seen_at(s) && near(episode, s, datagram_slack) &&
               !tenants_differ(episode.overlay, overlay_of(s)) &&
               (!episode.seen_in_other_vlan(s) || is_copied_payload(episode, s));
    }

    /// Two VLANs of one interface are two networks, which may use the same addresses: what was
    /// routed from one to the other, more must tell than that addresses and ports are equal.
    static bool is_copy(const Episode& episode, const Sighting& s) {
        const auto packets = s.sent.packets + s.received.packets;
        return std::chrono::abs(s.first - episode.first) <= routing_slack &&
               std::chrono::abs(s.last - episode.last) <= routing_slack &&
               packets <= episode.packets + cut_copies && episode.packets <= packets + cut_copies;
    }

    static bool is_copied_payload(const Episode& episode, const Sighting& s) {
        return s.fingerprint != 0 && episode.fingerprint == s.fingerprint &&
               std::chrono::abs(s.first - episode.first) <= routing_slack;
    }

    static bool near(const Episode& episode, const Sighting& s, Duration slack) {
        return s.first <= episode.last + slack && episode.first <= s.last + slack;
    }

    const std::vector<Sighting>& sightings_;
    SightingSets& sets_;
    std::vector<Member> members_;  ///< of the hash in hand
    std::vector<Episode> shaken_;  ///< of the tuple in hand
    std::vector<Episode> loose_;   ///< each by time of its first sighting
};

}  // namespace

std::vector<std::uint32_t> join_sightings(const Recording& recording, const Inventory& inventory,
                                          unsigned threads) {
    const auto& sightings = recording.sightings;
    const auto count = static_cast<std::uint32_t>(sightings.size());
    SightingSets sets(count);
    HashGroups(count, threads)
        .each([&](std::uint32_t i) { return tuple_hash(sightings[i]); },
              TupleJoiner(sightings, sets));
    join_translated(sightings, inventory, sets, threads);
    std::vector<std::uint32_t> number(count);
    std::uint32_t next = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto root = sets.root(i);  // the first of them
        number[i] = root == i ? next++ : number[root];
    }
    return number;
}

}  // namespace nspect::analyzer
