// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
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
    /// The same where a file tells: of a file with two interfaces, the one with loopback traffic
    /// alone is in the namespace of whoever owns the other. Node captures have more interfaces.
    std::optional<std::size_t> loopback_endpoint(std::uint32_t vantage, Timestamp time) const;
    VantageSide side(std::uint32_t vantage) const;
    /// Whether the vantage's container holds the address (loopback is everyone's own).
    bool owns(std::uint32_t vantage, const IpAddress& address, Timestamp time) const;
    /// The vantage that would see what reaches the endpoint at `time`, the outermost of them.
    std::optional<std::uint32_t> watching(std::size_t endpoint, Timestamp time) const;
    /// The same of an address, where only files tell: see Own.
    std::optional<std::uint32_t> watching(const IpAddress& address, Timestamp time) const;
    /// The host's end of the container that the vantage is inside of.
    std::optional<std::uint32_t> outside_of(std::uint32_t vantage, Timestamp time) const;

private:
    struct Place {
        std::uint32_t id = 0;
        VantageSide side = VantageSide::file;
        std::optional<std::uint32_t> target;
        std::optional<std::size_t> endpoint;
        Timestamp from = Timestamp::min();
        Timestamp to = forever;
    };
    /// A vantage of a file says nothing of whose it is. Where all its traffic has one and the same
    /// address at one end, with different ones at the other, it is this address's own.
    struct Own {
        std::optional<IpAddress> address;  ///< one of each family
        std::optional<IpAddress> other;    ///< the second candidate, while there are two
        bool none = false;                 ///< there is no such address
    };
    struct FileVantage {
        std::array<Own, 2> own;  ///< IPv4, IPv6
        Timestamp first = forever;
        Timestamp last = Timestamp::min();
        bool overlay = false;
        bool loopback_alone = true;
        std::vector<std::uint32_t> beside;  ///< the file's other interfaces with traffic
    };
    std::optional<std::size_t> owner_of_file(const FileVantage& vantage, Timestamp time) const;
    const Place* find(std::uint32_t vantage) const;
    void learn_from_files(const Recording& recording);
    void widen_to_files(const Recording& recording);
    static void narrow_down(Own& own, const Sighting& sighting);
    static bool is_own(const FileVantage& vantage, const IpAddress& address);
    bool is_of_same_end(const FileVantage& vantage, const IpAddress& address, Timestamp time) const;

    const Inventory& inventory_;
    std::vector<Place> places_;
    std::unordered_map<std::uint32_t, std::size_t> place_of_;
    std::unordered_map<std::size_t, std::vector<std::size_t>> places_of_endpoint_;
    std::unordered_map<std::uint32_t, std::unordered_set<IpAddress>> addresses_;  ///< by target
    std::map<std::uint32_t, FileVantage> files_;
};

}  // namespace nspect::analyzer
