// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/tunnel_book.h"

#include <functional>

#include "model/hash_seed.h"

namespace nspect::capture {
namespace {

constexpr std::size_t kinds = static_cast<std::size_t>(last_tunnel_kind) + 1;

}  // namespace

std::size_t TunnelBook::Hash::operator()(const Entry& entry) const noexcept {
    const TunnelSeen& tunnel = entry.seen;
    const std::hash<IpAddress> of;
    const std::size_t ids = tunnel.id ^ std::size_t{entry.id_back.value_or(0)} << 32U;
    const std::size_t rest = static_cast<std::size_t>(tunnel.kind) << 8U | tunnel.depth;
    return seeded_hash(seeded_hash(of(tunnel.client), of(tunnel.server)), seeded_hash(ids, rest));
}

// The first ones are the kinds themselves.
TunnelBook::TunnelBook(std::size_t limit) : limit_(limit + kinds), tunnels_(kinds) {
    for (std::size_t i = 0; i < kinds; ++i) tunnels_[i].seen.kind = static_cast<TunnelKind>(i);
}

bool TunnelBook::is_whole(std::uint32_t number) {
    return number >= kinds;
}

std::uint32_t TunnelBook::with_id_back(std::uint32_t number, std::uint32_t id) {
    if (!is_whole(number)) return number;
    return keep({tunnels_[number].seen, id});
}

std::uint32_t TunnelBook::keep(const Entry& entry) {
    if (entry.seen.kind == TunnelKind::none) return 0;
    if (const auto known = numbers_.find(entry); known != numbers_.end()) return known->second;
    if (tunnels_.size() >= limit_) return static_cast<std::uint32_t>(entry.seen.kind);
    const auto number = static_cast<std::uint32_t>(tunnels_.size());
    tunnels_.push_back(entry);
    numbers_.emplace(entry, number);
    return number;
}

}  // namespace nspect::capture
