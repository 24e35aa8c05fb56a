// SPDX-License-Identifier: Apache-2.0
#include "model/tunnel_seen.h"

#include <array>
#include <cstddef>

namespace nspect {
namespace {

/// By TunnelKind.
constexpr std::array<std::string_view, static_cast<std::size_t>(last_tunnel_kind) + 1> names{
    "",       "vxlan", "geneve", "gre", "erspan",    "ipip", "sit",
    "ip6tnl", "mpls",  "pppoe",  "gtp", "wireguard", "esp"};

}  // namespace

std::string_view to_string(TunnelKind kind) {
    return names.at(static_cast<std::size_t>(kind));
}

std::optional<TunnelKind> parse_tunnel_kind(std::string_view text) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names.at(i) == text) return static_cast<TunnelKind>(i);
    }
    return std::nullopt;
}

}  // namespace nspect
