// SPDX-License-Identifier: Apache-2.0
#include "capture/socket_book.h"

#include <algorithm>
#include <chrono>
#include <iterator>

namespace nspect::capture {
namespace {

/// Of targets that have no namespace of their own: far from what the watcher counts, and below what
/// pods by the cluster's API get.
constexpr std::uint32_t first_id = (1U << 21U) + 1;
constexpr std::size_t most_open = 65536;
/// A port may pass from one container to another without a sign.
constexpr Duration good_for = std::chrono::seconds{1};

TargetInfo as_target(const SharingContainer& container, const TargetInfo& network) {
    TargetInfo target;
    target.netns = network.netns;
    target.runtime = container.runtime;
    target.container = container.container;
    target.name = container.name;
    target.image = container.image;
    target.labels = container.labels;
    target.pod = container.pod;
    target.namespace_name = container.namespace_name;
    target.pod_uid = container.pod_uid;
    return target;
}

}  // namespace

bool SocketBook::is_shared(const TargetInfo& target) {
    const auto real =
        std::count_if(target.sharing.begin(), target.sharing.end(),
                      [](const SharingContainer& container) { return !container.sandbox; });
    return real > (target.is_host ? 0 : 1);
}

void SocketBook::learn(const TargetInfo& target, Timestamp now) {
    if (!is_shared(target)) return forget(target.netns, now);
    const auto [entry, added] = networks_.try_emplace(target.netns);
    Network& network = entry->second;
    if (added) {
        network.id = target.id;
        network.looked = now;
    }
    for (const auto& address : network.addresses) network_of_.erase(address);
    network.addresses.clear();
    for (const auto& interface : target.interfaces) {
        for (const auto& address : interface.addresses) {
            if (address.is_loopback()) continue;
            network.addresses.insert(address);
            network_of_[address] = target.netns;
        }
    }
    update_residents(network, target, now);
}

void SocketBook::update_residents(Network& network, const TargetInfo& target, Timestamp now) {
    std::set<ContainerKey> present;
    for (const auto& container : target.sharing) {
        const ContainerKey key{container.runtime, container.container};
        present.insert(key);
        const auto [entry, added] = network.residents.try_emplace(key);
        Resident& resident = entry->second;
        TargetInfo current = as_target(container, target);
        if (added) {
            wanted_.insert(target.netns);
            resident.is_main = key == ContainerKey{target.runtime, target.container};
            resident.since = now;
            current.id = resident.is_main ? target.id : first_id + next_id_++;
        } else {
            current.id = resident.target.id;
        }
        current.from = resident.since;
        if (resident.target == current) continue;
        resident.target = std::move(current);
        if (resident.told && !resident.is_main) targets_[resident.target.id] = resident.target;
    }
    for (auto each = network.residents.begin(); each != network.residents.end();) {
        if (present.contains(each->first)) {
            ++each;
            continue;
        }
        leave(network, each->second, now);
        each = network.residents.erase(each);
        wanted_.insert(target.netns);
    }
}

void SocketBook::leave(Network& network, Resident& resident, Timestamp now) {
    for (auto port = network.listening.begin(); port != network.listening.end();) {
        port->second.erase(resident.target.id);
        port = port->second.empty() ? network.listening.erase(port) : std::next(port);
    }
    for (auto socket = network.open.begin(); socket != network.open.end();) {
        if (std::get<0>(socket->first) != resident.target.id) {
            ++socket;
            continue;
        }
        tell(network, socket->first, socket->second, network.looked);
        socket = network.open.erase(socket);
        --open_;
    }
    if (!resident.told || resident.is_main) return;
    resident.target.to = now;
    targets_[resident.target.id] = resident.target;
}

void SocketBook::forget(std::uint64_t netns, Timestamp now) {
    const auto found = networks_.find(netns);
    if (found == networks_.end()) return;
    for (auto& [key, resident] : found->second.residents) leave(found->second, resident, now);
    for (const auto& address : found->second.addresses) network_of_.erase(address);
    networks_.erase(found);
    wanted_.erase(netns);
}

/// Of a socket that was just known to wait for others there is nothing to learn.
void SocketBook::ask_about(Protocol protocol, const Socket& socket, std::uint64_t seen_in,
                           Timestamp time) {
    std::uint64_t netns = seen_in;  // of a loopback address
    if (!socket.ip.is_loopback()) {
        const auto known = network_of_.find(socket.ip);
        if (known == network_of_.end()) return;
        netns = known->second;
    }
    const auto network = networks_.find(netns);
    if (network == networks_.end()) return;
    const bool waits = network->second.listening.contains({protocol, socket.port.number});
    const bool is_old = !hears_closes_ && time - network->second.looked > good_for;
    if (!waits || is_old) wanted_.insert(netns);
}

void SocketBook::flow_began(const DecodedPacket& packet, std::uint64_t netns, Timestamp time) {
    if (packet.protocol != Protocol::tcp && packet.protocol != Protocol::udp) return;
    ask_about(packet.protocol, {packet.src, packet.src_port}, netns, time);
    ask_about(packet.protocol, {packet.dst, packet.dst_port}, netns, time);
}

std::vector<std::uint64_t> SocketBook::take_wanted() {
    std::vector<std::uint64_t> all(wanted_.begin(), wanted_.end());
    wanted_.clear();
    return all;
}

/// What was not there at the last look, and is now, may be as old as that look; what is not there
/// any more was there then.
void SocketBook::looked(std::uint64_t netns, const std::vector<ContainerSockets>& found,
                        Timestamp now) {
    const auto entry = networks_.find(netns);
    if (entry == networks_.end()) return;
    Network& network = entry->second;
    std::set<SocketKey> present;
    network.listening.clear();
    for (const auto& [container, sockets] : found) {
        const auto known = network.residents.find({container.runtime, container.container});
        if (known == network.residents.end() || container.sandbox) continue;
        Resident& resident = known->second;
        for (const auto& socket : sockets) {
            const SocketKey key{resident.target.id, socket.protocol, socket.local};
            if (socket.listening)
                network.listening[{socket.protocol, socket.local.port.number}].insert(
                    resident.target.id);
            present.insert(key);
            if (!network.open.contains(key)) open(network, resident, key);
        }
    }
    for (auto socket = network.open.begin(); socket != network.open.end();) {
        if (present.contains(socket->first)) {
            ++socket;
            continue;
        }
        tell(network, socket->first, socket->second, network.looked);
        socket = network.open.erase(socket);
        --open_;
    }
    network.looked = now;
}

/// Since when a socket met just now may have been there. A container is met some time after it
/// came: where closes are heard, the port has been nobody else's since its last one.
Timestamp SocketBook::oldest(const Network& network, const Resident& resident,
                             const PortKey& port) const {
    if (!hears_closes_) return std::max(network.looked, resident.since);
    const auto let_go = network.let_go.find(port);
    return let_go == network.let_go.end() ? network.looked
                                          : std::max(network.looked, let_go->second);
}

void SocketBook::open(Network& network, Resident& resident, const SocketKey& socket) {
    if (open_ == most_open) {
        ++lost_;
        return;
    }
    ++open_;
    const auto from =
        oldest(network, resident, {std::get<1>(socket), std::get<2>(socket).port.number});
    network.open.emplace(socket, from);
    tell(network, socket, from, forever);
    introduce(resident);
}

void SocketBook::introduce(Resident& resident) {
    if (!std::exchange(resident.told, true) && !resident.is_main)
        targets_[resident.target.id] = resident.target;
}

bool SocketBook::knows(const ClosedSocket& closed) const {
    const auto network = networks_.find(closed.netns);
    return network != networks_.end() &&
           network->second.residents.contains({closed.runtime, closed.container});
}

/// A server's connections have its port too: what waits there goes on. Any other one may be as old
/// as what was known of its port before.
void SocketBook::closed(const ClosedSocket& closed) {
    if (!knows(closed)) return;
    Network& network = networks_.find(closed.netns)->second;
    Resident& resident = network.residents.find({closed.runtime, closed.container})->second;
    const PortKey port{closed.protocol, closed.local.port.number};
    const auto waiting = network.listening.find(port);
    const bool waits =
        waiting != network.listening.end() && waiting->second.contains(resident.target.id);
    if (waits && !closed.listening) return;
    if (waits && waiting->second.erase(resident.target.id) > 0 && waiting->second.empty())
        network.listening.erase(waiting);
    const SocketKey key{resident.target.id, closed.protocol, closed.local};
    const auto known = network.open.find(key);
    if (known != network.open.end()) {
        tell(network, key, known->second, closed.time);
        network.open.erase(known);
        --open_;
    } else if (owners_.size() >= most_open) {
        ++lost_;
    } else {
        const auto from = oldest(network, resident, port);
        tell(network, key, std::min(from, closed.time), closed.time);
        introduce(resident);
    }
    auto& let_go = network.let_go[port];
    let_go = std::max(let_go, closed.time);
}

void SocketBook::missed_closes() {
    for (auto& [netns, network] : networks_) network.listening.clear();
}

void SocketBook::tell(const Network& network, const SocketKey& socket, Timestamp from,
                      Timestamp to) {
    owners_.push_back({std::get<0>(socket), network.id, std::get<1>(socket), std::get<2>(socket),
                       from, std::max(from, to)});
}

void SocketBook::take_changes(Batch& batch) {
    batch.socket_owners.insert(batch.socket_owners.end(), owners_.begin(), owners_.end());
    for (auto& [id, target] : targets_) batch.targets.push_back(std::move(target));
    owners_.clear();
    targets_.clear();
}

}  // namespace nspect::capture
