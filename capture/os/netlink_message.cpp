// SPDX-License-Identifier: Apache-2.0
#include "capture/os/netlink_message.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

namespace nspect::capture {
namespace {

std::span<const std::byte> payload(const nlattr* attribute) {
    return {static_cast<const std::byte*>(nla_data(attribute)),
            static_cast<std::size_t>(nla_len(attribute))};
}

std::string text(const nlattr* attribute) {
    if (attribute == nullptr) return {};
    const auto bytes = payload(attribute);
    const auto* start = static_cast<const char*>(nla_data(attribute));
    return {start, ::strnlen(start, bytes.size())};
}

template <class T>
std::optional<T> number(const nlattr* attribute) {
    if (attribute == nullptr || payload(attribute).size() < sizeof(T)) return std::nullopt;
    T value{};
    std::memcpy(&value, nla_data(attribute), sizeof value);
    return value;
}

std::string mac(const nlattr* attribute) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    if (attribute == nullptr || nla_len(attribute) != 6) return out;
    for (const auto byte : payload(attribute)) {
        const auto value = std::to_integer<unsigned>(byte);
        if (!out.empty()) out += ':';
        out += digits[value >> 4U];
        out += digits[value & 15U];
    }
    return out;
}

/// What a VXLAN stands on is told among its own options; its IFLA_LINK, there once it has moved to
/// another namespace, is its own index.
std::uint32_t vxlan_lower(nlattr* data) {
    std::array<nlattr*, IFLA_VXLAN_MAX + 1> fields{};
    if (data == nullptr || nla_parse_nested(fields.data(), IFLA_VXLAN_MAX, data, nullptr) < 0)
        return 0;
    return number<std::uint32_t>(fields[IFLA_VXLAN_LINK]).value_or(0);
}

void read_kind(nlattr* info, const ifinfomsg& header, LinkMessage& link) {
    std::array<nlattr*, IFLA_INFO_MAX + 1> fields{};
    if (info != nullptr && nla_parse_nested(fields.data(), IFLA_INFO_MAX, info, nullptr) >= 0)
        link.kind = text(fields[IFLA_INFO_KIND]);
    if (link.kind == "vxlan") link.link_index = vxlan_lower(fields[IFLA_INFO_DATA]);
    if (link.kind.empty())
        link.kind = (header.ifi_flags & IFF_LOOPBACK) != 0 ? "loopback" : "physical";
}

template <class Header>
const Header* header_of(const nlmsghdr* message) {
    if (nlmsg_datalen(message) < static_cast<int>(sizeof(Header))) return nullptr;
    return static_cast<const Header*>(nlmsg_data(message));
}

std::optional<NetlinkMessage> parse_link(nlmsghdr* message) {
    const auto* header = header_of<ifinfomsg>(message);
    std::array<nlattr*, IFLA_MAX + 1> fields{};
    if (header == nullptr || header->ifi_family != AF_UNSPEC ||
        nlmsg_parse(message, sizeof *header, fields.data(), IFLA_MAX, nullptr) < 0) {
        return std::nullopt;  // AF_BRIDGE: a port of a bridge, not an interface of its own
    }
    LinkMessage link;
    link.gone = message->nlmsg_type == RTM_DELLINK;
    link.index = static_cast<std::uint32_t>(header->ifi_index);
    link.name = text(fields[IFLA_IFNAME]);
    link.mac = header->ifi_type == ARPHRD_ETHER ? mac(fields[IFLA_ADDRESS]) : std::string{};
    link.up = (header->ifi_flags & IFF_UP) != 0;
    link.link_index = number<std::uint32_t>(fields[IFLA_LINK]).value_or(0);
    link.link_nsid = number<std::int32_t>(fields[IFLA_LINK_NETNSID]);
    read_kind(fields[IFLA_LINKINFO], *header, link);
    link.master_index = number<std::uint32_t>(fields[IFLA_MASTER]).value_or(0);
    return link;
}

std::optional<NetlinkMessage> parse_address(nlmsghdr* message) {
    const auto* header = header_of<ifaddrmsg>(message);
    std::array<nlattr*, IFA_MAX + 1> fields{};
    if (header == nullptr ||
        nlmsg_parse(message, sizeof *header, fields.data(), IFA_MAX, nullptr) < 0) {
        return std::nullopt;
    }
    // On a point-to-point link IFA_ADDRESS is the other end's.
    const auto* own = fields[IFA_LOCAL] != nullptr ? fields[IFA_LOCAL] : fields[IFA_ADDRESS];
    if (own == nullptr) return std::nullopt;
    const auto address = IpAddress::from_bytes(payload(own));
    if (!address) return std::nullopt;
    return AddressMessage{message->nlmsg_type == RTM_DELADDR, header->ifa_index, *address,
                          header->ifa_prefixlen};
}

std::optional<NetlinkMessage> parse_nsid(nlmsghdr* message) {
    std::array<nlattr*, NETNSA_MAX + 1> fields{};
    if (header_of<rtgenmsg>(message) == nullptr ||
        nlmsg_parse(message, sizeof(rtgenmsg), fields.data(), NETNSA_MAX, nullptr) < 0) {
        return std::nullopt;
    }
    const auto nsid = number<std::int32_t>(fields[NETNSA_NSID]);
    if (!nsid) return std::nullopt;
    return NsidMessage{message->nlmsg_type == RTM_DELNSID, *nsid};
}

std::optional<NetlinkMessage> parse_end(nlmsghdr* message) {
    const auto* code = header_of<int>(message);
    if (code == nullptr) return AnswerEnd{message->nlmsg_type == NLMSG_ERROR ? EBADMSG : 0};
    return AnswerEnd{-*code};
}

std::optional<NetlinkMessage> parse_one(nlmsghdr* message) {
    switch (message->nlmsg_type) {
        case RTM_NEWLINK:
        case RTM_DELLINK:
            return parse_link(message);
        case RTM_NEWADDR:
        case RTM_DELADDR:
            return parse_address(message);
        case RTM_NEWNSID:
        case RTM_DELNSID:
            return parse_nsid(message);
        case NLMSG_DONE:
        case NLMSG_ERROR:
            return parse_end(message);
        default:
            return std::nullopt;
    }
}

template <class F>
void for_each_message(std::span<const std::byte> datagram, F&& each) {
    auto remaining = static_cast<int>(datagram.size());
    // libnl's parser is not const-correct; it does not write.
    auto* message = reinterpret_cast<nlmsghdr*>(const_cast<std::byte*>(datagram.data()));
    while (nlmsg_ok(message, remaining) != 0) {
        each(message);
        message = nlmsg_next(message, &remaining);
    }
}

}  // namespace

std::vector<NetlinkMessage> parse_netlink(std::span<const std::byte> datagram) {
    std::vector<NetlinkMessage> messages;
    for_each_message(datagram, [&](nlmsghdr* message) {
        if (auto parsed = parse_one(message)) messages.push_back(std::move(*parsed));
    });
    return messages;
}

bool dump_was_interrupted(std::span<const std::byte> datagram) {
    bool interrupted = false;
    for_each_message(datagram, [&](const nlmsghdr* message) {
        interrupted = interrupted || (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    });
    return interrupted;
}

}  // namespace nspect::capture
