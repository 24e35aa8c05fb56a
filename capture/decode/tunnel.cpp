// SPDX-License-Identifier: Apache-2.0
#include "capture/decode/layers.h"

namespace nspect::capture {

void enter_tunnel(Layers& layers, TunnelKind kind, std::uint32_t id) noexcept {
    DecodedPacket& packet = layers.packet;
    const bool has_ip = layers.ip_version != 0;
    if (has_ip) {
        packet.carries = kind;
        layers.outside.keep(packet);
    }
    DecodedPacket inner;
    inner.interface_index = packet.interface_index;
    inner.sll_packet_type = packet.sll_packet_type;
    inner.vlans = packet.vlans;
    inner.tunnel = packet.tunnel;
    inner.tunnel.kind = kind;
    inner.tunnel.id = id;
    ++inner.tunnel.depth;
    if (has_ip) {
        inner.tunnel.src = packet.src;
        inner.tunnel.dst = packet.dst;
    }
    packet = inner;
    layers.ip_version = 0;
    layers.extensions = 0;
}

}  // namespace nspect::capture
