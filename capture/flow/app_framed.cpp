// SPDX-License-Identifier: Apache-2.0
// Protocols of frames over TCP: a length, a type, a structure that has to fit.
#include <algorithm>

#include "capture/decode/byte_cursor.h"
#include "capture/flow/app.h"

namespace nspect::capture {
namespace {

constexpr auto no = AppMatch::no;
constexpr auto maybe = AppMatch::maybe;
constexpr auto yes = AppMatch::yes;

std::string_view text_of(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_printable(std::span<const std::byte> bytes) noexcept {
    return std::all_of(bytes.begin(), bytes.end(),
                       [](std::byte b) { return b >= std::byte{0x20} && b < std::byte{0x7f}; });
}

std::uint32_t little_endian(std::uint32_t value) noexcept {
    return __builtin_bswap32(value);
}

// Before version 3.0 a message has no type; since then a startup message starts with its length.
AppMatch postgres_client(const AppBytes& p) noexcept {
    constexpr std::uint32_t version_3 = 0x00030000, cancel = 80877102, ssl = 80877103,
                            gss = 80877104;
    ByteCursor cursor(p.bytes);
    if (cursor.remaining() < 5) return no;
    if (cursor.peek() != 0) {
        const auto type = cursor.read<std::uint8_t>();
        const bool query = type == 'Q' || type == 'P' || type == 'p';
        return query && cursor.read<std::uint32_t>() == p.length - 1 ? maybe : no;
    }
    const auto length = cursor.read<std::uint32_t>();
    const auto code = cursor.read<std::uint32_t>();
    if (code == ssl || code == gss) return length == 8 ? yes : no;
    if (code == cancel) return length == 16 ? yes : no;
    const bool startup = code >> 16U == version_3 >> 16U && (code & 0xffffU) <= 2;
    return startup && length == p.length && text_of(cursor.rest()).starts_with("user") ? yes : no;
}

AppMatch postgres_server(const AppBytes& p) noexcept {
    ByteCursor cursor(p.bytes);
    const auto type = cursor.read<std::uint8_t>();
    if (p.length == 1) return type == 'S' || type == 'N' ? maybe : no;
    const auto length = cursor.read<std::uint32_t>();
    if (cursor.truncated() || length < 4 || length >= p.length + 0x10000U) return no;
    const auto first = cursor.read<std::uint32_t>();
    if (type == 'R') return length >= 8 && length <= 0x200 && first <= 12 ? maybe : no;
    return std::string_view("12TCDEZSNt").find(static_cast<char>(type)) != std::string_view::npos
               ? maybe
               : no;
}

// length 3 (little endian) | sequence 1 | ...
struct MysqlPacket {
    std::uint32_t length;
    std::uint8_t sequence;
    std::uint8_t first;
    ByteCursor rest;
};

MysqlPacket mysql_packet(const AppBytes& p) noexcept {
    ByteCursor cursor(p.bytes);
    const std::uint32_t word = little_endian(cursor.read<std::uint32_t>());
    const auto first = cursor.read<std::uint8_t>();
    return {word & 0xffffffU, static_cast<std::uint8_t>(word >> 24U), first, cursor};
}

AppMatch mysql_client(const AppBytes& p) noexcept {
    const MysqlPacket packet = mysql_packet(p);
    if (packet.rest.truncated() || packet.length == 0 || packet.length + 4 != p.length) return no;
    if (packet.sequence == 1) return packet.length >= 32 ? maybe : no;  // login or change to TLS
    const bool query = packet.sequence == 0 && packet.first == 3;
    const std::size_t shown = std::min<std::size_t>(packet.rest.remaining(), 6);
    return query && shown > 0 && is_printable(packet.rest.rest().first(shown)) ? maybe : no;
}

// Protocol version 10, then the server's version as text: "8.0.36", "5.5.5-10.11.6-MariaDB".
AppMatch mysql_server(const AppBytes& p) noexcept {
    MysqlPacket packet = mysql_packet(p);
    if (packet.rest.truncated() || packet.length == 0 || packet.length + 4 > p.length) return no;
    const std::string_view text = text_of(packet.rest.rest());
    if (packet.sequence == 0 && packet.first == 10) {
        const std::size_t end = text.find('\0');
        const bool version = end != text.npos && end >= 3 && end < 60 && text[0] >= '3' &&
                             text[0] <= '9' && text.find('.') < end &&
                             is_printable(packet.rest.rest().first(end));
        return version && packet.length > end + 20 ? yes : no;
    }
    return packet.sequence == 1 || packet.sequence == 2 ? maybe : no;
}

// length 4 | API 2 | version 2 | correlation 4 | client id: length 2, text
AppMatch kafka_client(const AppBytes& p) noexcept {
    ByteCursor cursor(p.bytes);
    const auto length = cursor.read<std::uint32_t>();
    const auto api = cursor.read<std::uint16_t>();
    const auto version = cursor.read<std::uint16_t>();
    cursor.skip(4);
    const auto name = cursor.read<std::uint16_t>();
    const bool fits = !cursor.truncated() && length + 4 >= p.length && length < (1U << 27U) &&
                      length >= 10 && api <= 91 && version <= 20;
    if (!fits) return no;
    if (name == 0xffff || name == 0) return length + 4 == p.length ? maybe : no;
    if (name > 255 || name + 10U > length) return no;
    const auto text = cursor.rest().first(std::min<std::size_t>(name, cursor.remaining()));
    return !text.empty() && is_printable(text) ? yes : no;
}

AppMatch kafka_server(const AppBytes& p) noexcept {
    ByteCursor cursor(p.bytes);
    const auto length = cursor.read<std::uint32_t>();
    return !cursor.truncated() && length >= 4 && length + 4 >= p.length && length < (1U << 27U)
               ? maybe
               : no;
}

// length 4 | request 4 | response to 4 | operation 4, all little endian
AppMatch mongodb_either(const AppBytes& p, bool client) noexcept {
    ByteCursor cursor(p.bytes);
    const std::uint32_t length = little_endian(cursor.read<std::uint32_t>());
    cursor.skip(4);
    const auto response_to = cursor.read<std::uint32_t>();
    const std::uint32_t operation = little_endian(cursor.read<std::uint32_t>());
    if (cursor.truncated() || length < 16 || length > 48'000'000 || length < p.length) return no;
    const bool message = operation == 2012 || operation == 2013;  // compressed, OP_MSG
    if (client) {
        const bool request = response_to == 0 || response_to == 0xffffffff;
        const bool older = operation == 2001 || operation == 2002 || operation == 2004 ||
                           operation == 2005 || operation == 2006 || operation == 2007 ||
                           operation == 2010;
        return request && (message || older) ? yes : no;
    }
    return response_to != 0 && (message || operation == 1) ? yes : no;
}

AppMatch mongodb_client(const AppBytes& p) noexcept {
    return mongodb_either(p, true);
}

AppMatch mongodb_server(const AppBytes& p) noexcept {
    return mongodb_either(p, false);
}

// type 1 | channel 2 | length 4 | payload | 0xce
AppMatch amqp_frame(const AppBytes& p) noexcept {
    ByteCursor cursor(p.bytes);
    const auto type = cursor.read<std::uint8_t>();
    cursor.skip(2);
    const auto length = cursor.read<std::uint32_t>();
    constexpr std::uint32_t around = 8;
    if (cursor.truncated() || p.length != p.bytes.size()) return no;
    // Not by a sum, which a length of nearly 2^32 would carry past zero.
    if (p.length < around || length > p.length - around) return no;
    const bool known = type >= 1 && type <= 3;
    if (!known && type != 8) return no;
    if (p.bytes[length + 7] != std::byte{0xce}) return no;
    const auto amqp_class = cursor.read<std::uint16_t>();
    const bool told = length >= 4 && (type == 1 || type == 2) && amqp_class % 5 == 0 &&
                      amqp_class >= 10 && amqp_class <= 90;
    return told ? yes : maybe;
}

AppMatch amqp_client(const AppBytes& p) noexcept {
    const std::string_view text = text_of(p.bytes);
    const bool header = text.starts_with("AMQP") && text.size() >= 8 && p.length == 8;
    return header ? yes : amqp_frame(p);
}

AppMatch amqp_server(const AppBytes& p) noexcept {
    ByteCursor cursor(p.bytes);
    const auto type_and_channel = cursor.read<std::uint16_t>();
    cursor.skip(5);
    const auto method = cursor.read<std::uint32_t>();
    const bool start = type_and_channel == 0x0100 && method == 0x000a000a;  // connection.start
    return start ? yes : amqp_frame(p);
}

/// The length of a BER value; 0 when it does not fit.
std::uint32_t ber_length(ByteCursor& cursor) noexcept {
    const auto first = cursor.read<std::uint8_t>();
    if (first < 0x80) return first;
    std::uint32_t length = 0;
    const unsigned more = first & 0x7fU;
    if (more == 0 || more > 4) return 0;
    for (unsigned i = 0; i < more; ++i) length = length << 8U | cursor.read<std::uint8_t>();
    return length;
}

/// The operation of an LDAP message (RFC 4511 §4.1.1), or 0.
std::uint8_t ldap_operation(const AppBytes& p) noexcept {
    ByteCursor cursor(p.bytes);
    if (cursor.read<std::uint8_t>() != 0x30) return 0;
    const std::uint32_t length = ber_length(cursor);
    if (length < 5 || cursor.read<std::uint8_t>() != 0x02) return 0;
    const std::uint32_t id = ber_length(cursor);
    if (id == 0 || id > 4) return 0;
    cursor.skip(id);
    return cursor.read<std::uint8_t>();
}

AppMatch ldap_client(const AppBytes& p) noexcept {
    switch (ldap_operation(p)) {
        case 0x60:  // bind
            return yes;
        case 0x77:  // extended, as StartTLS
            return text_of(p.bytes).find("1.3.6.1.4.1.") != std::string_view::npos ? yes : maybe;
        case 0x63:  // search
            return maybe;
        default:
            return no;
    }
}

AppMatch ldap_server(const AppBytes& p) noexcept {
    switch (ldap_operation(p)) {
        case 0x61:
        case 0x64:
        case 0x65:
        case 0x78:
            return maybe;
        default:
            return no;
    }
}

// CONNECT: type 1 | length | protocol name: length 2, text
AppMatch mqtt_client(const AppBytes& p) noexcept {
    ByteCursor cursor(p.bytes);
    if (cursor.read<std::uint8_t>() != 0x10) return no;
    for (int i = 0; i < 4; ++i) {
        if (cursor.read<std::uint8_t>() < 0x80) break;
    }
    const std::string_view text = text_of(cursor.rest());
    using namespace std::string_view_literals;
    return text.starts_with("\0\4MQTT"sv) || text.starts_with("\0\6MQIsdp"sv) ? yes : no;
}

// version 1 | flags 1 | stream 2 (1 before version 3) | operation 1 | length 4
AppMatch cassandra_either(const AppBytes& p, bool client) noexcept {
    ByteCursor cursor(p.bytes);
    const auto first = cursor.read<std::uint8_t>();
    const auto version = first & 0x7fU;
    if (version == 0 || version > 5 || (first >= 0x80) == client) return no;
    const auto flags = cursor.read<std::uint8_t>();
    cursor.skip(version >= 3 ? 2 : 1);
    const auto operation = cursor.read<std::uint8_t>();
    const auto length = cursor.read<std::uint32_t>();
    const std::uint32_t header = version >= 3 ? 9 : 8;
    if (cursor.truncated() || flags > 0x1f || operation > 0x10) return no;
    if (length > (1U << 28U) || length + header < p.length) return no;
    const bool startup = client && operation == 1;
    return startup && text_of(cursor.rest()).find("CQL_VERSION") != std::string_view::npos ? yes
                                                                                           : maybe;
}

AppMatch cassandra_client(const AppBytes& p) noexcept {
    return cassandra_either(p, true);
}

AppMatch cassandra_server(const AppBytes& p) noexcept {
    return cassandra_either(p, false);
}

// length 2 | DNS header with one question (RFC 7766)
AppMatch dns_over_tcp(const AppBytes& p, bool client) noexcept {
    ByteCursor cursor(p.bytes);
    const auto length = cursor.read<std::uint16_t>();
    cursor.skip(2);
    const auto flags = cursor.read<std::uint16_t>();
    const auto questions = cursor.read<std::uint16_t>();
    const auto answers = cursor.read<std::uint16_t>();
    const bool response = (flags & 0x8000U) != 0;
    if (cursor.truncated() || length < 17 || response == client) return no;
    const bool sensible = (flags & 0x7840U) == 0 && (flags & 0xfU) <= 10 && questions == 1;
    return sensible && (response || answers == 0) ? maybe : no;
}

AppMatch dns_client(const AppBytes& p) noexcept {
    return dns_over_tcp(p, true);
}

AppMatch dns_server(const AppBytes& p) noexcept {
    return dns_over_tcp(p, false);
}

// A handshake record of TLS, major version 3 (RFC 8446 §5.1). Only the hellos tell who is who.
AppMatch tls_hello(const AppBytes& p, std::byte others_hello) noexcept {
    const bool record =
        p.bytes.size() >= 2 && p.bytes[0] == std::byte{0x16} && p.bytes[1] == std::byte{3};
    const bool of_other = p.bytes.size() >= 6 && p.bytes[5] == others_hello;
    return record && !of_other ? yes : no;
}

AppMatch tls_client(const AppBytes& p) noexcept {
    return tls_hello(p, std::byte{2});
}

AppMatch tls_server(const AppBytes& p) noexcept {
    return tls_hello(p, std::byte{1});
}

using namespace std::string_view_literals;

constexpr std::array rows{
    AppSignature{App::tls, "\x16"sv, tls_client, tls_server},
    AppSignature{App::postgres, "\0QPpRSN12TCDEZt"sv, postgres_client, postgres_server},
    AppSignature{App::mysql, {}, mysql_client, mysql_server},
    AppSignature{App::kafka, "\0\1\2\3\4\5\6\7"sv, kafka_client, kafka_server},
    AppSignature{App::mongodb, {}, mongodb_client, mongodb_server},
    AppSignature{App::amqp, "A\1\2\3\x8"sv, amqp_client, amqp_server},
    AppSignature{App::ldap, "0", ldap_client, ldap_server},
    AppSignature{App::mqtt, "\x10"sv, mqtt_client, nullptr},
    AppSignature{App::cassandra, "\1\2\3\4\5\x81\x82\x83\x84\x85"sv, cassandra_client,
                 cassandra_server},
    AppSignature{App::dns, {}, dns_client, dns_server},
};

}  // namespace

std::span<const AppSignature> framed_signatures() noexcept {
    return rows;
}

}  // namespace nspect::capture
