// SPDX-License-Identifier: Apache-2.0
#include "tests/capture/packet_builder.h"

#include <algorithm>
#include <cassert>
#include <string>

#include <arpa/inet.h>

namespace nspect::test {
using capture::LinkType;

void PacketBuilder::byte(unsigned value) {
    bytes_.push_back(static_cast<std::uint8_t>(value));
}

void PacketBuilder::be16(unsigned value) {
    byte(value >> 8U);
    byte(value);
}

void PacketBuilder::be32(std::uint32_t value) {
    be16(value >> 16U);
    be16(value & 0xffffU);
}

void PacketBuilder::put16(std::size_t at, unsigned value) {
    bytes_.at(at) = static_cast<std::uint8_t>(value >> 8U);
    bytes_.at(at + 1) = static_cast<std::uint8_t>(value);
}

void PacketBuilder::put32(std::size_t at, std::uint32_t value) {
    put16(at, value >> 16U);
    put16(at + 2, value & 0xffffU);
}

void PacketBuilder::address(std::string_view text, bool v6) {
    std::uint8_t raw[16] = {};
    [[maybe_unused]] const int ok =
        inet_pton(v6 ? AF_INET6 : AF_INET, std::string(text).c_str(), raw);
    assert(ok == 1);
    bytes_.insert(bytes_.end(), raw, raw + (v6 ? 16 : 4));
}

void PacketBuilder::start_link(LinkType link) {
    if (!link_) link_ = link;
}

// Tells the header before what follows it.
void PacketBuilder::start(unsigned ether_type, unsigned ip_protocol) {
    if (!link_) link_ = LinkType::raw_ip;
    if (next_kind_ == NextKind::ether_type) put16(next_at_, ether_type);
    if (next_kind_ == NextKind::ip_protocol) {
        bytes_.at(next_at_) = static_cast<std::uint8_t>(ip_protocol);
    }
    if (next_kind_ == NextKind::bsd_family) {
        const std::uint32_t family = ether_type == 0x86dd ? null_family_of_ip6_ : 2;
        put32(next_at_, null_big_endian_ ? family : __builtin_bswap32(family));
    }
    next_kind_ = NextKind::none;
}

PacketBuilder& PacketBuilder::eth() {
    start(0x6558, 47);
    link_ = bytes_.empty() ? LinkType::ethernet : link_;
    for (unsigned i = 0; i < 12; ++i) byte(i < 6 ? 0x02 : i);
    next_at_ = bytes_.size();
    next_kind_ = NextKind::ether_type;
    be16(0);
    return *this;
}

PacketBuilder& PacketBuilder::eth_to_all() {
    const std::size_t start = bytes_.size();
    eth();
    std::fill_n(bytes_.begin() + static_cast<std::ptrdiff_t>(start), 6, std::uint8_t{0xff});
    return *this;
}

PacketBuilder& PacketBuilder::eth(std::uint16_t ether_type) {
    eth();
    put16(next_at_, ether_type);
    next_kind_ = NextKind::none;
    return *this;
}

PacketBuilder& PacketBuilder::vlan(std::uint16_t id, std::uint16_t tpid) {
    start(tpid, 0);
    be16(id);
    next_at_ = bytes_.size();
    next_kind_ = NextKind::ether_type;
    be16(0);
    return *this;
}

PacketBuilder& PacketBuilder::sll(std::uint16_t packet_type) {
    start_link(LinkType::linux_sll);
    be16(packet_type);
    be16(1);  // ARPHRD_ETHER
    be16(6);
    for (int i = 0; i < 8; ++i) byte(2);
    next_at_ = bytes_.size();
    next_kind_ = NextKind::ether_type;
    be16(0);
    return *this;
}

PacketBuilder& PacketBuilder::sll2(std::uint32_t interface_index, std::uint8_t packet_type) {
    start_link(LinkType::linux_sll2);
    next_at_ = bytes_.size();
    next_kind_ = NextKind::ether_type;
    be16(0);
    be16(0);
    be32(interface_index);
    be16(1);  // ARPHRD_ETHER
    byte(packet_type);
    byte(6);
    for (int i = 0; i < 8; ++i) byte(2);
    return *this;
}

PacketBuilder& PacketBuilder::bsd_null(bool big_endian, std::uint32_t family_of_ip6) {
    start_link(LinkType::bsd_null);
    null_big_endian_ = big_endian;
    null_family_of_ip6_ = family_of_ip6;
    next_at_ = bytes_.size();
    next_kind_ = NextKind::bsd_family;
    be32(0);
    return *this;
}

PacketBuilder& PacketBuilder::nflog() {
    start_link(LinkType::nflog);
    nflog_at_ = bytes_.size();
    byte(2);  // AF_INET; the payload's own version nibble rules
    byte(0);
    be16(0);
    const std::uint8_t prefix[] = {6, 0, 10, 0, 'x', 0, 0, 0};  // length 6, padded to 8
    bytes_.insert(bytes_.end(), std::begin(prefix), std::end(prefix));
    be16(0);       // length of the payload, in bytes(), little endian
    be16(0x0900);  // NFULA_PAYLOAD, little endian
    next_kind_ = NextKind::none;
    return *this;
}

PacketBuilder& PacketBuilder::arp() {
    start(0x0806, 0);
    be16(1);
    be16(0x0800);
    be16(0x0604);
    be16(1);
    return zeros(20);
}

PacketBuilder& PacketBuilder::ip4(std::string_view src, std::string_view dst) {
    start(0x0800, 4);
    ips_.push_back({bytes_.size(), false, false});
    be16(0x4500);
    be16(0);
    be32(0x00004000);
    byte(64);
    next_at_ = bytes_.size();
    next_kind_ = NextKind::ip_protocol;
    byte(255);
    be16(0);
    address(src, false);
    address(dst, false);
    return *this;
}

PacketBuilder& PacketBuilder::ip4_options(std::size_t words) {
    bytes_.at(ips_.back().at) = static_cast<std::uint8_t>(0x45 + words);
    for (std::size_t i = 0; i < words * 4; ++i) byte(1);
    return *this;
}

PacketBuilder& PacketBuilder::ip6(std::string_view src, std::string_view dst) {
    start(0x86dd, 41);
    ips_.push_back({bytes_.size(), true, false});
    be32(0x60000000);
    be16(0);
    next_at_ = bytes_.size();
    next_kind_ = NextKind::ip_protocol;
    byte(59);
    byte(64);
    address(src, true);
    address(dst, true);
    return *this;
}

PacketBuilder& PacketBuilder::fragment(std::uint32_t id, std::uint16_t offset, bool more) {
    const Ip& ip = ips_.back();
    const unsigned units = offset / 8U;
    if (!ip.v6) {
        put16(ip.at + 4, id);
        put16(ip.at + 6, units | (more ? 0x2000U : 0U));
        return *this;
    }
    start(0, 44);
    next_at_ = bytes_.size();
    next_kind_ = NextKind::ip_protocol;
    be16(59U << 8U);
    be16(units << 3U | (more ? 1U : 0U));
    be32(id);
    return *this;
}

void PacketBuilder::extension(unsigned number, std::size_t bytes_after_first_two,
                              unsigned length_field) {
    start(0, number);
    next_at_ = bytes_.size();
    next_kind_ = NextKind::ip_protocol;
    byte(59);
    byte(length_field);
    for (std::size_t i = 0; i < bytes_after_first_two; ++i) byte(0);
}

PacketBuilder& PacketBuilder::hop_by_hop(std::size_t extra_words) {
    extension(0, 6 + 8 * extra_words, static_cast<unsigned>(extra_words));
    return *this;
}

PacketBuilder& PacketBuilder::jumbo(std::uint32_t length) {
    extension(0, 0, 0);
    be16(0xc204);
    be32(length);
    ips_.back().fixed_length = true;  // the length field stays 0
    return *this;
}

PacketBuilder& PacketBuilder::routing() {
    extension(43, 6, 0);
    return *this;
}

PacketBuilder& PacketBuilder::destination_options() {
    extension(60, 6, 0);
    return *this;
}

PacketBuilder& PacketBuilder::mobility() {
    extension(135, 6, 0);
    return *this;
}

PacketBuilder& PacketBuilder::ah() {
    extension(51, 22, 4);
    return *this;
}

PacketBuilder& PacketBuilder::ip_protocol(std::uint8_t number) {
    start(0, number);
    return *this;
}

PacketBuilder& PacketBuilder::tso() {
    ips_.back().fixed_length = true;
    return *this;
}

PacketBuilder& PacketBuilder::ip_total_length(std::uint16_t length) {
    Ip& ip = ips_.back();
    ip.fixed_length = true;
    put16(ip.at + (ip.v6 ? 4 : 2), length);
    return *this;
}

PacketBuilder& PacketBuilder::tcp(std::uint16_t src, std::uint16_t dst) {
    start(0, 6);
    transport_at_ = bytes_.size();
    be16(src);
    be16(dst);
    be32(0);
    be32(0);
    be16(0x5000);
    be16(0xffff);
    be32(0);
    return *this;
}

PacketBuilder& PacketBuilder::flag(std::uint8_t bits) {
    bytes_.at(transport_at_ + 13) |= bits;
    return *this;
}

PacketBuilder& PacketBuilder::seq(std::uint32_t number) {
    put32(transport_at_ + 4, number);
    return *this;
}

PacketBuilder& PacketBuilder::ack(std::uint32_t number) {
    put32(transport_at_ + 8, number);
    return flag(0x10);
}

PacketBuilder& PacketBuilder::window(std::uint16_t size) {
    put16(transport_at_ + 14, size);
    return *this;
}

PacketBuilder& PacketBuilder::tcp_options(std::size_t words) {
    bytes_.at(transport_at_ + 12) = static_cast<std::uint8_t>((5 + words) << 4U);
    for (std::size_t i = 0; i < words * 4; ++i) byte(1);
    return *this;
}

PacketBuilder& PacketBuilder::tcp_options(std::initializer_list<int> bytes) {
    bytes_.at(transport_at_ + 12) = static_cast<std::uint8_t>((5 + bytes.size() / 4) << 4U);
    return payload(bytes);
}

PacketBuilder& PacketBuilder::udp(std::uint16_t src, std::uint16_t dst) {
    start(0, 17);
    udps_.push_back(bytes_.size());
    be16(src);
    be16(dst);
    be32(0);
    return *this;
}

PacketBuilder& PacketBuilder::sctp(std::uint16_t src, std::uint16_t dst, std::uint32_t tag) {
    start(0, 132);
    be16(src);
    be16(dst);
    be32(tag);
    be32(0);
    return *this;
}

PacketBuilder& PacketBuilder::chunk(std::uint8_t type, std::span<const std::byte> value) {
    byte(type);
    byte(0);
    be16(static_cast<unsigned>(4 + value.size()));
    payload(value);
    return zeros((4 - value.size() % 4) % 4);
}

PacketBuilder& PacketBuilder::sctp_init(std::uint32_t init_tag) {
    be32(0x01000014);
    be32(init_tag);
    return zeros(12);
}

PacketBuilder& PacketBuilder::sctp_init_ack(std::uint32_t init_tag) {
    be32(0x02000014);
    be32(init_tag);
    return zeros(12);
}

PacketBuilder& PacketBuilder::icmp(std::uint8_t type, std::uint8_t code, std::uint32_t rest) {
    start(0, 1);
    byte(type);
    byte(code);
    be16(0);
    be32(rest);
    return *this;
}

PacketBuilder& PacketBuilder::icmp6(std::uint8_t type, std::uint8_t code, std::uint32_t rest) {
    start(0, 58);
    byte(type);
    byte(code);
    be16(0);
    be32(rest);
    return *this;
}

PacketBuilder& PacketBuilder::payload(std::string_view text) {
    return payload(as_bytes(text));
}

PacketBuilder& PacketBuilder::payload(std::span<const std::byte> bytes) {
    for (const auto b : bytes) byte(std::to_integer<unsigned>(b));
    return *this;
}

PacketBuilder& PacketBuilder::payload(std::initializer_list<int> bytes) {
    for (const int b : bytes) byte(static_cast<unsigned>(b));
    return *this;
}

PacketBuilder& PacketBuilder::zeros(std::size_t count) {
    bytes_.insert(bytes_.end(), count, 0);
    return *this;
}

PacketBuilder& PacketBuilder::quote(const PacketBuilder& packet) {
    return payload(packet.bytes());
}

PacketBuilder& PacketBuilder::padding(std::size_t count) {
    padding_ = count;
    return *this;
}

PacketBuilder& PacketBuilder::snap(std::size_t length) {
    snap_ = length;
    return *this;
}

PacketBuilder& PacketBuilder::wire(std::uint32_t length) {
    wire_ = length;
    return *this;
}

void PacketBuilder::finish_lengths(std::vector<std::uint8_t>& out) const {
    const auto put = [&](std::size_t at, std::size_t value) {
        out[at] = static_cast<std::uint8_t>(value >> 8U);
        out[at + 1] = static_cast<std::uint8_t>(value);
    };
    for (const auto& ip : ips_) {
        if (!ip.fixed_length) put(ip.at + (ip.v6 ? 4 : 2), out.size() - ip.at - (ip.v6 ? 40 : 0));
    }
    for (const std::size_t at : udps_) put(at + 4, out.size() - at);
    if (nflog_at_) {
        const std::size_t length = out.size() - *nflog_at_ - 12;
        out[*nflog_at_ + 12] = static_cast<std::uint8_t>(length);
        out[*nflog_at_ + 13] = static_cast<std::uint8_t>(length >> 8U);
    }
}

std::vector<std::byte> PacketBuilder::bytes() const {
    std::vector<std::uint8_t> out = bytes_;
    finish_lengths(out);
    out.insert(out.end(), padding_, 0);
    if (snap_) out.resize(std::min(*snap_, out.size()));
    const auto view = std::as_bytes(std::span(out));
    return {view.begin(), view.end()};
}

std::uint32_t PacketBuilder::wire_length() const {
    return wire_.value_or(static_cast<std::uint32_t>(bytes_.size() + padding_));
}

}  // namespace nspect::test
