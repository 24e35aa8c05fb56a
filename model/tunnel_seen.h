// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/ip.h"

namespace nspect {

/// What carries packets inside others. The names are Linux's where it has one.
enum class TunnelKind : std::uint8_t {
    none,
    vxlan,  ///< also VXLAN-GPE
    geneve,
    gre,  ///< also NVGRE
    erspan,
    ipip,    ///< IPv4 in IPv4
    sit,     ///< IPv6 in IPv4
    ip6tnl,  ///< either in IPv6
    mpls,
    pppoe,
    gtp,
    wireguard,
    esp,  ///< IPsec, also in UDP
};
inline constexpr TunnelKind last_tunnel_kind = TunnelKind::esp;

/// "vxlan"; "" for none.
std::string_view to_string(TunnelKind kind);
std::optional<TunnelKind> parse_tunnel_kind(std::string_view text);

/// Encrypted: what is inside is never seen, the flow is the tunnel itself.
constexpr bool is_opaque(TunnelKind kind) {
    return kind == TunnelKind::wireguard || kind == TunnelKind::esp;
}

/// The tunnel a flow was seen in; of an opaque one, that the flow is such a tunnel.
struct TunnelSeen {
    TunnelKind kind = TunnelKind::none;  ///< of several, the innermost
    std::uint8_t depth = 1;              ///< how many there are around it
    std::uint32_t id = 0;                ///< VNI, GRE key, label, session or tunnel number
    /// Outer address on the client's side; 0.0.0.0 where there is none. Of an opaque tunnel its
    /// own.
    IpAddress client{};
    IpAddress server{};

    bool operator==(const TunnelSeen&) const = default;
};

}  // namespace nspect
