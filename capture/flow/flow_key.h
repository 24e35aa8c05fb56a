// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "capture/decode/packet.h"
#include "model/hash_seed.h"
#include "model/sighting.h"

namespace nspect::capture {

/// What makes packets one flow at one vantage, the same for both directions: the two sockets in
/// ascending order (ICMP: the one who asks first), and the VLANs they were tagged with. Inside
/// overlays two networks may use the same addresses: their number in the table tells them apart.
/// IPv4 addresses are kept as IPv4-mapped
/// ones, so one form fits both families.
struct FlowKey {
    /// lower address, higher address, then VLANs and ports; vantage, network, overlay and protocol
    /// packed.
    std::array<std::uint64_t, 6> words{};

    bool operator==(const FlowKey&) const = default;

    /// Of the end that sorts first (`lower`) or the other one.
    Socket socket(bool lower) const;
    std::uint32_t vantage() const { return static_cast<std::uint32_t>(words[5] >> 32U); }
    std::uint8_t network() const { return static_cast<std::uint8_t>(words[5] >> 24U); }
    void set_network(std::uint8_t number) {
        words[5] = (words[5] & ~(std::uint64_t{0xff} << 24U)) | std::uint64_t{number} << 24U;
    }
    VlanStack vlans() const {
        return {static_cast<std::uint16_t>(words[4] >> 32U),
                static_cast<std::uint16_t>(words[4] >> 48U)};
    }
    void set_vlans(VlanStack stack) {
        words[4] = (words[4] & 0xffffffffU) | std::uint64_t{stack.inner} << 32U |
                   std::uint64_t{stack.outer} << 48U;
    }
    std::uint8_t ip_protocol() const { return static_cast<std::uint8_t>(words[5]); }
};

/// A key, and whether the packet went from the lower end to the higher one.
struct FlowLookup {
    FlowKey key;
    bool from_lower = true;
};

/// Of the packet itself. For ICMP the one who asks is the "lower" end, and identifier and request
/// type stand for the ports, so a reply finds its request.
FlowLookup lookup_of(const DecodedPacket& packet, std::uint32_t vantage);
/// Of the packet quoted in an ICMP error. REQUIRES: packet.quoted.present.
FlowLookup lookup_of_quoted(const DecodedPacket& packet, std::uint32_t vantage);

std::uint64_t hash(const FlowKey& key, HashSeed seed) noexcept;

}  // namespace nspect::capture
