// SPDX-License-Identifier: Apache-2.0
// NFLOG: family 1 | version 1 | resource 2, then attributes (length 2 | type 2 | value, padded to
// 4) in the byte order of the host that captured; the packet is the value of attribute 9.
#include "capture/decode/layers.h"

namespace nspect::capture {
namespace {

constexpr std::uint16_t payload_attribute = 9;

struct Attribute {
    std::uint16_t length;
    std::uint16_t type;
};

// Types are small numbers, so the half that is set tells the byte order.
Attribute in_host_order(Attribute raw) noexcept {
    if (raw.type == 0 || (raw.type & 0xffU) != 0) return raw;
    return {__builtin_bswap16(raw.length), __builtin_bswap16(raw.type)};
}

Attribute read_attribute(ByteCursor& cursor) noexcept {
    const auto header = cursor.header<4>();
    return in_host_order({header.field<std::uint16_t, 0>(), header.field<std::uint16_t, 2>()});
}

}  // namespace

Next decode_nflog(Layers& layers) noexcept {
    layers.cursor.skip(4);
    passed(layers, 4);
    while (layers.cursor.remaining() > 0) {
        const Attribute attribute = read_attribute(layers.cursor);
        passed(layers, 4);
        if (layers.cursor.truncated() || attribute.length < 4) break;
        const std::size_t value = attribute.length - 4U;
        if (attribute.type == payload_attribute) {
            layers.cursor.limit(value);
            layers.wire_known = false;
            return {Next::Kind::ip, 0};
        }
        const std::size_t padded = (value + 3U) & ~std::size_t{3};
        layers.cursor.skip(padded);
        passed(layers, padded);
    }
    return stop(layers, DecodeOutcome::truncated_link);
}

}  // namespace nspect::capture
