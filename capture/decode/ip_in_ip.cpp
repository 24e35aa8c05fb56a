// SPDX-License-Identifier: Apache-2.0
// IP directly in IP: RFC 2003, RFC 4213 (6in4), RFC 2473.
#include "capture/decode/layers.h"

namespace nspect::capture {

Next decode_ip_in_ip(Layers& layers) noexcept {
    DecodedPacket& packet = layers.packet;
    packet.payload = layers.cursor.rest();
    packet.payload_bytes = packet.ip_payload_bytes;
    const bool inner_v4 = packet.ip_protocol == 4;
    const TunnelKind kind = layers.ip_version == 6 ? TunnelKind::ip6tnl
                            : inner_v4             ? TunnelKind::ipip
                                                   : TunnelKind::sit;
    if (packet.fragment) {
        packet.carries = kind;
        return {};
    }
    layers.wire_left = packet.ip_payload_bytes;
    enter_tunnel(layers, kind, 0);
    return {Next::Kind::ip, 0};
}

}  // namespace nspect::capture
