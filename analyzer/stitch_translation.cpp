// SPDX-License-Identifier: Apache-2.0
#include "analyzer/stitch_translation.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>

namespace nspect::analyzer {
namespace {

constexpr Duration both_numbers_window = std::chrono::seconds{3};
constexpr Duration masquerade_window = std::chrono::milliseconds{100};
constexpr Duration datagram_window = std::chrono::milliseconds{50};
/// How many neighbours with an equal key are compared: an attacker may make all keys equal. Those
/// who have more are in doubt, unless both numbers agree.
constexpr std::size_t most_neighbours = 32;

/// Sightings of one 5-tuple, already joined, with what translation leaves alone.
struct Candidate {
    std::uint64_t key = 0;  ///< client's initial sequence number, or payload fingerprint
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

class TranslationJoiner {
public:
    TranslationJoiner(const std::vector<Sighting>& sightings, const Inventory& inventory,
                      SightingSets& sets)
        : sightings_(sightings), inventory_(inventory), sets_(sets) {}

    void join_tcp() {
        const auto candidates = collect([](const Sighting& s) -> std::optional<std::uint64_t> {
            if (s.protocol != Protocol::tcp || !s.client_isn) return std::nullopt;
            return *s.client_isn;
        });
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

    void join_datagrams() {
        const auto candidates = collect([](const Sighting& s) -> std::optional<std::uint64_t> {
            if (s.protocol == Protocol::tcp || s.fingerprint == 0) return std::nullopt;
            return s.fingerprint;
        });
        Partners partners(candidates.size());
        each_pair(candidates, datagram_window, partners, [&](std::size_t i, std::size_t j) {
            const auto& a = sightings_[candidates[i].member];
            const auto& b = sightings_[candidates[j].member];
            if (datagrams_translated(a, b)) note(candidates, i, j, partners);
        });
        join_noted(candidates, partners);
    }

private:
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

    /// One candidate a set: its first sighting with a key, and the server's number from any of
    /// them.
    template <class KeyOf>
    std::vector<Candidate> collect(KeyOf key_of) {
        std::vector<Candidate> candidates;
        std::vector<std::uint32_t> slot(sightings_.size(), 0);  // of a root: 1 + its candidate
        for (std::uint32_t i = 0; i < sightings_.size(); ++i) {
            const auto& s = sightings_[i];
            const auto key = key_of(s);
            if (!key) continue;
            auto& mine = slot[sets_.root(i)];
            if (mine == 0) {
                candidates.push_back({*key, s.first, i, s.server_isn});
                mine = static_cast<std::uint32_t>(candidates.size());
                continue;
            }
            auto& candidate = candidates[mine - 1];
            if (!candidate.server_isn) candidate.server_isn = s.server_isn;
            if (s.first < candidate.first) {
                candidate.first = s.first;
                candidate.member = i;
            }
        }
        std::sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
            return std::tie(a.key, a.first, a.member) < std::tie(b.key, b.first, b.member);
        });
        return candidates;
    }

    template <class Visit>
    static void each_pair(const std::vector<Candidate>& candidates, Duration window,
                          Partners& partners, Visit visit) {
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            for (std::size_t j = i + 1; j < candidates.size(); ++j) {
                if (candidates[j].key != candidates[i].key) break;
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
};

}  // namespace

void join_translated(const std::vector<Sighting>& sightings, const Inventory& inventory,
                     SightingSets& sets) {
    TranslationJoiner joiner(sightings, inventory, sets);
    joiner.join_tcp();
    joiner.join_datagrams();
}

}  // namespace nspect::analyzer
