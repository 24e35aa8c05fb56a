// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/generate_demand.h"
#include "model/inventory.h"

namespace nspect::analyzer {

/// How many comment lines a rule or a policy carries.
inline constexpr std::size_t most_notes = 20;

/// What a note begins with that nobody may overlook.
inline constexpr std::string_view warning_mark = "WARNING: ";

/// Puts warnings first and cuts the rest where it gets too long to be read, and says so.
void bound(std::vector<std::string>& notes);

void merge(Grounds& into, const Grounds& more);

/// What peers are known to be: ingress controllers, metrics scrapers, the API server, nodes.
/// `inventory` must outlive it.
class Roles {
public:
    explicit Roles(const Inventory& inventory);

    /// "an ingress controller"; empty when it is nothing special.
    std::string of_workload(std::size_t workload) const;
    std::string of_address(const IpAddress& address) const;
    bool is_api_server(const IpAddress& address) const;

    /// "rare: CronJob shop/backup ran once in the recording ..."; empty for what runs on, or often.
    std::string rarity_of(std::size_t workload) const;

private:
    const Inventory& inventory_;
    std::unordered_map<IpAddress, std::string> addresses_;
};

/// Who a rule names, in words, and what is known of it.
struct NamedPeer {
    std::string words;                   ///< "shop (app=web)", "203.0.113.0/24"
    std::string role;                    ///< from Roles
    const IpAddress* address = nullptr;  ///< of a block: its first
};

/// Adds why a rule lets `peer` have `point`.
void add_notes(std::vector<std::string>& notes, const NamedPeer& peer, const TrafficPoint& point,
               const Grounds& grounds);

}  // namespace nspect::analyzer
