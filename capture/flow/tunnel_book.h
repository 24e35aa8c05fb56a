// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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
    std::uint32_t number_of(const TunnelSeen& tunnel) { return keep({tunnel, {}}); }
    /// The same tunnel, which has this id in the other direction.
    std::uint32_t with_id_back(std::uint32_t number, std::uint32_t id);
    /// Whether more than the kind was kept.
    static bool is_whole(std::uint32_t number);
    std::optional<std::uint32_t> id_back(std::uint32_t number) const {
        return tunnels_[number].id_back;
    }
    /// REQUIRES: a number it gave.
    const TunnelSeen& operator[](std::uint32_t number) const { return tunnels_[number].seen; }

private:
    struct Entry {
        TunnelSeen seen;
        std::optional<std::uint32_t> id_back;
        bool operator==(const Entry&) const = default;
    };
    struct Hash {
        std::size_t operator()(const Entry& entry) const noexcept;
    };
    std::uint32_t keep(const Entry& entry);

    std::size_t limit_;
    std::vector<Entry> tunnels_;
    std::unordered_map<Entry, std::uint32_t, Hash> numbers_;
};

}  // namespace nspect::capture
