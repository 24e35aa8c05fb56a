// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "capture/os/netns.h"
#include "capture/os/procfs.h"
#include "capture/targets/container_state.h"
#include "capture/targets/limitations.h"
#include "capture/targets/socket_owners.h"
#include "model/attachment.h"
#include "model/recording.h"
#include "model/result.h"

namespace nspect::capture {

struct WatcherOptions {
    Procfs procfs;
    StateRoots roots;
    /// The host's network namespace; empty: that of process 1, or our own where that may not be
    /// seen.
    std::string host_netns;
    /// Where bind mounts of namespaces appear; the folders of those found are added.
    std::vector<std::string> netns_folders{"/run/netns", "/run/docker/netns"};
    std::size_t receive_buffer =
        std::size_t{4} * 1024 * 1024;  ///< bytes, for netlink notifications
    bool once = false;  ///< only what is there now matters: that changes are not heard is no lack
};

/// Something that changed. The interfaces a target came or went with have no events of their own.
struct TargetEvent {
    enum class Kind : std::uint8_t {
        target_appeared,
        target_changed,  ///< who it is: its container became known, say
        target_gone,
        interface_appeared,
        interface_changed,  ///< name, addresses, state, or what is known of its peer
        interface_gone,
    };
    Kind kind = Kind::target_appeared;
    TargetInfo target;        ///< as it is now; as it was last when it went
    InterfaceInfo interface;  ///< of interface events

    bool operator==(const TargetEvent&) const = default;
};

/// Every network namespace of the host with its interfaces and its container, kept current by the
/// kernel's notifications (netlink, inotify, pidfd). /proc is read once at the start and when one
/// of them says that a namespace may have come or gone; after that a few times more, ever more
/// slowly for some seconds, since runtimes mount a namespace after making its file and start
/// processes after that.
///
/// A target's `from` and `to` are left to the caller, who has the clock. Not thread-safe.
class TargetWatcher {
public:
    static Result<TargetWatcher> open(WatcherOptions options);
    TargetWatcher(TargetWatcher&&) noexcept;
    TargetWatcher& operator=(TargetWatcher&&) noexcept;
    ~TargetWatcher();

    /// Readable when read() has something to do.
    int poll_fd() const noexcept;
    /// What changed since the last call, without blocking; targets() is current afterwards.
    Result<std::vector<TargetEvent>> read();
    /// The host first, then by id.
    const std::vector<TargetInfo>& targets() const noexcept;
    /// Of every target's interfaces, as of the last read().
    std::vector<Attachment> attachments() const;

    /// The sockets of the containers that share each of these namespaces, by namespace. Looks for
    /// new processes first: what that brings to light is told by the next read().
    std::map<std::uint64_t, std::vector<ContainerSockets>> sockets(
        const std::vector<std::uint64_t>& namespaces);

    /// To open sockets in. Let it go before long: held, it outlives its container.
    Result<Netns> open_netns(std::uint64_t inode) const;

    /// How often notifications were lost; all was asked for again each time.
    std::uint64_t losses() const noexcept;
    /// What could not be seen and why: namespaces that may not be entered or were gone too soon,
    /// processes that may not be looked into, notifications not to be had, an engine that talks
    /// nonsense. What has no room (descriptors, memory) is tried again.
    const Limitations& limitations() const noexcept;
    /// Of these what is new since the last call.
    std::vector<Limitation> take_limitations();

private:
    class State;
    explicit TargetWatcher(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// The targets of this moment, with the listening sockets of containers that share a namespace.
struct Survey {
    std::vector<TargetInfo> targets;
    std::vector<Attachment> attachments;
    std::vector<Limitation> limitations;  ///< as TargetWatcher::limitations()
};
Result<Survey> survey(WatcherOptions options);
/// Only the targets of it.
Result<std::vector<TargetInfo>> find_targets(WatcherOptions options);

}  // namespace nspect::capture
