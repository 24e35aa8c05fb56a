// SPDX-License-Identifier: Apache-2.0
#include "analyzer/stitch_translation.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

#include "analyzer/stitch_groups.h"
#include "model/hash_seed.h"

namespace nspect::analyzer {
namespace {

constexpr Duration both_numbers_window = std::chrono::seconds{3};
constexpr Duration masquerade_window = std::chrono::milliseconds{100};
constexpr Duration datagram_window = std::chrono::milliseconds{50};
/// How many neighbours with an equal key are compared: an attacker may make all keys equal. Those
/// who have more are in doubt, unless both numbers agree.
constexpr std::size_t most_neighbours = 32;

/// What translation leaves alone: the client's initial sequence number, or the payload fingerprint.
struct Key {
    bool tcp = false;
    std::uint64_t number = 0;
    auto operator<=>(const Key&) const = default;
};

std::optional<Key> key_of(const Sighting& s) {
    const bool tcp = s.protocol == Protocol::tcp;
    if (tcp && s.client_isn) return Key{true, *s.client_isn};
    if (!tcp && s.fingerprint != 0) return Key{false, s.fingerprint};
    return std::nullopt;
}

std::optional<std::uint64_t> hash_of(const Sighting& s) {
    const auto key = key_of(s);
    if (!key) return std::nullopt;
    return seeded_hash(key->number, key->tcp ? 1 : 0);
}

/// A sighting with a key, and the set it is in.
struct Member {
    Key key;
    std::uint32_t root = 0;
    std::uint32_t index = 0;
    auto operator<=>(const Member&) const = default;
};

/// Sightings of one 5-tuple, already joined, with what else translation leaves alone.
struct Candidate {
    Timestamp first{};
    std::uint32_t member = 0;
    std::optional<std::uint32_t> server_isn;
};

enum class Change : std::uint8_t { none, server, client, both };

Change change_between(const Sighting& a, const Sighting& b) {
    const bool server = a.server != b.server;
    const bool client = a.client != b.client;
    if (server) return client ? Change::both : Change::server;
    return client ? Change::client : Change::none;
}

/// Joins sets whose sightings have one key, those of one hash at a time. Copies may work side by
/// side: all sightings of a set that have a key have the same.
class TranslationJoiner {
public:
    TranslationJoiner(const std::vector<Sighting>& sightings, const Inventory& inventory,
                      SightingSets& sets)
        : sightings_(sightings), inventory_(inventory), sets_(sets) {}

    void operator()(HashGroup group) {
        members_.clear();
        for (const auto i : group) {
            members_.push_back({key_of(sightings_[i]).value_or(Key{}), sets_.root(i), i});
        }
        std::sort(members_.begin(), members_.end());
        for (auto from = members_.begin(); from != members_.end();) {
            const auto to = std::find_if(from, members_.end(),
                                         [&](const Member& each) { return each.key != from->key; });
            const auto candidates = collect({from, to});
            if (candidates.size() > 1) join(from->key, candidates);
            from = to;
        }
    }

private:
    void join(const Key& key, const std::vector<Candidate>& candidates) {
        if (key.tcp) return join_tcp(candidates);
        join_datagrams(candidates);
    }

    void join_tcp(const std::vector<Candidate>& candidates) {
        Partners partners(candidates.size());
        each_pair(candidates, both_numbers_window, partners, [&](std::size_t i, std::size_t j) {
            const auto& a = candidates[i];
            const auto& b = candidates[j];
            if (a.server_isn && b.server_isn) {
                if (answered_translated(a, b)) sets_.join(a.member, b.member);
            } else if (unanswered_translated(a, b)) {
                note(candidates, i, j, partners);
            }
        });
        join_noted(candidates, partners);
    }

    void join_datagrams(const std::vector<Candidate>& candidates) {
        Partners partners(candidates.size());
        each_pair(candidates, datagram_window, partners, [&](std::size_t i, std::size_t j) {
            const auto& a = sightings_[candidates[i].member];
            const auto& b = sightings_[candidates[j].member];
            if (datagrams_translated(a, b)) note(candidates, i, j, partners);
        });
        join_noted(candidates, partners);
    }

    /// Pairs that less than both sequence numbers speaks for, and for each candidate how many it is
    /// in, by what changes.
    struct Partners {
        explicit Partners(std::size_t candidates) : counts(candidates), crowded(candidates) {}

        std::vector<std::pair<std::size_t, std::size_t>> pairs;
        std::vector<std::array<std::uint16_t, 4>> counts;
        std::vector<bool> crowded;  ///< there are more than were looked at
    };

    Change change(const std::vector<Candidate>& candidates, std::size_t i, std::size_t j) const {
        return change_between(sightings_[candidates[i].member], sightings_[candidates[j].member]);
    }

    void note(const std::vector<Candidate>& candidates, std::size_t i, std::size_t j,
              Partners& partners) const {
        const auto kind = static_cast<std::size_t>(change(candidates, i, j));
        ++partners.counts[i].at(kind);
        ++partners.counts[j].at(kind);
        partners.pairs.emplace_back(i, j);
    }

    /// Where there is a second candidate, it is in doubt.
    void join_noted(const std::vector<Candidate>& candidates, const Partners& partners) {
        for (const auto& [i, j] : partners.pairs) {
            const auto kind = static_cast<std::size_t>(change(candidates, i, j));
            const bool only = partners.counts[i].at(kind) == 1 && partners.counts[j].at(kind) == 1;
            if (!only || partners.crowded[i] || partners.crowded[j]) continue;
            sets_.join(candidates[i].member, candidates[j].member);
        }
    }

