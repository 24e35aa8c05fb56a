// SPDX-License-Identifier: Apache-2.0
#include "analyzer/stitch_make.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "analyzer/identity.h"
#include "analyzer/observed_services.h"
#include "analyzer/packet_fate.h"

namespace nspect::analyzer {
namespace {

using Role = VantagePoint::Role;

/// A sighting in the orientation of its conversation, with its place in the way from client to
/// server.
struct Seen {
    const Sighting* sighting = nullptr;
    bool turned = false;  ///< this vantage took the server for the client
    Role role = Role::between;
    int rank = 2;

    const Socket& client() const { return turned ? sighting->server : sighting->client; }
    const Socket& server() const { return turned ? sighting->client : sighting->server; }
    const Counters& sent() const { return turned ? sighting->received : sighting->sent; }
    const Counters& received() const { return turned ? sighting->sent : sighting->received; }
    std::uint16_t largest_sent() const {
        return turned ? sighting->largest_received : sighting->largest_sent;
    }
    std::uint16_t largest_received() const {
        return turned ? sighting->largest_sent : sighting->largest_received;
    }
    Shared<TunnelSeen> tunnel() const {
        auto tunnel = sighting->tunnel;
        if (turned && tunnel) std::swap(tunnel->client, tunnel->server);
        return tunnel;
    }
};

bool same_vlan(const Sighting& a, const Sighting& b) {
    return a.vlan == b.vlan && a.outer_vlan == b.outer_vlan;
}

int outcome_rank(Outcome outcome) {
    switch (outcome) {
        case Outcome::established:
            return 0;
        case Outcome::refused:
            return 1;
        case Outcome::rejected:
            return 2;
        case Outcome::unanswered:
            return 3;
        case Outcome::one_way:
            return 4;
        case Outcome::mid_stream:
            return 5;
    }
    return 5;
}

bool failed(Outcome outcome) {
    return outcome != Outcome::established && outcome != Outcome::mid_stream;
}

bool got_nothing(Outcome outcome) {
    return outcome == Outcome::unanswered || outcome == Outcome::one_way;
}

}  // namespace

StitchContext::StitchContext(const Recording& from, const Inventory& known)
    : recording(from),
      inventory(known),
      vantages(known, from),
      names(from.names),
      listeners(from.sightings),
      owners(from) {
    const auto& services = inventory.services();
    for (std::size_t i = 0; i < services.size(); ++i) {
        for (const auto& port : services[i].ports) {
            if (port.node_port) node_ports.emplace(port.node_port->number, i);
        }
    }
    for (const auto& target : recording.targets) {
        for (const auto& interface : target.interfaces) {
            broadcasts.insert(interface.broadcasts.begin(), interface.broadcasts.end());
        }
    }
    if (!owners.empty()) endpoints = endpoints_of_targets(inventory, recording);
}

class ConversationMaker::Impl {
public:
    explicit Impl(const StitchContext& context)
        : context_(context),
          recording_(context.recording),
          inventory_(context.inventory),
          services_(context.inventory) {}

    void make(std::span<const std::uint32_t> members, Conversation& result) {
        arrange(members);
        clear(result);
        const auto& lead = *seen_.front().sighting;
        result.protocol = lead.protocol;
        result.ip_protocol = lead.ip_protocol;
        result.first = lead.first;
        result.last = lead.last;
        result.direction = lead.direction;
        for (std::size_t i = 0; i < seen_.size(); ++i) gather(result, i);
        result.sent = result.vantages.front().sent;
        result.received = result.vantages.front().received;
        if (listens_ != Listeners::Word::none) result.direction = DirectionEvidence::listener;
        result.outcome = outcome();
        name_ends(result);
        result.lost_between = lost_between(result);
    }

private:
    /// Its memory is used again.
    static void clear(Conversation& conversation) {
        auto vantages = std::move(conversation.vantages);
        vantages.clear();
        conversation = {};
        conversation.vantages = std::move(vantages);
    }

