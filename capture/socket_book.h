// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "capture/decode/packet.h"
#include "capture/targets/socket_closers.h"
#include "capture/targets/socket_owners.h"
#include "model/batch.h"

namespace nspect::capture {

/// Which of several containers in one network namespace has which socket, over time. It asks for a
/// look at their sockets when one of them comes or goes, and when a flow begins at a socket of the
/// namespace that no container is known to have, or of late; looked() takes what was found. Sockets
/// that were gone by then are told by closed(), where the kernel says so.
class SocketBook {
public:
    /// Flows of the host's own network can be divided, and of others with several containers; a
    /// pod's pause container counts for none.
    static bool is_shared(const TargetInfo& target);

    /// A target as it is there now.
    void learn(const TargetInfo& target, Timestamp now);
    void forget(std::uint64_t netns, Timestamp now);

    bool empty() const noexcept { return networks_.empty(); }
    /// Its first packet was seen at an interface in `netns`.
    void flow_began(const DecodedPacket& packet, std::uint64_t netns, Timestamp time);

    bool wants_look() const noexcept { return !wanted_.empty(); }
    /// The namespaces to look in.
    std::vector<std::uint64_t> take_wanted();
    void looked(std::uint64_t netns, const std::vector<ContainerSockets>& found, Timestamp now);

    /// From now on closed() will be told of every socket that is closed: what is known to wait for
    /// others does so until then.
    void hear_closes() noexcept { hears_closes_ = true; }
    /// Whether this container is known. A close of one that is not says nothing here.
    bool knows(const ClosedSocket& closed) const;
    void closed(const ClosedSocket& closed);
    /// Some were not told.
    void missed_closes();

    /// Moves what changed since the last call into `batch`: owners, and their containers.
    void take_changes(Batch& batch);
    /// Sockets that there was no room for, since the last call.
    std::uint64_t take_lost() { return std::exchange(lost_, 0); }

private:
    using ContainerKey = std::pair<std::string, std::string>;  ///< runtime, container
    using SocketKey = std::tuple<std::uint32_t, Protocol, Socket>;
    using PortKey = std::pair<Protocol, std::uint16_t>;
    struct Resident {
        TargetInfo target;
        Timestamp since{};
        bool is_main = false;  ///< its target is the namespace's own
        bool told = false;
    };
    struct Network {
        std::uint32_t id = 0;
        Timestamp looked{};  ///< the last time; before that: when it was met
        std::set<IpAddress> addresses;
        std::map<ContainerKey, Resident> residents;
        std::map<SocketKey, Timestamp> open;                   ///< since when
        std::map<PortKey, std::set<std::uint32_t>> listening;  ///< targets that wait there
        std::map<PortKey, Timestamp> let_go;                   ///< when it was closed last
    };

    void update_residents(Network& network, const TargetInfo& target, Timestamp now);
    void end(Network& network, Timestamp now);
    void leave(Network& network, Resident& resident, Timestamp now);
    Timestamp oldest(const Network& network, const Resident& resident, const PortKey& port) const;
    void open(Network& network, Resident& resident, const SocketKey& socket);
    void introduce(Resident& resident);
    void tell(const Network& network, const SocketKey& socket, Timestamp from, Timestamp to);
    void ask_about(Protocol protocol, const Socket& socket, std::uint64_t seen_in, Timestamp time);

    std::map<std::uint64_t, Network> networks_;
    std::unordered_map<IpAddress, std::uint64_t> network_of_;
    std::set<std::uint64_t> wanted_;
    std::uint32_t next_id_ = 0;
    std::size_t open_ = 0;
    bool hears_closes_ = false;
    std::uint64_t lost_ = 0;
    std::vector<SocketOwner> owners_;
    std::map<std::uint32_t, TargetInfo> targets_;
};

}  // namespace nspect::capture
