// SPDX-License-Identifier: Apache-2.0
#include "analyzer/listeners.h"

#include <algorithm>
#include <cstddef>

#include "model/hash_seed.h"

namespace nspect::analyzer {
namespace {

/// So many different peers of one port no client has by chance. Linux may take the same ephemeral
/// port towards several servers, so two say nothing against the ports' kinds.
constexpr std::size_t few = 2;
constexpr std::size_t many = 3;

bool has_ports_and_ends(const Sighting& s) {
    const bool ports =
        s.protocol == Protocol::tcp || s.protocol == Protocol::udp || s.protocol == Protocol::sctp;
    return ports && !s.broadcast && !s.server.ip.is_multicast() && !s.client.ip.is_multicast();
}

/// A request known by its content has said who the client is, and so has a hello of TLS.
bool is_weak(const Sighting& s) {
    if (!has_ports_and_ends(s) || s.direction == DirectionEvidence::handshake) return false;
    const bool by_content = !s.app.empty() || s.tls.has_value();
    return s.direction == DirectionEvidence::port_numbers || !by_content;
}

int port_kind(Port port) {
    if (port.number < 1024) return 0;
    return port.number < 32768 ? 1 : 2;  // Linux takes ephemeral ports from 32768 on
}

std::size_t hash_of(const Socket& socket) {
    return seeded_hash(std::hash<IpAddress>{}(socket.ip), socket.port.number);
}

void add(std::vector<Socket>& sockets, const Socket& socket) {
    if (sockets.size() >= many + 1) return;
    if (std::find(sockets.begin(), sockets.end(), socket) == sockets.end()) {
        sockets.push_back(socket);
    }
}

std::size_t others(const std::vector<Socket>& sockets, const Socket& than) {
    return sockets.size() -
           static_cast<std::size_t>(std::count(sockets.begin(), sockets.end(), than));
}

}  // namespace

std::size_t Listeners::KeyHash::operator()(const Key& key) const noexcept {
    return seeded_hash(hash_of(key.socket), static_cast<std::size_t>(key.protocol));
}

std::size_t Listeners::UseHash::operator()(const Use& use) const noexcept {
    return seeded_hash(hash_of(use.client), hash_of(use.server));
}

Listeners::Listeners(const std::vector<Sighting>& sightings) {
    for (const auto& s : sightings) {
        if (!is_weak(s)) continue;
        known_.try_emplace({s.client, s.protocol});
        known_.try_emplace({s.server, s.protocol});
    }
    if (known_.empty()) return;
    for (const auto& s : sightings) {
        if (has_ports_and_ends(s)) learn(s);
    }
}

void Listeners::learn(const Sighting& s) {
    const auto server = known_.find({s.server, s.protocol});
    const auto client = known_.find({s.client, s.protocol});
    if (client != known_.end()) add(client->second.peers, s.server);
    if (server == known_.end()) return;
    add(server->second.peers, s.client);
    const bool shaken = s.direction == DirectionEvidence::handshake;
    // What does not accept refuses: a SYN alone names no listener.
    if (shaken && s.outcome == Outcome::established) server->second.opened = true;
    if (s.protocol == Protocol::udp && s.outcome == Outcome::established) {
        add(server->second.callers, s.client);
        if (client == known_.end()) return;
        const auto [began, is_new] = began_.try_emplace({s.client, s.server}, s.first);
        if (!is_new) began->second = std::min(began->second, s.first);
    }
}

const Listeners::Known& Listeners::of(const Socket& socket, Protocol protocol) const {
    static const Known nothing;
    const auto found = known_.find({socket, protocol});
    return found == known_.end() ? nothing : found->second;
}

Listeners::Word Listeners::about(const Sighting& s) const {
    if (known_.empty() || !is_weak(s) || s.client == s.server) return Word::none;
    const auto& client = of(s.client, s.protocol);
    const auto& server = of(s.server, s.protocol);
    return s.protocol == Protocol::udp ? about_datagrams(s, client, server)
                                       : about_stream(s, client, server);
}

Listeners::Word Listeners::about_stream(const Sighting& s, const Known& client,
                                        const Known& server) const {
    if (client.opened != server.opened) return server.opened ? Word::agrees : Word::turned;
    if (client.opened) return Word::none;
    const auto of_client = client.peers.size();
    const auto of_server = server.peers.size();
    const bool against_ports = s.direction == DirectionEvidence::port_numbers;
    if (of_server == 1 && of_client >= (against_ports ? many : few)) return Word::turned;
    return of_client == 1 && of_server >= few ? Word::agrees : Word::none;
}

Listeners::Word Listeners::about_datagrams(const Sighting& s, const Known& client,
                                           const Known& server) const {
    const auto other_way = began_.find({s.server, s.client});
    if (other_way != began_.end() && other_way->second < s.first) return Word::turned;
    const auto to_client = others(client.callers, s.server);
    const auto to_server = others(server.callers, s.client);
    if (to_client == 0 && to_server >= few) return Word::agrees;
    const bool by_ports = port_kind(s.client.port) < port_kind(s.server.port);
    return to_server == 0 && to_client >= few && by_ports ? Word::turned : Word::none;
}

}  // namespace nspect::analyzer
