// SPDX-License-Identifier: Apache-2.0
// Protocols of datagrams. DNS has its own place: first_packet.h.
#include <algorithm>

#include "capture/decode/byte_cursor.h"
#include "capture/flow/app.h"

namespace nspect::capture {
namespace {

constexpr auto no = AppMatch::no;
constexpr auto maybe = AppMatch::maybe;
constexpr auto yes = AppMatch::yes;

std::string_view text_of(const AppBytes& p) noexcept {
    return {reinterpret_cast<const char*>(p.bytes.data()), p.bytes.size()};
}

// RFC 8999 §5.1: first bit 1 | version 4 | connection ids of at most 20 in known versions
AppMatch quic_either(const AppBytes& p) noexcept {
    ByteCursor cursor(p.bytes);
    const auto first = cursor.read<std::uint8_t>();
    const auto version = cursor.read<std::uint32_t>();
    const auto id = cursor.read<std::uint8_t>();
    cursor.skip(id);
    const auto other_id = cursor.read<std::uint8_t>();
    if (cursor.truncated() || first < 0x80 || id > 20 || other_id > 20) return no;
    const bool known = version == 1 || version == 0x6b3343cf || version >> 8U == 0xff0000;
    if (known) return (first & 0x40U) != 0 ? yes : no;
    return version == 0 ? maybe : no;  // a list of versions answers one that is not known
}

// Type 1, reserved 3. Initiation and response have one length each; data comes in blocks of 16, its
// counter's high bytes are 0.
AppMatch wireguard_message(const AppBytes& p, std::uint8_t type, std::uint32_t length) noexcept {
    ByteCursor cursor(p.bytes);
    const auto word = cursor.read<std::uint32_t>();
    if (cursor.truncated()) return no;
    if (word == std::uint32_t{type} << 24U) return p.length == length ? yes : no;
    if (word != 0x04000000 || p.length < 32 || p.length % 16 != 0) return no;
    cursor.skip(8);
    return (cursor.read<std::uint32_t>() & 0x00ffffffU) == 0 && !cursor.truncated() ? maybe : no;
}

AppMatch wireguard_client(const AppBytes& p) noexcept {
    return wireguard_message(p, 1, 148);
}

AppMatch wireguard_server(const AppBytes& p) noexcept {
    return wireguard_message(p, 2, 92);
}

// RFC 5905 §7.3: leap 2 bits, version 3 bits, mode 3 bits | stratum | poll | precision | ...
AppMatch ntp_mode(const AppBytes& p, unsigned mode) noexcept {
    ByteCursor cursor(p.bytes);
    const auto first = cursor.read<std::uint8_t>();
    const auto stratum = cursor.read<std::uint8_t>();
    const unsigned version = first >> 3U & 7U;
    const bool fits = p.length == 48 || (p.length > 48 && p.length <= 120 && p.length % 4 == 0);
    return fits && version >= 1 && version <= 4 && (first & 7U) == mode && stratum <= 16 ? maybe
                                                                                         : no;
}

AppMatch ntp_client(const AppBytes& p) noexcept {
    return ntp_mode(p, 3);
}

AppMatch ntp_server(const AppBytes& p) noexcept {
    return ntp_mode(p, 4);
}

// RFC 8489 §5: type 2, its first two bits 0 | length 2 | magic cookie 4
AppMatch stun_either(const AppBytes& p) noexcept {
    ByteCursor cursor(p.bytes);
    const auto type = cursor.read<std::uint16_t>();
    const auto length = cursor.read<std::uint16_t>();
    const bool cookie = cursor.read<std::uint32_t>() == 0x2112a442;
    return cookie && type < 0x4000 && length % 4 == 0 ? yes : no;
}

// RFC 2131: operation 1 | hardware 1 | ... | magic cookie at 236
AppMatch dhcp_operation(const AppBytes& p, unsigned operation) noexcept {
    ByteCursor cursor(p.bytes);
    const auto first = cursor.read<std::uint8_t>();
    cursor.skip(235);
    const auto cookie = cursor.read<std::uint32_t>();
    if (cursor.truncated()) return no;
    return first == operation && cookie == 0x63825363 ? yes : no;
}

AppMatch dhcp_client(const AppBytes& p) noexcept {
    return dhcp_operation(p, 1);
}

AppMatch dhcp_server(const AppBytes& p) noexcept {
    return dhcp_operation(p, 2);
}

AppMatch sip_client(const AppBytes& p) noexcept {
    const std::string_view text = text_of(p);
    const std::string_view target = text.substr(std::min(text.find(' '), text.size()));
    return target.starts_with(" sip:") || target.starts_with(" sips:") ? yes : no;
}

AppMatch sip_server(const AppBytes& p) noexcept {
    return text_of(p).starts_with("SIP/2.0 ") ? yes : no;
}

// RFC 5424 §6: <priority>, at most 191
AppMatch syslog_client(const AppBytes& p) noexcept {
    const std::string_view text = text_of(p);
    const std::size_t end = text.find('>');
    if (!text.starts_with('<') || end == text.npos || end < 2 || end > 4) return no;
    unsigned priority = 0;
    for (const char c : text.substr(1, end - 1)) {
        if (c < '0' || c > '9') return no;
        priority = priority * 10 + static_cast<unsigned>(c - '0');
    }
    const bool goes_on = text.size() > end + 1 && text[end + 1] >= ' ' && text[end + 1] < 0x7f;
    return priority <= 191 && goes_on ? yes : no;
}

// RFC 7296 §3.1: two SPIs of 8 | next payload | version | exchange | flags | message 4 | length 4;
// on port 4500 behind a marker of 4 zero bytes.
AppMatch ike_either(const AppBytes& p) noexcept {
    ByteCursor cursor(p.bytes);
    std::uint32_t length = p.length;
    auto spi = cursor.read<std::uint64_t>();
    if (spi >> 32U == 0) {
        cursor = ByteCursor(p.bytes.subspan(std::min<std::size_t>(4, p.bytes.size())));
        length -= std::min<std::uint32_t>(4, length);
        spi = cursor.read<std::uint64_t>();
    }
    cursor.skip(9);
    const auto version = cursor.read<std::uint8_t>();
    cursor.skip(6);
    const bool fits = cursor.read<std::uint32_t>() == length && !cursor.truncated();
    return fits && spi != 0 && (version == 0x10 || version == 0x20) ? yes : no;
}

using namespace std::string_view_literals;

constexpr std::array rows{
    AppSignature{App::quic, {}, quic_either, quic_either},
    AppSignature{App::wireguard, "\1\2\4"sv, wireguard_client, wireguard_server},
    AppSignature{App::ntp, {}, ntp_client, ntp_server},
    AppSignature{App::stun, "\0\1"sv, stun_either, stun_either},
    AppSignature{App::dhcp, "\1\2"sv, dhcp_client, dhcp_server},
    AppSignature{App::sip, "IRABOCSNPMU"sv, sip_client, sip_server},
    AppSignature{App::syslog, "<"sv, syslog_client, nullptr},
    AppSignature{App::ike, {}, ike_either, ike_either},
};

}  // namespace

std::span<const AppSignature> datagram_signatures() noexcept {
    return rows;
}

}  // namespace nspect::capture
