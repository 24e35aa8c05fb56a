// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "capture/decode/packet.h"
#include "model/time.h"

namespace nspect::capture {

/// Gives the later fragments of a datagram the ports of its first one. What it cannot know it
/// leaves alone: a later fragment that overtook its first keeps no ports. Bounded: `capacity`
/// datagrams at once, the oldest of a bucket leaves first.
class FragmentTable {
public:
    explicit FragmentTable(std::size_t capacity = 4096,
                           Duration lifetime = std::chrono::seconds(30));

    /// Remembers a first fragment, completes a later one (ports, protocol). Returns whether the
    /// packet has its ports now; packets that are no fragments always do.
    bool resolve(DecodedPacket& packet, Timestamp time);

    std::uint64_t unresolved() const noexcept { return unresolved_; }

private:
    struct Entry {
        IpAddress src;
        IpAddress dst;
        std::uint32_t id = 0;
        VlanStack vlans;
        std::uint8_t key_protocol = 0;
        bool used = false;
        Timestamp seen{};
        std::uint8_t ip_protocol = 0;
        Protocol protocol = Protocol::other;
        Port src_port;
        Port dst_port;
    };

    Entry* bucket_of(const DecodedPacket& packet);
    void remember(const DecodedPacket& packet, Timestamp time);
    bool complete(DecodedPacket& packet, Timestamp time);
    bool matches(const Entry& entry, const DecodedPacket& packet, Timestamp time) const;

    std::vector<Entry> entries_;
    Duration lifetime_;
    std::uint64_t unresolved_ = 0;
};

}  // namespace nspect::capture
