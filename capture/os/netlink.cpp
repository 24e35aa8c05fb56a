// SPDX-License-Identifier: Apache-2.0
#include "capture/os/netlink.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace nspect::capture {
namespace {

constexpr int no_answer_after_seconds = 5;
constexpr int dump_attempts = 4;
/// The kernel sends at most 32 KiB at once.
constexpr std::size_t datagram_limit = std::size_t{64} * 1024;

struct FreeMessage {
    void operator()(nl_msg* message) const noexcept { nlmsg_free(message); }
};
using Message = std::unique_ptr<nl_msg, FreeMessage>;

Error nl_error(int code, const char* what) {
    return {Error::Kind::unavailable, std::string(what) + ": " + nl_geterror(code), {}, "netlink"};
}

Result<NetlinkHandle> connect() {
    NetlinkHandle socket(nl_socket_alloc());
    if (!socket) return Error{Error::Kind::unavailable, "out of memory", {}, "netlink"};
    const int code = nl_connect(socket.get(), NETLINK_ROUTE);
    if (code < 0) return nl_error(code, "cannot open a netlink socket");
    return socket;
}

template <class T>
bool set_option(const NetlinkHandle& socket, int level, int option, const T& value) {
    return ::setsockopt(nl_socket_get_fd(socket.get()), level, option, &value, sizeof value) == 0;
}

template <class Header>
Status send(const NetlinkHandle& socket, int type, int flags, const Header& header,
            const std::function<int(nl_msg*)>& add_attributes = {}) {
    const Message message(nlmsg_alloc_simple(type, flags));
    if (!message) return Error{Error::Kind::unavailable, "out of memory", {}, "netlink"};
    // libnl copies the header and does not write to it.
    int code =
        nlmsg_append(message.get(), const_cast<Header*>(&header), sizeof header, NLMSG_ALIGNTO);
    if (code >= 0 && add_attributes) code = add_attributes(message.get());
    if (code >= 0) code = nl_send_auto(socket.get(), message.get());
    if (code < 0) return nl_error(code, "cannot send a request");
    return done;
}

/// One datagram and what came with it.
struct Datagram {
    alignas(nlmsghdr) std::array<std::byte, datagram_limit> bytes;
    std::size_t size = 0;
    std::optional<std::int32_t> nsid;
    bool cut = false;

