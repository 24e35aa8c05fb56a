// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "capture/os/procfs.h"
#include "capture/os/socket_closes.h"
#include "model/recording.h"

namespace nspect::capture {

/// A container, of several in a network namespace, closed a socket.
struct ClosedSocket {
    std::uint64_t netns = 0;
    std::string runtime;
    std::string container;
    Protocol protocol = Protocol::tcp;
    Socket local;  ///< as SocketEvent::local
    bool listening = false;
    Timestamp time{};

    bool operator==(const ClosedSocket&) const = default;
};

/// Knows the containers of processes that opened and closed sockets: by their control group, which
/// outlives them, else by themselves while they are there.
class SocketClosers {
public:
    /// `groups`: where the version 2 control groups are, of which events have the numbers.
    SocketClosers(Procfs procfs, std::string groups)
        : procfs_(std::move(procfs)), groups_(std::move(groups)) {}

    /// Who is there now: call it when that changes. Who is gone is remembered for a while, since
    /// closes of before are read later.
    void learn(const std::vector<TargetInfo>& targets);
    /// What containers closed that share a namespace. `since_boot` is what to add to an event's
    /// time for the date.
    std::vector<ClosedSocket> resolve(const std::vector<SocketEvent>& events, Duration since_boot);
    /// Some were of a container not learnt of: look for new ones, learn() and resolve() the rest,
    /// which is nothing but these. Says so once for each.
    bool misses_container() const noexcept { return !pending_.empty(); }

private:
    struct Place {
        std::uint64_t netns = 0;
        std::string runtime;
        unsigned gone = 0;  ///< for so many calls of learn()
    };
    struct Process {
        std::string container;
        std::chrono::steady_clock::time_point asked;
    };

    void forget_gone();
    void learn_groups();
    std::optional<std::uint64_t> group_of(std::string_view cgroup) const;
    std::optional<std::string> container_of_process(std::uint32_t pid,
                                                    std::string_view cgroup) const;
    std::string container_by_group(const SocketEvent& event);
    std::string container_by_process(const SocketEvent& event);
    bool is_of_interest(const SocketEvent& event, const std::string& container, bool again);

    Procfs procfs_;
    std::string groups_;
    std::map<std::string, Place> sharing_;                       ///< by container
    std::set<std::string> others_;                               ///< that share nothing
    std::unordered_map<std::uint32_t, std::string> process_of_;  ///< the container of it
    std::unordered_map<std::uint64_t, std::string> by_group_;    ///< "": no container
    std::unordered_map<std::uint32_t, Process> by_process_;
    std::set<std::uint32_t> learnt_;  ///< processes whose group is known
    std::set<std::string> strangers_;
    std::vector<SocketEvent> pending_;
};

}  // namespace nspect::capture
