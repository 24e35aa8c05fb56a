// SPDX-License-Identifier: Apache-2.0
// The start of a packet inside an ICMP error: routers quote as little as the IP header and eight
// bytes.
#include "capture/decode/layers.h"

namespace nspect::capture {
namespace {

constexpr int max_headers = 20;

// Walks to the transport header; `Next::done` when it is not there (cut, or a later fragment).
Next find_transport(Layers& layers) noexcept {
    Next next = decode_raw_ip(layers);
    for (int i = 0; i < max_headers && next.kind == Next::Kind::ip_protocol; ++i) {
        const auto number = static_cast<std::uint8_t>(next.number);
        const LayerDecoder extension = extension_decoder(layers.ip_version, number);
        if (extension == nullptr) return next;
        next = extension(layers);
    }
    return {};
}

// type 1 | code 1 | checksum 2 | identifier 2: ports as DecodedPacket has them for an echo request
QuotedPacket quoted_icmp(Layers& layers, QuotedPacket quoted) noexcept {
    const auto header = layers.cursor.header<6>();
    const auto type = header.field<std::uint8_t, 0>();
    quoted.dst_port = Port{type};
    if (type == 8 || type == 128) quoted.src_port = Port{header.field<std::uint16_t, 4>()};
    return quoted;
}

}  // namespace

QuotedPacket decode_quoted(std::span<const std::byte> bytes) noexcept {
    DecodedPacket inner;
    Layers layers(inner, bytes, static_cast<std::uint32_t>(bytes.size()));
    layers.wire_known = false;
    const Next transport = find_transport(layers);
    if (layers.ip_version == 0) return {};
    QuotedPacket quoted;
    quoted.present = true;
    quoted.src = inner.src;
    quoted.dst = inner.dst;
    quoted.ip_protocol = inner.ip_protocol;
    if (transport.kind != Next::Kind::ip_protocol) return quoted;

    quoted.ip_protocol = static_cast<std::uint8_t>(transport.number);
    const Protocol protocol = protocol_of(layers.ip_version, quoted.ip_protocol);
    if (protocol == Protocol::icmp || protocol == Protocol::icmp6)
        return quoted_icmp(layers, quoted);
    if (protocol != Protocol::tcp && protocol != Protocol::udp && protocol != Protocol::sctp) {
        return quoted;
    }
    const auto ports = layers.cursor.header<4>();  // zero when they are cut
    quoted.src_port = Port{ports.field<std::uint16_t, 0>()};
    quoted.dst_port = Port{ports.field<std::uint16_t, 2>()};
    if (protocol == Protocol::tcp) quoted.tcp_seq = layers.cursor.read<std::uint32_t>();
    return quoted;
}

}  // namespace nspect::capture
