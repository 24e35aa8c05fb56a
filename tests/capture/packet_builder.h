// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "capture/decode/link_type.h"

namespace nspect::test {

/// Writes a packet layer by layer, outermost first:
///   packet().eth().ip4("10.0.0.1", "10.0.0.2").tcp(40000,
///   443).syn().seq(1).payload("hello").bytes()
/// Lengths and "next protocol" fields are filled in when bytes() is asked; checksums stay 0, as
/// offload leaves them. A packet that starts with ip4() or ip6() is raw IP.
class PacketBuilder {
public:
    // Link layers. The first one called decides link().
    PacketBuilder& eth();
    PacketBuilder& eth_to_all();                   ///< to ff:ff:ff:ff:ff:ff
    PacketBuilder& eth(std::uint16_t ether_type);  ///< ether type kept, whatever follows
    PacketBuilder& vlan(std::uint16_t id, std::uint16_t tpid = 0x8100);
    PacketBuilder& sll(std::uint16_t packet_type = 0);
    PacketBuilder& sll2(std::uint32_t interface_index, std::uint8_t packet_type = 0);
    PacketBuilder& bsd_null(bool big_endian = false, std::uint32_t family_of_ip6 = 30);
    PacketBuilder& nflog();
    PacketBuilder& arp();

    // Network layers; addresses as text.
    PacketBuilder& ip4(std::string_view src, std::string_view dst);
    PacketBuilder& ip4_options(std::size_t words);  ///< right after ip4()
    PacketBuilder& ip6(std::string_view src, std::string_view dst);
    /// IPv4: sets the fields of the header. IPv6: adds a fragment header. `offset` in bytes.
    PacketBuilder& fragment(std::uint32_t id, std::uint16_t offset, bool more);
    PacketBuilder& hop_by_hop(std::size_t extra_words = 0);
    PacketBuilder& jumbo(std::uint32_t length);  ///< hop-by-hop with the jumbo option
    PacketBuilder& routing();
    PacketBuilder& destination_options();
    PacketBuilder& mobility();
    PacketBuilder& ah();
    PacketBuilder& ip_protocol(std::uint8_t number);  ///< a payload of that protocol follows
    PacketBuilder& tso();  ///< IP length fields 0, as segmentation offload leaves them
    PacketBuilder& ip_total_length(std::uint16_t length);

    // Transport layers.
    PacketBuilder& tcp(std::uint16_t src, std::uint16_t dst);
    PacketBuilder& syn() { return flag(0x02); }
    PacketBuilder& ack() { return flag(0x10); }
    PacketBuilder& fin() { return flag(0x01); }
    PacketBuilder& rst() { return flag(0x04); }
    PacketBuilder& psh() { return flag(0x08); }
    PacketBuilder& flag(std::uint8_t bits);
    PacketBuilder& seq(std::uint32_t number);
    PacketBuilder& ack(std::uint32_t number);  ///< sets the flag too
    PacketBuilder& window(std::uint16_t size);
    PacketBuilder& tcp_options(std::size_t words);
    PacketBuilder& tcp_options(std::initializer_list<int> bytes);  ///< a multiple of 4
    PacketBuilder& udp(std::uint16_t src, std::uint16_t dst);
    PacketBuilder& sctp(std::uint16_t src, std::uint16_t dst, std::uint32_t tag);
    PacketBuilder& chunk(std::uint8_t type, std::span<const std::byte> value = {});
    PacketBuilder& sctp_init(std::uint32_t init_tag);      ///< an INIT chunk
    PacketBuilder& sctp_init_ack(std::uint32_t init_tag);  ///< an INIT ACK chunk
    /// `rest` is the second word: for an echo, (identifier << 16) | sequence.
    PacketBuilder& icmp(std::uint8_t type, std::uint8_t code = 0, std::uint32_t rest = 0);
    PacketBuilder& icmp6(std::uint8_t type, std::uint8_t code = 0, std::uint32_t rest = 0);

    PacketBuilder& payload(std::string_view text);
    PacketBuilder& payload(std::span<const std::byte> bytes);
    PacketBuilder& payload(std::initializer_list<int> bytes);
    PacketBuilder& zeros(std::size_t count);
    PacketBuilder& quote(const PacketBuilder& packet);  ///< an ICMP error's copy of a raw IP packet
    PacketBuilder& padding(std::size_t count);          ///< link-layer trailer, in no IP length

    PacketBuilder& snap(std::size_t length);    ///< bytes() ends there; wire_length() does not
    PacketBuilder& wire(std::uint32_t length);  ///< what wire_length() shall say

    std::vector<std::byte> bytes() const;
    std::uint32_t wire_length() const;
    capture::LinkType link() const { return link_.value_or(capture::LinkType::raw_ip); }

private:
    enum class NextKind { none, ether_type, ip_protocol, bsd_family };
    struct Ip {
        std::size_t at;
        bool v6;
        bool fixed_length;
    };

    void byte(unsigned value);
    void be16(unsigned value);
    void be32(std::uint32_t value);
    void put16(std::size_t at, unsigned value);
    void put32(std::size_t at, std::uint32_t value);
    void address(std::string_view text, bool v6);
    void start_link(capture::LinkType link);
    void start(unsigned ether_type, unsigned ip_protocol);
    void extension(unsigned number, std::size_t bytes_after_first_two, unsigned length_field);
    void finish_lengths(std::vector<std::uint8_t>& out) const;

    std::vector<std::uint8_t> bytes_;
    std::optional<capture::LinkType> link_;
    std::vector<Ip> ips_;
    std::vector<std::size_t> udps_;
    std::size_t next_at_ = 0;
    NextKind next_kind_ = NextKind::none;
    bool null_big_endian_ = false;
    std::uint32_t null_family_of_ip6_ = 30;
    std::size_t transport_at_ = 0;
    std::optional<std::size_t> nflog_at_;
    std::size_t padding_ = 0;
    std::optional<std::size_t> snap_;
    std::optional<std::uint32_t> wire_;
};

inline PacketBuilder packet() {
    return {};
}

/// The bytes of a text, for payloads and expectations.
inline std::span<const std::byte> as_bytes(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace nspect::test
