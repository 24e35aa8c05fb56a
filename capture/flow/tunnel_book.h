// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "model/tunnel_seen.h"

namespace nspect::capture {

/// The tunnels that flows were seen in, each once, so that a flow keeps a number and no addresses.
/// Bounded: of tunnels beyond `limit` only the kind is kept.
class TunnelBook {
public:
    explicit TunnelBook(std::size_t limit = 65536);

    /// 0 for a tunnel of no kind.
    std::uint32_t number_of(const TunnelSeen& tunnel);
    /// REQUIRES: a number it gave.
    const TunnelSeen& operator[](std::uint32_t number) const { return tunnels_[number]; }

private:
    struct Hash {
        std::size_t operator()(const TunnelSeen& tunnel) const noexcept;
    };

    std::size_t limit_;
    std::vector<TunnelSeen> tunnels_;
    std::unordered_map<TunnelSeen, std::uint32_t, Hash> numbers_;
};

}  // namespace nspect::capture
