// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "capture/os/netlink_message.h"
#include "capture/os/netns.h"
#include "model/result.h"

struct nl_sock;

namespace nspect::capture {

struct NetlinkClose {
    void operator()(nl_sock* socket) const noexcept;
};
using NetlinkHandle = std::unique_ptr<nl_sock, NetlinkClose>;

/// Asks the kernel about the network namespace it was opened in; may be used from any thread
/// afterwards, by one at a time.
class NetlinkSocket {
public:
    static Result<NetlinkSocket> open_in(const Netns& netns);
    /// In the namespace of the calling thread: needs no privilege.
    static Result<NetlinkSocket> open_here();

    Result<std::vector<LinkMessage>> links();
    /// One of them.
    Result<LinkMessage> link(std::uint32_t index);
    Result<std::vector<AddressMessage>> addresses();
    /// The number by which this socket's namespace knows `other`; nothing when it has none for it.
    Result<std::optional<std::int32_t>> nsid_of(const Netns& other);

private:
    explicit NetlinkSocket(NetlinkHandle socket) : socket_(std::move(socket)) {}
    Result<std::vector<NetlinkMessage>> dump(int type);
    Result<std::vector<NetlinkMessage>> answer();

    NetlinkHandle socket_;
};

/// Whether the kernel can make interfaces of this kind ("veth"): tries it in a namespace that lives
/// only as long as the call. Needs CAP_SYS_ADMIN and CAP_NET_ADMIN; may make the kernel load a
/// module.
Result<bool> kernel_knows_kind(const std::string& kind);

/// One notification. `nsid` says where it happened: absent means the socket's own namespace.
struct NetlinkEvent {
    std::optional<std::int32_t> nsid;
    NetlinkMessage message;
};

struct NetlinkBatch {
    std::vector<NetlinkEvent> events;
    bool lost =
        false;  ///< the receive buffer overflowed or a datagram was cut: ask for everything again
};

/// Notifications about links, addresses and namespace ids, of one namespace and of all that it has
/// a number for. A namespace without a number there is silent.
class NetlinkEvents {
public:
    /// `receive_buffer` in bytes. Without CAP_NET_BROADCAST only the own namespace is heard.
    static Result<NetlinkEvents> open_in(const Netns& netns, std::size_t receive_buffer);
    static Result<NetlinkEvents> open_here(std::size_t receive_buffer);

    int poll_fd() const;
    bool hears_other_namespaces() const noexcept { return all_; }
    /// What is waiting, without blocking.
    Result<NetlinkBatch> read();

private:
    NetlinkEvents(NetlinkHandle socket, bool all) : socket_(std::move(socket)), all_(all) {}

    NetlinkHandle socket_;
    bool all_ = false;
};

}  // namespace nspect::capture