    std::span<const std::byte> span() const { return {bytes.data(), size}; }
};

std::optional<std::int32_t> nsid_in(msghdr& header) {
    for (auto* extra = CMSG_FIRSTHDR(&header); extra != nullptr;
         extra = CMSG_NXTHDR(&header, extra)) {
        if (extra->cmsg_level != SOL_NETLINK || extra->cmsg_type != NETLINK_LISTEN_ALL_NSID)
            continue;
        std::int32_t nsid = 0;
        std::memcpy(&nsid, CMSG_DATA(extra), sizeof nsid);
        return nsid;
    }
    return std::nullopt;
}

/// recvmsg and not nl_recvmsgs, which does not hand out the control message that says which
/// namespace a notification is about. 0, or an errno value.
int receive(const NetlinkHandle& socket, Datagram& datagram, int flags) {
    alignas(cmsghdr) std::array<std::byte, 256> control;
    iovec piece{datagram.bytes.data(), datagram.bytes.size()};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    ssize_t got = 0;
    do {
        got = ::recvmsg(nl_socket_get_fd(socket.get()), &header, flags);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return errno;
    datagram.size = static_cast<std::size_t>(got);
    datagram.cut = (header.msg_flags & MSG_TRUNC) != 0;
    datagram.nsid = nsid_in(header);
    return 0;
}

ifinfomsg every_link() {
    ifinfomsg header{};
    header.ifi_family = AF_UNSPEC;
    return header;
}

int ask_for_kind(nl_msg* message, const std::string& kind) {
    auto* info = nla_nest_start(message, IFLA_LINKINFO);
    if (info == nullptr) return -NLE_NOMEM;
    const int code = nla_put_string(message, IFLA_INFO_KIND, kind.c_str());
    nla_nest_end(message, info);
    return code;
}

/// On a thread of its own, in a namespace that ends with it.
Result<bool> try_kind(const std::string& kind) {
    if (::unshare(CLONE_NEWNET) != 0) {
        return error_from_errno(errno, "cannot make a network namespace to try link kinds in");
    }
    auto socket = connect();
    if (!socket) return std::move(socket).error();
    auto sent = send(*socket, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, every_link(),
                     [&](nl_msg* message) { return ask_for_kind(message, kind); });
    if (!sent) return std::move(sent).error();
    const auto datagram = std::make_unique<Datagram>();
    if (const int problem = receive(*socket, *datagram, 0); problem != 0) {
        return error_from_errno(problem, "netlink gave no answer");
    }
    for (const auto& message : parse_netlink(datagram->span())) {
        const auto* end = std::get_if<AnswerEnd>(&message);
        if (end != nullptr) return end->error != EOPNOTSUPP;
    }
    return Error{Error::Kind::io, "gave an answer without an end", {}, "netlink"};
}

}  // namespace

void NetlinkClose::operator()(nl_sock* socket) const noexcept {
    nl_socket_free(socket);
}

Result<NetlinkSocket> NetlinkSocket::open_here() {
    auto socket = connect();
    if (!socket) return std::move(socket).error();
    set_option(*socket, SOL_SOCKET, SO_RCVTIMEO, timeval{no_answer_after_seconds, 0});
    return NetlinkSocket(std::move(*socket));
}

Result<NetlinkSocket> NetlinkSocket::open_in(const Netns& netns) {
    return run_in(netns, open_here);
}

Result<std::vector<NetlinkMessage>> NetlinkSocket::answer() {
    std::vector<NetlinkMessage> messages;
    const auto datagram = std::make_unique<Datagram>();
    bool interrupted = false;
    for (;;) {
        const int problem = receive(socket_, *datagram, 0);
        if (problem != 0) return error_from_errno(problem, "netlink gave no answer");
        interrupted = interrupted || datagram->cut || dump_was_interrupted(datagram->span());
        for (auto& message : parse_netlink(datagram->span())) {
            const auto* end = std::get_if<AnswerEnd>(&message);
            if (end == nullptr) {
                messages.push_back(std::move(message));
            } else if (end->error != 0) {
                return error_from_errno(end->error, "netlink refused the request");
            } else {
                if (interrupted) messages.emplace_back(AnswerEnd{EAGAIN});
                return messages;
            }
        }
    }
}

Result<std::vector<NetlinkMessage>> NetlinkSocket::dump(int type) {
    for (int attempt = 1;; ++attempt) {
        auto sent = type == RTM_GETLINK ? send(socket_, type, NLM_F_DUMP, every_link())
                                        : send(socket_, type, NLM_F_DUMP, ifaddrmsg{});
        if (!sent) return std::move(sent).error();
        auto messages = answer();
        if (!messages) return messages;
        const bool interrupted =
            !messages->empty() && std::holds_alternative<AnswerEnd>(messages->back());
        // What an interrupted dump missed still comes as a notification to those who subscribed.
        if (!interrupted || attempt == dump_attempts) return messages;
    }
}

Result<std::vector<LinkMessage>> NetlinkSocket::links() {
    auto messages = dump(RTM_GETLINK);
    if (!messages) return std::move(messages).error();
    std::vector<LinkMessage> links;
    for (auto& message : *messages) {
        if (auto* link = std::get_if<LinkMessage>(&message)) links.push_back(std::move(*link));
    }
    return links;
}

Result<LinkMessage> NetlinkSocket::link(std::uint32_t index) {
    auto wanted = every_link();
    wanted.ifi_index = static_cast<int>(index);
    auto sent = send(socket_, RTM_GETLINK, 0, wanted);
    if (!sent) return std::move(sent).error();
    auto messages = answer();
    if (!messages) return std::move(messages).error();
    for (auto& message : *messages) {
        if (auto* link = std::get_if<LinkMessage>(&message)) return std::move(*link);
    }
    return Error{Error::Kind::not_found, "told of no such interface", {}, "netlink"};
}

Result<std::vector<AddressMessage>> NetlinkSocket::addresses() {
    auto messages = dump(RTM_GETADDR);
    if (!messages) return std::move(messages).error();
    std::vector<AddressMessage> addresses;
    for (const auto& message : *messages) {
        if (const auto* address = std::get_if<AddressMessage>(&message))
            addresses.push_back(*address);
    }
    return addresses;
}

Result<std::optional<std::int32_t>> NetlinkSocket::nsid_of(const Netns& other) {
    auto sent = send(socket_, RTM_GETNSID, 0, rtgenmsg{AF_UNSPEC}, [&](nl_msg* message) {
        return nla_put_u32(message, NETNSA_FD, static_cast<std::uint32_t>(other.fd()));
    });
    if (!sent) return std::move(sent).error();
    auto messages = answer();
    if (!messages) return std::move(messages).error();
    std::optional<std::int32_t> nsid;
    for (const auto& message : *messages) {
        const auto* known = std::get_if<NsidMessage>(&message);
        if (known != nullptr && known->nsid >= 0) nsid = known->nsid;
    }
    return nsid;
}

Result<bool> kernel_knows_kind(const std::string& kind) {
    Result<bool> knows = false;
    try {
        std::thread([&] { knows = try_kind(kind); }).join();
    } catch (const std::system_error& problem) {
        return Error{Error::Kind::unavailable, problem.what(), {}, {}};
    }
    return knows;
}

Result<NetlinkEvents> NetlinkEvents::open_here(std::size_t receive_buffer) {
    auto socket = connect();
    if (!socket) return std::move(socket).error();
    const int size = static_cast<int>(receive_buffer);
    if (!set_option(*socket, SOL_SOCKET, SO_RCVBUFFORCE, size)) {
        set_option(*socket, SOL_SOCKET, SO_RCVBUF, size);
    }
    const bool all = set_option(*socket, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, int{1});
    const int code = nl_socket_add_memberships(socket->get(), RTNLGRP_LINK, RTNLGRP_NSID,
                                               RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, 0);
    if (code < 0) return nl_error(code, "cannot subscribe to link notifications");
    return NetlinkEvents(std::move(*socket), all);
}

Result<NetlinkEvents> NetlinkEvents::open_in(const Netns& netns, std::size_t receive_buffer) {
    return run_in(netns, [&] { return open_here(receive_buffer); });
}

int NetlinkEvents::poll_fd() const {
    return nl_socket_get_fd(socket_.get());
}

Result<NetlinkBatch> NetlinkEvents::read() {
    NetlinkBatch batch;
    const auto datagram = std::make_unique<Datagram>();
    for (;;) {
        const int problem = receive(socket_, *datagram, MSG_DONTWAIT);
        if (problem == EAGAIN) return batch;
        if (problem == ENOBUFS) {
            batch.lost = true;
            continue;
        }
        if (problem != 0) return error_from_errno(problem, "cannot read link notifications");
        batch.lost = batch.lost || datagram->cut;
        for (auto& message : parse_netlink(datagram->span())) {
            batch.events.push_back({datagram->nsid, std::move(message)});
        }
    }
}

}  // namespace nspect::capture
