// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/generate.h"

namespace nspect::analyzer {

/// How long a list may be in a published schema; an API server refuses longer ones.
/// ClusterNetworkPolicy v1alpha2: rules, peers, protocols, networks and names, each in one list.
inline constexpr std::size_t most_admin_items = 25;
/// projectcalico.org/v3.
inline constexpr std::size_t most_calico_ports = 50;
inline constexpr std::size_t most_calico_nets = 256;
inline constexpr std::size_t most_calico_rules = 1024;     ///< in one direction
inline constexpr std::size_t most_calico_selector = 1024;  ///< characters
/// cilium.io/v2: in one entry of toPorts.
inline constexpr std::size_t most_cilium_ports = 40;

/// What a list falls into when none may be longer than `most`, in its order.
template <class T>
std::vector<std::vector<T>> parts_of(const std::vector<T>& list, std::size_t most) {
    std::vector<std::vector<T>> parts;
    for (std::size_t from = 0; from < list.size(); from += most) {
        const auto to = std::min(list.size(), from + most);
        parts.emplace_back(list.begin() + static_cast<std::ptrdiff_t>(from),
                           list.begin() + static_cast<std::ptrdiff_t>(to));
    }
    return parts;
}

/// The same traffic as matches of one name, or of one range of one protocol.
std::vector<PortMatch> single_matches(const std::vector<PortMatch>& ports);

/// The same peers, none of them of more than `most` blocks or names.
std::vector<Peer> bounded_peers(const std::vector<Peer>& peers, std::size_t most);

/// Whether a rule of the dialect may name it, exactly; DNS carries any bytes.
bool can_name(Dialect dialect, std::string_view domain);

/// Namespaces and names of policies.
using TakenNames = std::set<std::pair<std::string, std::string>>;
/// `wanted`, or with a number behind it what no policy of `place` is called yet; now it is taken.
std::string claimed_name(const std::string& place, const std::string& wanted, TakenNames& taken);

/// The same policy as several that have at most `most` rules in each direction. The first keeps its
/// name, which has to be among `taken`; the others get one of their own and say what they continue.
std::vector<GeneratedPolicy> bounded_policies(const GeneratedPolicy& made, std::size_t most,
                                              TakenNames& taken);

}  // namespace nspect::analyzer
