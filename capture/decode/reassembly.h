// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <unordered_map>
#include <vector>

#include "capture/decode/packet.h"
#include "model/time.h"

namespace nspect::capture {

/// Puts datagrams together from their fragments, for those who read what is in them. Bounded: when
/// there is no room the oldest datagram leaves first. Parts that overlap are an attack (RFC 5722,
/// and the teardrop before it): the datagram is given up. The same part twice is no harm.
class Reassembler {
public:
    struct Limits {
        std::size_t datagrams = 1024;
        std::size_t parts = 64;  ///< of one datagram: 64 KiB in parts of 1280 are 52
        std::size_t bytes = std::size_t{4} << 20U;
        Duration lifetime = std::chrono::seconds(30);
    };
    explicit Reassembler(Limits limits) : limits_(limits) {}
    Reassembler() : Reassembler(Limits()) {}

    /// Takes a fragment seen at a vantage. Gives the whole IP payload when it was the last one
    /// missing, else nothing; valid until the next call.
    std::span<const std::byte> add(const DecodedPacket& fragment, std::uint32_t vantage,
                                   Timestamp time);

    /// Whether a fragment can become part of a whole: a short snap length may have cut it.
    static bool is_usable(const DecodedPacket& fragment) noexcept;

    std::size_t held_bytes() const noexcept { return held_; }
    std::uint64_t overlapping() const noexcept { return overlapping_; }

private:
    struct Key {
        IpAddress src;
        IpAddress dst;
        std::uint32_t id = 0;
        std::uint32_t vantage = 0;
        VlanStack vlans;
        std::uint8_t protocol = 0;  ///< of IPv4
        std::uint8_t depth = 0;     ///< of tunnels around it
        bool operator==(const Key&) const = default;
    };
    struct Hash {
        std::size_t operator()(const Key& key) const noexcept;
    };
    struct Part {
        std::uint32_t offset = 0;
        std::vector<std::byte> bytes;
    };
    struct Datagram {
        Key key;
        Timestamp begun{};
        std::vector<Part> parts;  ///< in any order
        std::uint32_t have = 0;
        std::uint32_t total = 0;  ///< 0: the last part was not seen
        bool given_up = false;
    };
    using Datagrams = std::list<Datagram>;

    Datagram& find_or_begin(const Key& key, Timestamp time);
    void take(Datagram& datagram, const DecodedPacket& fragment);
    void give_up(Datagram& datagram);
    void forget(Datagrams::iterator datagram);
    std::span<const std::byte> join(Datagram& datagram);

    Limits limits_;
    Datagrams datagrams_;  ///< oldest first
    std::unordered_map<Key, Datagrams::iterator, Hash> index_;
    std::vector<std::byte> whole_;
    std::size_t held_ = 0;
    std::uint64_t overlapping_ = 0;
};

}  // namespace nspect::capture
