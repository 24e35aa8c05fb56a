// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "capture/os/netlink.h"
#include "capture/os/netns.h"
#include "capture/os/poller.h"
#include "capture/targets/link_table.h"
#include "model/result.h"

namespace nspect::capture {

/// Keeps a LinkTable of the network namespaces it is given current. One socket in the host's
/// namespace hears all that the host has a number for; one that it has none for (nothing links it
/// to the host) gets a socket of its own. It holds each namespace open until it is told to forget
/// it.
class LinkFollower {
public:
    struct News {
        bool unknown_netns = false;  ///< something happened in a namespace it was not given
        bool lost = false;           ///< messages were lost; every table was asked for again
        /// Interfaces that went, as they were, in order.
        std::vector<std::pair<std::uint64_t, InterfaceInfo>> gone;
    };

    /// `poller` gets the sockets to wait for and must outlive this.
    static Result<LinkFollower> open(Netns host, std::size_t receive_buffer, Poller& poller);

    /// Error: it is held, but its interfaces may not be seen, or what becomes of them is not heard.
    Status add(Netns netns);
    void forget(std::uint64_t netns);
    const Netns* netns(std::uint64_t inode) const;

    Result<News> read();
    /// Asks the namespaces which others their interfaces' peers live in, and the other ends of
    /// pairs that moved: the kernel tells where an end came and went, not what that means for the
    /// other.
    void resolve_peers();

    const LinkTable& table() const noexcept { return table_; }
    bool hears_other_namespaces() const noexcept { return events_.hears_other_namespaces(); }

private:
    using End = std::pair<std::uint64_t, std::uint32_t>;  // netns, index

    struct Member {
        Netns netns;
        std::optional<NetlinkEvents> own_events;
    };

    LinkFollower(std::uint64_t host, std::size_t receive_buffer, NetlinkSocket socket,
                 NetlinkEvents events, Poller& poller);

    Status add_member(Netns netns);
    Status dump(std::uint64_t inode);
    void dump_all();
    Status listen_inside(Member& member);
    void stop_listening_inside(Member& member);
    void read_members(News& news);
    void apply(std::optional<std::uint64_t> where, const NetlinkEvent& event, News& news);
    void apply_link(std::uint64_t netns, const LinkMessage& link, News& news);
    void apply_nsid(std::uint64_t netns, const NsidMessage& nsid, News& news);
    bool number_known_member(std::int32_t nsid);
    void resolve_all();
    void resolve_peers_of(const Member& member);
    void check_other_end(const End& end);
    bool ask_stale_ends();

    std::uint64_t host_;
    std::size_t receive_buffer_;
    NetlinkSocket socket_;  ///< in the host's namespace
    NetlinkEvents events_;
    Poller* poller_;
    LinkTable table_;
    std::map<std::uint64_t, Member> members_;
    std::vector<std::uint64_t>
        by_age_;  ///< newest last: a new veth's peer is likely in a new namespace
    std::set<std::int32_t> strangers_;  ///< numbers of the host for namespaces nobody could find
    std::set<std::pair<std::uint64_t, std::int32_t>> unresolved_;
    std::set<End> changed_;  ///< since the last resolve_peers()
    std::set<End> stale_;    ///< ends whose other end went, or says otherwise
};

}  // namespace nspect::capture
