// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "analyzer/rulebook.h"

namespace nspect::analyzer {

/// Which address families a class can use, as bits; one whose addresses are not known may use both.
inline constexpr std::uint8_t v4_bit = 1;
inline constexpr std::uint8_t v6_bit = 2;

/// The addresses an endpoint is known by: its own and, on the host network without any, its node's.
std::vector<IpAddress> known_addresses(const Inventory& inventory, std::size_t endpoint);

/// Endpoints that no policy can tell apart, as classes, and which classes each term of the rulebook
/// describes. Labels no selector asks for are dropped first, selectors are evaluated over an
/// inverted index of what is left, and what they tell apart becomes classes.
struct EndpointClasses {
    std::vector<std::uint32_t> class_of;   ///< by endpoint
    std::vector<std::uint32_t> sizes;      ///< endpoints, by class
    std::vector<std::uint32_t> signature;  ///< by class, into `signatures`
    std::vector<std::vector<NamedPort>> signatures;
    std::vector<std::uint8_t> families;  ///< by class
    std::vector<IdSet> pods;             ///< classes, by pod term
    std::vector<IdSet> addresses_v4;     ///< classes by address term, through their IPv4 addresses
    std::vector<IdSet> addresses_v6;

    std::uint32_t count() const noexcept { return static_cast<std::uint32_t>(sizes.size()); }
};

EndpointClasses classify(const World& world, const Rulebook& rules);

}  // namespace nspect::analyzer