    /// One candidate a set, by time: its first sighting with a key, and the server's number from
    /// any of them.
    std::vector<Candidate> collect(std::span<const Member> members) const {
        std::vector<Candidate> candidates;
        for (std::size_t i = 0; i < members.size(); ++i) {
            const auto& s = sightings_[members[i].index];
            if (i == 0 || members[i].root != members[i - 1].root) {
                candidates.push_back({s.first, members[i].index, s.server_isn});
                continue;
            }
            auto& candidate = candidates.back();
            if (!candidate.server_isn) candidate.server_isn = s.server_isn;
            if (s.first < candidate.first) {
                candidate.first = s.first;
                candidate.member = members[i].index;
            }
        }
        std::sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
            return std::tie(a.first, a.member) < std::tie(b.first, b.member);
        });
        return candidates;
    }

    template <class Visit>
    static void each_pair(const std::vector<Candidate>& candidates, Duration window,
                          Partners& partners, Visit visit) {
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            for (std::size_t j = i + 1; j < candidates.size(); ++j) {
                if (candidates[j].first - candidates[i].first > window) break;
                if (j - i > most_neighbours) {
                    partners.crowded[i] = partners.crowded[j] = true;
                    break;
                }
                visit(i, j);
            }
        }
    }

    /// What no translation does: give one client another port and leave its address.
    static bool may_be_translated(const Sighting& a, const Sighting& b) {
        if (a.client.ip.family() != b.client.ip.family()) return false;
        const bool port_alone = a.client.ip == b.client.ip && a.client.port != b.client.port;
        return !port_alone && change_between(a, b) != Change::none;
    }

    bool answered_translated(const Candidate& a, const Candidate& b) const {
        return *a.server_isn == *b.server_isn &&
               may_be_translated(sightings_[a.member], sightings_[b.member]);
    }

    /// A scanner sends one number to many ports and hosts: it takes more than that.
    bool unanswered_translated(const Candidate& a, const Candidate& b) const {
        const auto& before = sightings_[a.member];
        const auto& after = sightings_[b.member];
        if (!may_be_translated(before, after)) return false;
        const auto change = change_between(before, after);
        const bool server = change == Change::server || change == Change::both;
        if (server && !redirected(before, after)) return false;
        if (change == Change::server) return true;
        return before.client.port == after.client.port && b.first - a.first <= masquerade_window &&
               masqueraded(before, after);
    }

    bool datagrams_translated(const Sighting& a, const Sighting& b) const {
        if (a.protocol != b.protocol || a.ip_protocol != b.ip_protocol) return false;
        if (a.client.ip.family() != b.client.ip.family()) return false;
        switch (change_between(a, b)) {
            case Change::none:
                return false;
            case Change::server:
                return redirected(a, b);
            case Change::client:
                return masqueraded(a, b);
            case Change::both:
                return redirected(a, b) && masqueraded(a, b);
        }
        return false;
    }

    /// A node's address took the place of the client's.
    bool masqueraded(const Sighting& a, const Sighting& b) const {
        return a.client.ip != b.client.ip && inventory_.node_at(a.client.ip).has_value() !=
                                                 inventory_.node_at(b.client.ip).has_value();
    }

    /// One was addressed to a Service or a node, the other to what stands behind it.
    bool redirected(const Sighting& a, const Sighting& b) const {
        const bool a_in_front = stands_for_others(a.server.ip);
        if (a_in_front == stands_for_others(b.server.ip)) return false;
        return a_in_front ? may_be_behind(a, b) : may_be_behind(b, a);
    }

    bool stands_for_others(const IpAddress& address) const {
        return inventory_.service_at(address) || inventory_.node_at(address);
    }

    bool may_be_behind(const Sighting& front, const Sighting& behind) const {
        const auto index = inventory_.service_at(front.server.ip);
        if (!index) return true;
        const auto& service = inventory_.services()[*index];
        if (!leads_to_port(service, front, behind)) return false;
        const auto& listed = service.backends;
        if (std::find(listed.begin(), listed.end(), behind.server.ip) != listed.end()) return true;
        const auto owner = inventory_.owner_of(behind.server.ip, behind.first);
        if (!owner || !service.has_selector) return listed.empty();
        const auto& endpoint = inventory_.endpoints()[*owner];
        return inventory_.workload_of(endpoint).namespace_name == service.namespace_name &&
               service.selector.matches(endpoint.labels);
    }

    /// As far as the Service says by number which port it leads to.
    static bool leads_to_port(const Service& service, const Sighting& front,
                              const Sighting& behind) {
        for (const auto& port : service.ports) {
            if (port.protocol != front.protocol || port.port != front.server.port) continue;
            if (!port.target_name.empty()) return true;
            return port.target_port.value_or(port.port) == behind.server.port;
        }
        return true;
    }

    const std::vector<Sighting>& sightings_;
    const Inventory& inventory_;
    SightingSets& sets_;
    std::vector<Member> members_;  ///< of the hash in hand
};

}  // namespace

void join_translated(const std::vector<Sighting>& sightings, const Inventory& inventory,
                     SightingSets& sets, unsigned threads) {
    const auto count = static_cast<std::uint32_t>(sightings.size());
    HashGroups(count, threads)
        .each([&](std::uint32_t i) { return hash_of(sightings[i]); },
              TranslationJoiner(sightings, inventory, sets));
}

}  // namespace nspect::analyzer