    /// Fills seen_, from client to server.
    void arrange(std::span<const std::uint32_t> members) {
        const auto* lead = &recording_.sightings[members.front()];
        for (const auto i : members) {
            const auto& s = recording_.sightings[i];
            if (std::tie(s.direction, s.first) < std::tie(lead->direction, lead->first)) lead = &s;
        }
        seen_.clear();
        for (const auto i : members) {
            const auto& s = recording_.sightings[i];
            const bool turned =
                s.client == lead->server && s.server == lead->client && s.client != s.server;
            seen_.push_back({&s, turned});
        }
        turn_to_listener(*lead);
        for (auto& seen : seen_) assign_role(seen);
        assign_host_roles();
        std::sort(seen_.begin(), seen_.end(), [](const Seen& a, const Seen& b) {
            return std::tie(a.rank, a.sighting->first, a.sighting->vantage, a.sighting->id) <
                   std::tie(b.rank, b.sighting->first, b.sighting->vantage, b.sighting->id);
        });
    }

    /// Where translation was seen, so was the start.
    void turn_to_listener(const Sighting& lead) {
        const bool plain = std::all_of(seen_.begin(), seen_.end(), [&](const Seen& seen) {
            return seen.client() == lead.client && seen.server() == lead.server;
        });
        listens_ = plain ? context_.listeners.about(lead) : Listeners::Word::none;
        if (listens_ != Listeners::Word::turned) return;
        for (auto& seen : seen_) seen.turned = !seen.turned;
    }

    void assign_role(Seen& seen) const {
        const auto vantage = seen.sighting->vantage;
        const auto time = seen.sighting->first;
        if (context_.vantages.owns(vantage, seen.client().ip, time)) {
            set_role(seen, Role::client);
        } else if (context_.vantages.owns(vantage, seen.server().ip, time)) {
            set_role(seen, Role::server);
        }
    }

    void set_role(Seen& seen, Role role) const {
        const bool inside = context_.vantages.side(seen.sighting->vantage) == VantageSide::inside;
        seen.role = role;
        seen.rank = role == Role::client ? (inside ? 0 : 1) : (inside ? 4 : 3);
    }

    /// The host's own interfaces are an end only where nothing was translated: a masqueraded client
    /// also shows the host's address.
    void assign_host_roles() {
        const auto& front = seen_.front();
        const bool plain = std::all_of(seen_.begin(), seen_.end(), [&](const Seen& seen) {
            return seen.client() == front.client() && seen.server() == front.server();
        });
        if (!plain) return;
        const bool from_node = inventory_.node_at(front.client().ip).has_value();
        const bool to_node = inventory_.node_at(front.server().ip).has_value();
        for (auto& seen : seen_) {
            if (seen.role != Role::between) continue;
            if (context_.vantages.side(seen.sighting->vantage) != VantageSide::host) continue;
            if (from_node) {
                set_role(seen, Role::client);
            } else if (to_node) {
                set_role(seen, Role::server);
            }
        }
    }

    void gather(Conversation& result, std::size_t index) const {
        const auto& seen = seen_[index];
        const auto& s = *seen.sighting;
        result.first = std::min(result.first, s.first);
        result.last = std::max(result.last, s.last);
        result.direction = std::min(result.direction, s.direction);
        result.retransmits = std::max(result.retransmits, s.retransmits);
        if (result.handshake_time == Duration{0}) result.handshake_time = s.handshake_time;
        if (result.app.empty()) result.app = s.app;
        gather_quality(result, seen);
        if (s.tls && (!result.tls || result.tls->confidence < s.tls->confidence))
            result.tls = s.tls;
        for (std::size_t i = 0; i < index; ++i) {
            const auto& known = *seen_[i].sighting;
            const bool same_place = known.vantage == s.vantage && same_vlan(known, s) &&
                                    known.tunnel.has_value() == s.tunnel.has_value();
            if (same_place) return add_again(result, seen_[i], seen);
        }
        result.vantages.push_back({s.vantage, seen.role, seen.sent(), seen.received(), s.vlan,
                                   s.outer_vlan, seen.tunnel(), seen.largest_sent(),
                                   seen.largest_received()});
    }

