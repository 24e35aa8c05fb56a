// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/app.h"

#include <bit>

namespace nspect::capture {
namespace {

/// By App.
constexpr std::array<std::string_view, static_cast<std::size_t>(App::esp) + 1> names{
    "",       "amqp",  "cassandra", "dhcp",      "dns",       "ftp",     "grpc", "http",  "http2",
    "ike",    "imap",  "kafka",     "ldap",      "memcached", "mongodb", "mqtt", "mysql", "nats",
    "ntp",    "pop3",  "postgres",  "quic",      "redis",     "sip",     "smtp", "ssh",   "stun",
    "syslog", "",      "vxlan",     "geneve",    "gre",       "erspan",  "ipip", "sit",   "ip6tnl",
    "mpls",   "pppoe", "gtp",       "wireguard", "esp"};

/// Rows by the first byte they may start with, so that a packet is held against few of them.
struct Table {
    std::array<const AppSignature*, 32> rows{};
    std::array<std::uint32_t, 256> by_first_byte{};
    std::size_t count = 0;

    void add(std::span<const AppSignature> signatures) noexcept {
        for (const AppSignature& signature : signatures) {
            const std::uint32_t bit = 1U << count;
            rows[count++] = &signature;
            for (const char c : signature.first_bytes) {
                by_first_byte[static_cast<unsigned char>(c)] |= bit;
            }
            if (!signature.first_bytes.empty()) continue;
            for (std::uint32_t& each : by_first_byte) each |= bit;
        }
    }
};

const Table& table_for(Protocol protocol) noexcept {
    static const Table streams = [] {
        Table table;
        table.add(text_signatures());
        table.add(framed_signatures());
        return table;
    }();
    static const Table datagrams = [] {
        Table table;
        table.add(datagram_signatures());
        return table;
    }();
    return protocol == Protocol::tcp ? streams : datagrams;
}

AppMatch ask(AppMatch (*signature)(const AppBytes&) noexcept, const AppBytes& payload) noexcept {
    return signature == nullptr ? AppMatch::no : signature(payload);
}

/// "application/grpc" as HPACK writes it: plain, and in the fixed Huffman code (RFC 7541, app. B).
bool says_grpc(const AppBytes& payload) noexcept {
    constexpr std::string_view plain = "application/grpc";
    constexpr std::string_view coded = "\x1d\x75\xd0\x62\x0d\x26\x3d\x4c\x4d\x65\x64";
    const std::string_view text(reinterpret_cast<const char*>(payload.bytes.data()),
                                payload.bytes.size());
    return text.find(plain) != text.npos || text.find(coded) != text.npos;
}

/// The row both sides may be speaking, the sender of `direction` as client or as server.
std::uint32_t agreed(const AppSearch& search, std::size_t direction, bool as_client) noexcept {
    return as_client ? search.may_client[direction] & search.may_server[1 - direction]
                     : search.may_server[direction] & search.may_client[1 - direction];
}

}  // namespace

std::string_view to_string(App app) {
    return names.at(static_cast<std::size_t>(app));
}

AppClient look_for_app(AppSearch& search, Protocol protocol, std::size_t direction,
                       const AppBytes& payload) noexcept {
    if (payload.bytes.empty()) return AppClient::not_told;
    ++search.looked[direction];
    if (search.app == App::http2) {
        if (says_grpc(payload)) search.app = App::grpc;
        return AppClient::not_told;
    }
    const Table& table = table_for(protocol);
    const auto first = std::to_integer<std::uint8_t>(payload.bytes.front());
    for (std::uint32_t left = table.by_first_byte[first]; left != 0; left &= left - 1) {
        const auto row = static_cast<std::size_t>(std::countr_zero(left));
        const std::uint32_t bit = 1U << row;
        const AppSignature& signature = *table.rows[row];
        const AppMatch client = ask(signature.client, payload);
        const AppMatch server = ask(signature.server, payload);
        if (client == AppMatch::yes || server == AppMatch::yes) {
            search.app = signature.app;
            if (search.app == App::http2 && says_grpc(payload)) search.app = App::grpc;
            if (client == server) return AppClient::not_told;
            return client == AppMatch::yes ? AppClient::sender : AppClient::receiver;
        }
        if (client == AppMatch::maybe) search.may_client[direction] |= bit;
        if (server == AppMatch::maybe) search.may_server[direction] |= bit;
    }
    const std::uint32_t one_way = agreed(search, direction, true);
    const std::uint32_t other_way = agreed(search, direction, false);
    const std::uint32_t both = one_way | other_way;
    if (std::popcount(both) != 1) return AppClient::not_told;
    search.app = table.rows[static_cast<std::size_t>(std::countr_zero(both))]->app;
    if (one_way != 0 && other_way != 0) return AppClient::not_told;
    return one_way != 0 ? AppClient::sender : AppClient::receiver;
}

}  // namespace nspect::capture
