// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "model/recording.h"

namespace nspect::analyzer {

/// Containers that were found beside others in one network namespace: the namespace of each, by
/// TargetInfo::id. One that is its namespace's own is not among them.
std::unordered_map<std::uint32_t, std::uint32_t> guests(const Recording& recording);

/// Which container had a socket where several share the address. `recording` must outlive it.
class SocketOwners {
public:
    explicit SocketOwners(const Recording& recording);

    bool empty() const noexcept { return owners_.empty(); }
    /// TargetInfo::id of the container that had it at `time`; a loopback address is that of the
    /// namespace which `vantage` is in.
    std::optional<std::uint32_t> find(Protocol protocol, const Socket& socket, Timestamp time,
                                      std::uint32_t vantage) const;

private:
    using Key = std::tuple<std::uint32_t, Protocol, std::uint16_t>;  // network, protocol, port

    void learn_networks(const Recording& recording);
    std::vector<std::uint32_t> networks_at(const IpAddress& address, Timestamp time,
                                           std::uint32_t vantage) const;

    std::map<Key, std::vector<const SocketOwner*>> owners_;
    std::unordered_map<IpAddress, std::vector<AddressSeen>> held_;  ///< by networks
    std::unordered_map<std::uint32_t, std::uint32_t> network_of_;   ///< by vantage
};

}  // namespace nspect::analyzer