    /// From client to server: what was measured nearer to the server replaces what was before.
    static void gather_quality(Conversation& result, const Seen& seen) {
        const auto& s = *seen.sighting;
        result.reordered = std::max(result.reordered, s.reordered);
        result.zero_windows = std::max(result.zero_windows, s.zero_windows);
        result.icmp_errors = std::max(result.icmp_errors, s.icmp_errors);
        if (!seen.turned && s.think_time > Duration{0}) result.think_time = s.think_time;
        const auto client_mss = seen.turned ? s.server_mss : s.client_mss;
        const auto server_mss = seen.turned ? s.client_mss : s.server_mss;
        if (result.client_mss == 0) result.client_mss = client_mss;
        if (result.server_mss == 0) result.server_mss = server_mss;
        const bool narrower = result.path_mtu == 0 || s.path_mtu < result.path_mtu;
        if (s.path_mtu != 0 && narrower) result.path_mtu = s.path_mtu;
    }

    /// Twice at one vantage: either before and after translation, which is counted once, or
    /// continued after a time-out, and then its counters started anew.
    static void add_again(Conversation& result, const Seen& known, const Seen& again) {
        if (known.client() != again.client() || known.server() != again.server()) return;
        for (auto& point : result.vantages) {
            if (point.vantage != known.sighting->vantage) continue;
            point.sent += again.sent();
            point.received += again.received();
            point.largest_sent = std::max(point.largest_sent, again.largest_sent());
            point.largest_received = std::max(point.largest_received, again.largest_received());
        }
    }

    /// What anyone saw, except that an answer which never came back to the client is none.
    Outcome outcome() const {
        Outcome best = Outcome::mid_stream;
        for (const auto& seen : seen_) {
            const auto mine = seen.sighting->outcome;
            if (outcome_rank(mine) < outcome_rank(best)) best = mine;
        }
        // The first packet seen was an answer.
        if (listens_ == Listeners::Word::turned && got_nothing(best)) return Outcome::mid_stream;
        const auto& front = seen_.front();
        const bool unheard = front.role == Role::client && got_nothing(front.sighting->outcome);
        return unheard && best == Outcome::established ? Outcome::unanswered : best;
    }

    void name_ends(Conversation& result) {
        const auto& front = seen_.front();
        const auto& back = seen_.back();
        result.client = party(front, front.client(), front.role == Role::client, result.first);
        result.server = party(back, back.server(), back.role == Role::server, result.first);
        if (front.role == Role::client && front.client().ip == front.server().ip) {
            result.server.endpoint = result.client.endpoint;
        }
        if (!context_.owners.empty()) {
            divide(result, result.client, front.sighting->vantage);
            divide(result, result.server, back.sighting->vantage);
        }
        const auto& dialled = front.server();
        if (dialled != result.server.socket) result.dialled = dialled;
        result.translated = translated_client();
        result.service = service_dialled(dialled);
        result.broadcast = is_broadcast(result);
        result.server.name = context_.names.asked(front.client().ip, dialled.ip, result.first);
    }

    /// By its frames, or by the prefix of an interface; never an address that somebody has or
    /// answers under.
    bool is_broadcast(const Conversation& made) const {
        const auto& server = made.server;
        const bool somebody = server.endpoint || server.node || made.service || made.dialled;
        if (somebody || made.protocol == Protocol::tcp || made.received.packets > 0) return false;
        return server.socket.ip == IpAddress::v4(0xffffffff) ||
               context_.broadcasts.contains(server.socket.ip) ||
               std::any_of(seen_.begin(), seen_.end(),
                           [](const Seen& seen) { return seen.sighting->broadcast; });
    }

    /// As the vantage nearest to the server saw it.
    std::optional<Socket> translated_client() const {
        const auto& own = seen_.front().client();
        const auto other = std::find_if(seen_.rbegin(), seen_.rend(),
                                        [&](const Seen& seen) { return seen.client() != own; });
        return other == seen_.rend() ? std::nullopt : std::optional(other->client());
    }

