// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "capture/os/netlink_message.h"
#include "model/attachment.h"
#include "model/recording.h"

namespace nspect::capture {

/// The interfaces of every known network namespace, kept current by netlink messages, and who is
/// whose peer. An ifindex means something only together with its namespace: the host ends of two
/// containers may both be "@if2". So peers are joined by (namespace, index), where the namespace
/// comes from the number (nsid) by which the interface's own namespace knows it.
class LinkTable {
public:
    /// Also for one that is already known, which is then replaced: its answer to a dump.
    void replace(std::uint64_t netns, const std::vector<LinkMessage>& links,
                 const std::vector<AddressMessage>& addresses);
    void apply(std::uint64_t netns, const LinkMessage& link);
    void apply(std::uint64_t netns, const AddressMessage& address);
    /// Forgets its interfaces, and every number that meant it.
    void forget(std::uint64_t netns);

    /// In `netns` the number `nsid` means `meant`.
    void learn_nsid(std::uint64_t netns, std::int32_t nsid, std::uint64_t meant);
    void forget_nsid(std::uint64_t netns, std::int32_t nsid);
    std::optional<std::uint64_t> meaning(std::uint64_t netns, std::int32_t nsid) const;
    /// Numbers that peers, or devices below, of `netns` are said to live in and that nobody has
    /// told the meaning of.
    std::set<std::int32_t> unknown_nsids(std::uint64_t netns) const;

    /// By index, peers resolved as far as both ends are known.
    std::vector<InterfaceInfo> interfaces(std::uint64_t netns) const;
    std::optional<InterfaceInfo> interface(std::uint64_t netns, std::uint32_t index) const;
    /// Of those that have any, by index.
    std::vector<Attachment> attachments(std::uint64_t netns) const;

private:
    struct Link {
        LinkMessage message;
        std::map<IpAddress, unsigned> addresses;  ///< with their prefix lengths
    };
    using Links = std::map<std::uint32_t, Link>;

    const Link* find(std::uint64_t netns, std::uint32_t index) const;
    std::uint64_t netns_of_link(std::uint64_t netns, const Link& link) const;
    InterfaceInfo describe(std::uint64_t netns, const Link& link) const;

    std::map<std::uint64_t, Links> links_;
    std::map<std::uint64_t, std::map<std::int32_t, std::uint64_t>> nsids_;
};

}  // namespace nspect::capture
