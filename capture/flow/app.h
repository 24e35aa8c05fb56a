// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "model/traffic.h"
#include "model/tunnel_seen.h"

namespace nspect::capture {

/// Application protocols told by what is said, never by port alone. The names in output stand
/// beside them in app.cpp.
enum class App : std::uint8_t {
    unknown,
    amqp,
    cassandra,
    dhcp,
    dns,
    ftp,
    grpc,
    http,
    http2,
    ike,
    imap,
    kafka,
    ldap,
    memcached,
    mongodb,
    mqtt,
    mysql,
    nats,
    ntp,
    pop3,
    postgres,
    quic,
    redis,
    sip,
    smtp,
    ssh,
    stun,
    syslog,
    tls,  ///< ends the search; TLS has facts of its own
    // Tunnels whose inside was not read, in the order of TunnelKind.
    vxlan,
    geneve,
    gre,
    erspan,
    ipip,
    sit,
    ip6tnl,
    mpls,
    pppoe,
    gtp,
    wireguard,
    esp,
};

/// "postgres"; "" for unknown and tls.
std::string_view to_string(App app);
/// The tunnel as a protocol of its own.
constexpr App app_of(TunnelKind kind) {
    if (kind == TunnelKind::none) return App::unknown;
    return static_cast<App>(static_cast<int>(App::vxlan) + static_cast<int>(kind) - 1);
}
/// The opaque tunnel a protocol is, or none.
constexpr TunnelKind opaque_tunnel(App app) {
    if (app == App::wireguard) return TunnelKind::wireguard;
    return app == App::esp ? TunnelKind::esp : TunnelKind::none;
}

/// The start of one packet's payload.
struct AppBytes {
    std::span<const std::byte> bytes;  ///< as captured
    std::uint32_t length = 0;          ///< on the wire
};

/// What a signature says: it cannot be; it can, if the other side speaks alike; nothing else
/// starts so.
enum class AppMatch : std::uint8_t { no, maybe, yes };

/// One protocol, as its client and its server start to speak. Either may be null.
struct AppSignature {
    App app;
    std::string_view first_bytes;  ///< one of these comes first; empty: any
    AppMatch (*client)(const AppBytes&) noexcept;
    AppMatch (*server)(const AppBytes&) noexcept;
};

// The tables, one row a protocol: app_text.cpp, app_framed.cpp, app_datagram.cpp.
std::span<const AppSignature> text_signatures() noexcept;
std::span<const AppSignature> framed_signatures() noexcept;
std::span<const AppSignature> datagram_signatures() noexcept;

/// What a flow remembers while its protocol is looked for. No byte of payload is kept.
struct AppSearch {
    App app = App::unknown;
    std::array<std::uint8_t, 2> looked{};       ///< packets with payload, by direction
    std::array<std::uint32_t, 2> may_client{};  ///< rows whose client may speak in that direction
    std::array<std::uint32_t, 2> may_server{};
};

/// Which side the evidence takes for the client.
enum class AppClient : std::uint8_t { not_told, sender, receiver };

/// Looks at one packet; returns who is the client, when that was told with certainty.
/// `direction` is an index of the arrays above, the same for the same sender.
AppClient look_for_app(AppSearch& search, Protocol protocol, std::size_t direction,
                       const AppBytes& payload) noexcept;

/// Whether the next packet of that direction is worth a look.
inline bool wants_look(const AppSearch& search, std::size_t direction) noexcept {
    constexpr std::uint8_t most_looks = 4;
    const bool open = search.app == App::unknown || search.app == App::http2;
    return open && search.looked[direction] < most_looks;
}

}  // namespace nspect::capture
