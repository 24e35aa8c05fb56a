// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/expectation.h"
#include "model/inventory.h"

namespace nspect::analyzer {

/// The guards that count for a port of an endpoint: of each mesh those with the highest rank.
/// `port` is the container's.
std::vector<const MeshGuard*> guards_of(const Expectations& expectations,
                                        const Inventory& inventory, const Endpoint& server,
                                        Port port);

/// Of one mesh's guards, the pass that asks for the least among those for an address; nullptr where
/// there is none. Without an address, of all.
const GuardPass* easiest_pass(const std::vector<const MeshGuard*>& guards,
                              const std::optional<IpAddress>& client);

/// Identities of clients that a mesh accepts at a port, and who says so. Nothing where any is, or
/// where one need not have any.
struct AcceptedIdentities {
    std::string by;
    std::vector<std::string> patterns;
    Location where;
};
std::vector<AcceptedIdentities> accepted_identities(const Expectations& expectations,
                                                    const Inventory& inventory,
                                                    const Endpoint& server, Port port);

/// "*" at either end of a pattern stands for any text.
bool matches_identity(std::string_view pattern, std::string_view identity);

}  // namespace nspect::analyzer
