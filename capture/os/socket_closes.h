// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/result.h"
#include "model/sighting.h"

namespace nspect::capture {

/// A process closed a TCP or UDP socket, or ended with it open.
struct SocketEvent {
    /// It made one instead, of which nothing else is known. Told where `group` may not be: ask at
    /// once who the process is.
    bool opened = false;
    std::chrono::steady_clock::time_point time;
    /// The process's in the version 2 hierarchy; nothing for the root of it.
    std::optional<std::uint64_t> group;
    std::optional<std::uint32_t> pid;  ///< nothing where our process numbers are other ones
    Protocol protocol = Protocol::tcp;
    Socket local;            ///< the unspecified address for any, and for IPv6
    bool listening = false;  ///< it waited for others; of UDP: it was connected to nobody
};

/// Tells of every TCP and UDP socket of this host that is closed, of whichever namespace, however
/// brief it was: from small eBPF programs at the root of the control groups. They only look, and go
/// with this object. Needs Linux 5.9, version 2 control groups (alone, or beside version 1) and
/// CAP_SYS_ADMIN (or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN).
///
/// It tries itself out on a socket of its own when it is opened, so a kernel whose sockets are laid
/// out otherwise is an Error, not a wrong answer.
class SocketCloses {
public:
    static Result<SocketCloses> open();
    SocketCloses(SocketCloses&&) noexcept;
    SocketCloses& operator=(SocketCloses&&) noexcept;
    ~SocketCloses();

    /// Where the control groups are whose numbers it gives.
    const std::string& groups() const noexcept;
    /// Readable when there is something that cannot wait. Where every record has its group that is
    /// when there is much: read every second at least.
    int poll_fd() const noexcept;
    /// What happened since the last call.
    std::vector<SocketEvent> read();
    /// Of how many it could not tell, since the last call.
    std::uint64_t take_lost();

private:
    class State;
    explicit SocketCloses(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace nspect::capture
