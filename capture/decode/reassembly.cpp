// SPDX-License-Identifier: Apache-2.0
#include "capture/decode/reassembly.h"

#include <algorithm>
#include <functional>
#include <iterator>

#include "model/hash_seed.h"

namespace nspect::capture {
namespace {

constexpr std::uint32_t largest = 65535;

std::uint32_t end_of(const DecodedPacket& fragment) {
    return fragment.fragment_offset + static_cast<std::uint32_t>(fragment.fragment_data.size());
}

}  // namespace

std::size_t Reassembler::Hash::operator()(const Key& key) const noexcept {
    const std::hash<IpAddress> of;
    const std::size_t rest =
        std::size_t{key.vantage} << 16U | std::size_t{key.protocol} << 8U | key.depth;
    const std::size_t vlans = std::size_t{key.vlans.inner} << 16U | key.vlans.outer;
    return seeded_hash(seeded_hash(of(key.src), of(key.dst)),
                       seeded_hash(std::size_t{key.id} << 32U | vlans, rest));
}

bool Reassembler::is_usable(const DecodedPacket& fragment) noexcept {
    const auto size = fragment.fragment_data.size();
    const bool whole = size > 0 && size == fragment.ip_wire_bytes;
    // Every part but the last is a multiple of 8; none reaches beyond what a length field can say.
    return whole && (!fragment.more_fragments || size % 8 == 0) && end_of(fragment) <= largest;
}

std::span<const std::byte> Reassembler::add(const DecodedPacket& fragment, std::uint32_t vantage,
                                            Timestamp time) {
    if (!is_usable(fragment)) return {};
    while (!datagrams_.empty() && time - datagrams_.front().begun > limits_.lifetime) {
        forget(datagrams_.begin());
    }
    const bool v4 = fragment.src.is_v4();
    Datagram& datagram =
        find_or_begin({.src = fragment.src,
                       .dst = fragment.dst,
                       .id = fragment.fragment_id,
                       .vantage = vantage,
                       .vlans = fragment.vlans,
                       .protocol = v4 ? fragment.fragment_protocol : std::uint8_t{0},
                       .depth = fragment.tunnel.depth},
                      time);
    take(datagram, fragment);
    if (!datagram.given_up && datagram.total != 0 && datagram.have == datagram.total) {
        return join(datagram);
    }
    while (held_ > limits_.bytes || datagrams_.size() > limits_.datagrams) {
        forget(datagrams_.begin());
    }
    return {};
}

Reassembler::Datagram& Reassembler::find_or_begin(const Key& key, Timestamp time) {
    if (const auto known = index_.find(key); known != index_.end()) return *known->second;
    datagrams_.push_back(Datagram{.key = key, .begun = time, .parts = {}});
    index_.emplace(key, std::prev(datagrams_.end()));
    return datagrams_.back();
}

void Reassembler::take(Datagram& datagram, const DecodedPacket& fragment) {
    if (datagram.given_up) return;
    const std::uint32_t begin = fragment.fragment_offset;
    const std::uint32_t end = end_of(fragment);
    const bool last = !fragment.more_fragments;
    for (const Part& part : datagram.parts) {
        const auto part_end = part.offset + static_cast<std::uint32_t>(part.bytes.size());
        if (begin == part.offset && end == part_end) return;  // once more
        const bool overlaps = begin < part_end && part.offset < end;
        if (overlaps || (last && part_end > end)) return give_up(datagram);
    }
    const bool beyond = datagram.total != 0 && end > datagram.total;
    const bool second_end = datagram.total != 0 && last;
    if (beyond || second_end) return give_up(datagram);
    if (datagram.parts.size() >= limits_.parts) return give_up(datagram);
    if (last) datagram.total = end;
    datagram.parts.push_back(
        {begin, {fragment.fragment_data.begin(), fragment.fragment_data.end()}});
    datagram.have += end - begin;
    held_ += end - begin;
}

/// It stays known until it is too old, so that what is left of it is not taken for another.
void Reassembler::give_up(Datagram& datagram) {
    ++overlapping_;
    held_ -= datagram.have;
    datagram.have = 0;
    datagram.parts = {};
    datagram.given_up = true;
}

void Reassembler::forget(Datagrams::iterator datagram) {
    held_ -= datagram->have;
    index_.erase(datagram->key);
    datagrams_.erase(datagram);
}

std::span<const std::byte> Reassembler::join(Datagram& datagram) {
    whole_.resize(datagram.total);
    for (const Part& part : datagram.parts) {
        std::copy(part.bytes.begin(), part.bytes.end(), whole_.begin() + part.offset);
    }
    forget(index_.at(datagram.key));
    return whole_;
}

}  // namespace nspect::capture
