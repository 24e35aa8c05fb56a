// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/link_follower.h"

#include <algorithm>
#include <variant>

namespace nspect::capture {

LinkFollower::LinkFollower(std::uint64_t host, std::size_t receive_buffer, NetlinkSocket socket,
                           NetlinkEvents events, Poller& poller)
    : host_(host),
      receive_buffer_(receive_buffer),
      socket_(std::move(socket)),
      events_(std::move(events)),
      poller_(&poller) {}

Result<LinkFollower> LinkFollower::open(Netns host, std::size_t receive_buffer, Poller& poller) {
    const auto here = Netns::of_this_thread();
    const bool inside = here && here->inode() == host.inode();  // then no privilege is needed
    // Subscribed before the first dump, so that nothing falls between the two.
    auto events = inside ? NetlinkEvents::open_here(receive_buffer)
                         : NetlinkEvents::open_in(host, receive_buffer);
    if (!events) return std::move(events).error();
    auto socket = inside ? NetlinkSocket::open_here() : NetlinkSocket::open_in(host);
    if (!socket) return std::move(socket).error();
    if (auto polled = poller.add(events->poll_fd()); !polled) return std::move(polled).error();
    LinkFollower follower(host.inode(), receive_buffer, std::move(*socket), std::move(*events),
                          poller);
    if (auto added = follower.add_member(std::move(host)); !added) return std::move(added).error();
    return follower;
}

Status LinkFollower::add(Netns netns) {
    if (members_.contains(netns.inode())) return done;
    return add_member(std::move(netns));
}

Status LinkFollower::add_member(Netns netns) {
    const auto inode = netns.inode();
    auto& member = members_.emplace(inode, Member{std::move(netns), std::nullopt}).first->second;
    by_age_.push_back(inode);
    unresolved_.clear();
    if (inode != host_) {
        const auto nsid = socket_.nsid_of(member.netns);
        if (nsid && *nsid) {
            table_.learn_nsid(host_, **nsid, inode);
            strangers_.erase(**nsid);
        }
        const bool unheard = !nsid || !*nsid || !hears_other_namespaces();
        const Status heard = unheard ? listen_inside(member) : done;
        if (auto dumped = dump(inode); !dumped) return dumped;
        return heard;
    }
    return dump(inode);
}

Status LinkFollower::listen_inside(Member& member) {
    auto events = NetlinkEvents::open_in(member.netns, receive_buffer_);
    if (!events) return std::move(events).error();
    if (is_reserved(events->poll_fd()))
        return no_descriptor_left("netns " + std::to_string(member.netns.inode()));
    if (auto polled = poller_->add(events->poll_fd()); !polled) return polled;
    member.own_events = std::move(*events);
    return done;
}

void LinkFollower::stop_listening_inside(Member& member) {
    if (!member.own_events) return;
    poller_->remove(member.own_events->poll_fd());
    member.own_events.reset();
}

void LinkFollower::forget(std::uint64_t netns) {
    const auto member = members_.find(netns);
    if (member == members_.end()) return;
    stop_listening_inside(member->second);
    members_.erase(member);
    std::erase(by_age_, netns);
    table_.forget(netns);
}

const Netns* LinkFollower::netns(std::uint64_t inode) const {
    const auto member = members_.find(inode);
    return member != members_.end() ? &member->second.netns : nullptr;
}

Status LinkFollower::dump(std::uint64_t inode) {
    auto read_all = [&](NetlinkSocket& socket) -> Status {
        auto links = socket.links();
        if (!links) return std::move(links).error();
        auto addresses = socket.addresses();
        if (!addresses) return std::move(addresses).error();
        table_.replace(inode, *links, *addresses);
        for (const auto& link : *links) changed_.emplace(inode, link.index);
        return done;
    };
    if (inode == host_) return read_all(socket_);
    auto inside = NetlinkSocket::open_in(members_.at(inode).netns);
    if (!inside) return std::move(inside).error();
    return read_all(*inside);
}

void LinkFollower::dump_all() {
    for (const auto& [inode, member] : members_) {
        // One that cannot be asked keeps what was known of it.
        [[maybe_unused]] const auto dumped = dump(inode);
    }
}

Result<LinkFollower::News> LinkFollower::read() {
    News news;
    auto batch = events_.read();
    if (!batch) return std::move(batch).error();
    news.lost = batch->lost;
    for (const auto& event : batch->events) {
        auto where = event.nsid ? table_.meaning(host_, *event.nsid) : std::optional(host_);
        apply(where, event, news);
    }
    read_members(news);
    if (news.lost) {
        strangers_.clear();
        dump_all();
    }
    return news;
}

void LinkFollower::read_members(News& news) {
    for (auto& [inode, member] : members_) {
        if (!member.own_events) continue;
        auto batch = member.own_events->read();
        if (!batch) continue;
        news.lost = news.lost || batch->lost;
        for (const auto& event : batch->events) {
            // Heard from where this one's namespace has links to: known otherwise, or by a rescan.
            if (!event.nsid) apply(inode, event, news);
        }
    }
}

void LinkFollower::apply(std::optional<std::uint64_t> where, const NetlinkEvent& event,
                         News& news) {
    if (!where || !members_.contains(*where)) {
        const bool asked_before = event.nsid && strangers_.contains(*event.nsid);
        news.unknown_netns = news.unknown_netns || !asked_before;
        if (event.nsid) strangers_.insert(*event.nsid);
        return;
    }
    if (const auto* link = std::get_if<LinkMessage>(&event.message)) {
        apply_link(*where, *link, news);
    } else if (const auto* address = std::get_if<AddressMessage>(&event.message)) {
        table_.apply(*where, *address);
    } else if (const auto* nsid = std::get_if<NsidMessage>(&event.message)) {
        apply_nsid(*where, *nsid, news);
    }
}

void LinkFollower::apply_link(std::uint64_t netns, const LinkMessage& link, News& news) {
    if (link.gone) {
        if (auto info = table_.interface(netns, link.index)) {
            if (info->peer_index != 0) stale_.emplace(info->peer_netns, info->peer_index);
            news.gone.emplace_back(netns, *info);
        }
    } else {
        changed_.emplace(netns, link.index);
    }
    table_.apply(netns, link);
}

void LinkFollower::apply_nsid(std::uint64_t netns, const NsidMessage& nsid, News& news) {
    unresolved_.erase({netns, nsid.nsid});
    if (nsid.gone) {
        table_.forget_nsid(netns, nsid.nsid);
        if (netns == host_) strangers_.erase(nsid.nsid);
    } else if (netns == host_ && !number_known_member(nsid.nsid)) {
        news.unknown_netns = true;
    }
}

/// The host got a number for a namespace. Where that was known and silent, the host hears it now.
bool LinkFollower::number_known_member(std::int32_t nsid) {
    if (table_.meaning(host_, nsid)) return true;
    for (auto inode = by_age_.rbegin(); inode != by_age_.rend(); ++inode) {
        auto& member = members_.at(*inode);
        const auto number = socket_.nsid_of(member.netns);
        if (!number || *number != nsid) continue;
        table_.learn_nsid(host_, nsid, *inode);
        if (!hears_other_namespaces()) return true;
        stop_listening_inside(member);
        [[maybe_unused]] const auto dumped = dump(*inode);  // what its own socket had not delivered
        return true;
    }
    return false;
}

void LinkFollower::resolve_peers() {
    resolve_all();
    for (const auto& end : std::exchange(changed_, {})) check_other_end(end);
    if (ask_stale_ends()) resolve_all();
}

void LinkFollower::resolve_all() {
    for (const auto& [inode, member] : members_) resolve_peers_of(member);
}

/// The other end of a pair should lead back here.
void LinkFollower::check_other_end(const End& end) {
    const auto info = table_.interface(end.first, end.second);
    if (!info || info->peer_index == 0) return;
    const End other{info->peer_netns, info->peer_index};
    const auto back = table_.interface(other.first, other.second);
    if (back && End{back->peer_netns, back->peer_index} != end) stale_.insert(other);
}

/// Whether there were any. One that is gone itself is told of in its own time.
bool LinkFollower::ask_stale_ends() {
    bool asked = false;
    for (const auto& [inode, index] : std::exchange(stale_, {})) {
        const auto member = members_.find(inode);
        if (member == members_.end() || !table_.interface(inode, index)) continue;
        asked = true;
        if (inode == host_) {
            if (const auto link = socket_.link(index)) table_.apply(inode, *link);
            continue;
        }
        auto inside = NetlinkSocket::open_in(member->second.netns);
        if (!inside) continue;
        if (const auto link = inside->link(index)) table_.apply(inode, *link);
    }
    return asked;
}

void LinkFollower::resolve_peers_of(const Member& member) {
    const auto inode = member.netns.inode();
    auto wanted = table_.unknown_nsids(inode);
    std::erase_if(wanted, [&](std::int32_t nsid) { return unresolved_.contains({inode, nsid}); });
    if (wanted.empty()) return;
    std::uint64_t found = host_;
    std::optional<Result<NetlinkSocket>> inside;
    if (inode != host_) inside.emplace(NetlinkSocket::open_in(member.netns));
    auto ask = [&](std::uint64_t other) {
        if (inside && !*inside) return;
        auto& socket = inside ? **inside : socket_;
        const auto nsid = socket.nsid_of(members_.at(other).netns);
        if (!nsid || !*nsid) return;
        table_.learn_nsid(inode, **nsid, other);
        if (wanted.erase(**nsid) != 0) found = other;
    };
    if (inode != host_) ask(host_);
    for (auto other = by_age_.rbegin(); other != by_age_.rend() && !wanted.empty(); ++other) {
        if (*other != inode && *other != host_) ask(*other);
    }
    // What one is plugged into others are too: it is asked first the next time.
    if (const auto at = std::find(by_age_.begin(), by_age_.end(), found); found != host_)
        std::rotate(at, at + 1, by_age_.end());
    for (const auto nsid : wanted) unresolved_.insert({inode, nsid});
}

}  // namespace nspect::capture
