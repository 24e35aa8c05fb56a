// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "capture/decode/link_type.h"
#include "capture/decode/packet.h"

namespace nspect::capture {

/// Understands one packet. Never fails and never allocates: what cannot be read is the packet's
/// `outcome`. Checksums are not verified: offload leaves those of local traffic unfinished.
/// `payload` views `data`. `wire_length` is the length before the snap length cut it.
DecodedPacket decode(std::span<const std::byte> data, std::uint32_t wire_length,
                     LinkType link) noexcept;

/// The interface of a packet of link type linux_sll2, as decode() finds it: 0 where its header is
/// cut off.
std::uint32_t sll2_interface_index(std::span<const std::byte> data) noexcept;

/// Understands a datagram put together from its parts (Reassembler), of which `part` is one. The
/// packets of tunnels inside it are looked into.
DecodedPacket decode_whole(const DecodedPacket& part, std::span<const std::byte> payload) noexcept;

}  // namespace nspect::capture