    Party party(const Seen& seen, const Socket& socket, bool own_vantage, Timestamp time) const {
        Party party;
        party.socket = socket;
        const auto vantage = seen.sighting->vantage;
        if (own_vantage) {
            party.endpoint = socket.ip.is_loopback()
                                 ? context_.vantages.loopback_endpoint(vantage, time)
                                 : context_.vantages.endpoint(vantage);
        }
        if (!party.endpoint) party.endpoint = inventory_.owner_of(socket.ip, time);
        if (!party.endpoint) party.node = inventory_.node_at(socket.ip);
        return party;
    }

    /// Where several containers share the address, the one that had the socket.
    void divide(const Conversation& result, Party& party, std::uint32_t vantage) const {
        party.owner = context_.owners.find(result.protocol, party.socket, result.first, vantage);
        if (!party.owner) return;
        const auto endpoint = context_.endpoints.find(*party.owner);
        if (endpoint == context_.endpoints.end()) return;
        party.endpoint = endpoint->second;
        party.node.reset();
    }

    std::optional<std::size_t> service_dialled(const Socket& dialled) const {
        if (const auto service = inventory_.service_at(dialled.ip)) return service;
        const auto by_port = context_.node_ports.find(dialled.port.number);
        if (by_port == context_.node_ports.end() || !inventory_.node_at(dialled.ip))
            return std::nullopt;
        return by_port->second;
    }

    std::optional<std::pair<std::uint32_t, std::uint32_t>> lost_between(
        const Conversation& result) {
        const auto& front = seen_.front();
        if (!failed(result.outcome)) return narrow_place(result).between;
        if (front.role != Role::client) return std::nullopt;
        const auto& back = seen_.back();
        if (back.role == Role::server) return answer_lost(result);
        if (front.client().ip == front.server().ip) return std::nullopt;
        const auto outside = context_.vantages.outside_of(back.sighting->vantage, result.first);
        const auto expected = outside ? outside : next_to_server(result);
        if (!expected) return std::nullopt;
        return std::pair{back.sighting->vantage, *expected};
    }

    /// The vantage that would have seen it arrive.
    std::optional<std::uint32_t> next_to_server(const Conversation& result) {
        const auto server = server_endpoint(result);
        if (server && server == result.client.endpoint) return std::nullopt;
        if (server) {
            if (const auto own = context_.vantages.watching(*server, result.first)) return own;
        }
        if (result.service && !server) return std::nullopt;
        return context_.vantages.watching(result.server.socket.ip, result.first);
    }

    /// The answer was seen leaving the server, and not arriving at the client.
    std::optional<std::pair<std::uint32_t, std::uint32_t>> answer_lost(
        const Conversation& result) const {
        if (result.vantages.front().received.packets > 0) return std::nullopt;
        for (auto seen = seen_.rbegin(); seen != seen_.rend(); ++seen) {
            const bool answered = seen->received().packets > 0;
            if (!answered) continue;
            // Walks on towards the client: the last vantage that still saw the answer.
            auto last = seen;
            while (std::next(last) != seen_.rend() && std::next(last)->received().packets > 0)
                ++last;
            return std::pair{last->sighting->vantage, seen_.front().sighting->vantage};
        }
        return std::nullopt;
    }

    std::optional<std::size_t> server_endpoint(const Conversation& result) {
        if (result.server.endpoint || !result.service) return result.server.endpoint;
        const auto& backends = services_.of(*result.service);
        return backends.size() == 1 ? std::optional(backends.front()) : std::nullopt;
    }

    const StitchContext& context_;
    const Recording& recording_;
    const Inventory& inventory_;
    ServiceBackends services_;
    std::vector<Seen> seen_;                           ///< of the conversation being made
    Listeners::Word listens_ = Listeners::Word::none;  ///< as the lead of these has it
};

ConversationMaker::ConversationMaker(const StitchContext& context)
    : impl_(std::make_unique<Impl>(context)) {}

ConversationMaker::~ConversationMaker() = default;

void ConversationMaker::make(std::span<const std::uint32_t> members, Conversation& made) {
    impl_->make(members, made);
}

}  // namespace nspect::analyzer
