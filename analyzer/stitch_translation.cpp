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
/// How many neighbours with an equal key are compared: an attacker may make all keys equal.
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
        auto candidates = collect([](const Sighting& s) -> std::optional<std::uint64_t> {
            if (s.protocol != Protocol::tcp || !s.client_isn) return std::nullopt;
            return *s.client_isn;
        });
        each_pair(candidates, both_numbers_window, [&](std::size_t i, std::size_t j) {
            const auto& a = candidates[i];
            const auto& b = candidates[j];
            if (tcp_translated(a, b)) sets_.join(a.member, b.member);
        });
    }

    void join_datagrams() {
        const auto candidates = collect([](const Sighting& s) -> std::optional<std::uint64_t> {
            if (s.protocol == Protocol::tcp || s.fingerprint == 0) return std::nullopt;
            return s.fingerprint;
        });
        std::vector<std::pair<std::size_t, std::size_t>> pairs;
        std::vector<std::array<std::uint16_t, 4>> partners(candidates.size());
        each_pair(candidates, datagram_window, [&](std::size_t i, std::size_t j) {
            const auto& a = sightings_[candidates[i].member];
            const auto& b = sightings_[candidates[j].member];
            if (!datagrams_translated(a, b)) return;
            const auto change = static_cast<std::size_t>(change_between(a, b));
            ++partners[i][change];
            ++partners[j][change];
            pairs.emplace_back(i, j);
        });
        for (const auto& [i, j] : pairs) {
            const auto& a = sightings_[candidates[i].member];
            const auto& b = sightings_[candidates[j].member];
            const auto change = static_cast<std::size_t>(change_between(a, b));
            if (partners[i][change] != 1 || partners[j][change] != 1) continue;  // in doubt
            sets_.join(candidates[i].member, candidates[j].member);
        }
    }

private:
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
    static void each_pair(const std::vector<Candidate>& candidates, Duration window, Visit visit) {
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            const auto end = std::min(candidates.size(), i + 1 + most_neighbours);
            for (std::size_t j = i + 1; j < end; ++j) {
                if (candidates[j].key != candidates[i].key) break;
                if (candidates[j].first - candidates[i].first > window) break;
                visit(i, j);
            }
        }
    }

    bool tcp_translated(const Candidate& a, const Candidate& b) const {
        const auto& before = sightings_[a.member];
        const auto& after = sightings_[b.member];
        if (before.client.ip.family() != after.client.ip.family()) return false;
        if (before.client.ip == after.client.ip && before.client.port != after.client.port) {
            return false;
        }
        const auto change = change_between(before, after);
        if (change == Change::none) return false;
        if (a.server_isn && b.server_isn) return *a.server_isn == *b.server_isn;
        if (change == Change::server) return true;  // the same client socket and number
        if (before.client.port != after.client.port || b.first - a.first > masquerade_window) {
            return false;
        }
        return masqueraded(before, after) &&
               (change == Change::client || redirected(before, after));
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
        const auto& listed = service.backends;
        if (std::find(listed.begin(), listed.end(), behind.server.ip) != listed.end()) return true;
        const auto owner = inventory_.owner_of(behind.server.ip, behind.first);
        if (!owner || !service.has_selector) return listed.empty();
        const auto& endpoint = inventory_.endpoints()[*owner];
        return inventory_.workload_of(endpoint).namespace_name == service.namespace_name &&
               service.selector.matches(endpoint.labels);
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
