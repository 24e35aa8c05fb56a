// SPDX-License-Identifier: Apache-2.0
#include "capture/decode/fragments.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "model/hash_seed.h"

namespace nspect::capture {
namespace {

constexpr std::size_t ways = 4;

// IPv4 identifies a datagram with its protocol, IPv6 without (a later fragment may name an
// extension header instead).
std::uint8_t key_protocol(const DecodedPacket& packet) {
    return packet.src.is_v4() ? packet.ip_protocol : std::uint8_t{0};
}

std::uint64_t hash_of(const DecodedPacket& packet) {
    const std::hash<IpAddress> of;
    return seeded_hash(seeded_hash(of(packet.src), of(packet.dst)),
                       std::uint64_t{packet.fragment_id} << 8U | key_protocol(packet));
}

}  // namespace

FragmentTable::FragmentTable(std::size_t capacity, Duration lifetime)
    : entries_(std::bit_ceil(std::max(capacity, ways))), lifetime_(lifetime) {}

FragmentTable::Entry* FragmentTable::bucket_of(const DecodedPacket& packet) {
    const std::size_t buckets = entries_.size() / ways;
    return entries_.data() + (hash_of(packet) & (buckets - 1)) * ways;
}

bool FragmentTable::matches(const Entry& entry, const DecodedPacket& packet, Timestamp time) const {
    return entry.used && entry.id == packet.fragment_id && entry.src == packet.src &&
           entry.dst == packet.dst && entry.key_protocol == key_protocol(packet) &&
           entry.vlans == packet.vlans && time - entry.seen <= lifetime_;
}

bool FragmentTable::resolve(DecodedPacket& packet, Timestamp time) {
    if (!packet.fragment) return true;
    if (packet.later_fragment) return complete(packet, time);
    if (packet.outcome == DecodeOutcome::ok) remember(packet, time);
    return packet.outcome == DecodeOutcome::ok;
}

void FragmentTable::remember(const DecodedPacket& packet, Timestamp time) {
    Entry* const bucket = bucket_of(packet);
    Entry* place = std::find_if(bucket, bucket + ways,
                                [&](const Entry& entry) { return matches(entry, packet, time); });
    if (place == bucket + ways) {
        place = std::min_element(bucket, bucket + ways, [](const Entry& a, const Entry& b) {
            return a.used != b.used ? !a.used : a.seen < b.seen;
        });
    }
    *place = {.src = packet.src,
              .dst = packet.dst,
              .id = packet.fragment_id,
              .vlans = packet.vlans,
              .key_protocol = key_protocol(packet),
              .used = true,
              .seen = time,
              .ip_protocol = packet.ip_protocol,
              .protocol = packet.protocol,
              .src_port = packet.src_port,
              .dst_port = packet.dst_port};
}

bool FragmentTable::complete(DecodedPacket& packet, Timestamp time) {
    Entry* const bucket = bucket_of(packet);
    const Entry* const found = std::find_if(
        bucket, bucket + ways, [&](const Entry& entry) { return matches(entry, packet, time); });
    if (found == bucket + ways) {
        ++unresolved_;
        return false;
    }
    packet.ip_protocol = found->ip_protocol;
    packet.protocol = found->protocol;
    packet.src_port = found->src_port;
    packet.dst_port = found->dst_port;
    return true;
}

}  // namespace nspect::capture
