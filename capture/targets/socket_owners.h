// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "capture/os/procfs.h"
#include "model/recording.h"

namespace nspect::capture {

/// A line of /proc/PID/net/{tcp,udp}[6]: a socket of a network namespace, whoever has it open.
struct SocketRow {
    ListeningSocket local;
    bool listening = false;
    std::uint64_t inode = 0;

    bool operator==(const SocketRow&) const = default;
};
/// Lines that make no sense are passed over.
std::vector<SocketRow> parse_socket_table(std::string_view table, Protocol protocol);

/// A socket that a process has open, as this end of it reads.
struct OwnSocket {
    Protocol protocol = Protocol::tcp;
    Socket local;
    bool listening = false;

    auto operator<=>(const OwnSocket&) const = default;
    bool operator==(const OwnSocket&) const = default;
};
struct ContainerSockets {
    SharingContainer container;
    std::vector<OwnSocket> sockets;  ///< sorted, each once
};
/// Every TCP and UDP socket of a network namespace that one of `containers`, which share it, has
/// open. A connection that is over has no owner any more.
std::vector<ContainerSockets> find_sockets(const Procfs& procfs,
                                           const std::vector<SharingContainer>& containers);

/// Gives the listening sockets of a network namespace to those of its containers whose processes
/// have them open: by the inode of the socket and the descriptors of the processes. Costs a look at
/// every descriptor of theirs.
void find_listeners(const Procfs& procfs, std::vector<SharingContainer>& containers);

}  // namespace nspect::capture
