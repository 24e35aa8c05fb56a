// SPDX-License-Identifier: Apache-2.0
// BSD loopback: an address family of four bytes, in the byte order of whoever captured.
#include "capture/decode/layers.h"

namespace nspect::capture {

Next decode_bsd_null(Layers& layers) noexcept {
    auto family = layers.cursor.read<std::uint32_t>();
    if (layers.cursor.truncated()) return stop(layers, DecodeOutcome::truncated_link);
    passed(layers, 4);
    const std::uint32_t type = family & 0xffffU;
    if (family > 0xffffU) family = __builtin_bswap32(family);
    switch (family) {
        case 2:
            return {Next::Kind::ether_type, 0x0800};
        case 10:  // AF_INET6 of Linux, of NetBSD and OpenBSD, of FreeBSD, of macOS
        case 24:
        case 28:
        case 30:
            return {Next::Kind::ether_type, 0x86dd};
        default:
            break;
    }
    // Seen in the wild: an EtherType in the last two bytes instead of a family.
    switch (type) {
        case 0x0800:
        case 0x86dd:
            return {Next::Kind::ether_type, static_cast<std::uint16_t>(type)};
        default:
            return stop(layers, DecodeOutcome::not_ip);
    }
}

}  // namespace nspect::capture
