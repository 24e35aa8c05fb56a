// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/conversation.h"
#include "model/inventory.h"
#include "model/recording.h"

namespace nspect::analyzer {

/// Where the vantages of a recording stand, and so which end of a conversation each belongs to.
/// A container's vantage is known by its target, never by guessing from an address.
class VantageMap {
public:
    VantageMap(const Inventory& inventory, const Recording& recording);

    /// The container's endpoint; nothing for vantages of the host, a file, an unknown target.
    std::optional<std::size_t> endpoint(std::uint32_t vantage) const;
    VantageSide side(std::uint32_t vantage) const;
    /// Whether the vantage's container holds the address (loopback is everyone's own).
    bool owns(std::uint32_t vantage, const IpAddress& address, Timestamp time) const;
    /// The vantage that would see what reaches the endpoint at `time`, the outermost of them.
    std::optional<std::uint32_t> watching(std::size_t endpoint, Timestamp time) const;

private:
    struct Place {
        std::uint32_t id = 0;
        VantageSide side = VantageSide::file;
        std::optional<std::uint32_t> target;
        std::optional<std::size_t> endpoint;
        Timestamp from = Timestamp::min();
        Timestamp to = forever;
    };
    const Place* find(std::uint32_t vantage) const;

    const Inventory& inventory_;
    std::vector<Place> places_;
    std::unordered_map<std::uint32_t, std::size_t> place_of_;
    std::unordered_map<std::size_t, std::vector<std::size_t>> places_of_endpoint_;
    std::unordered_map<std::uint32_t, std::unordered_set<IpAddress>> addresses_;  ///< by target
};

}  // namespace nspect::analyzer
