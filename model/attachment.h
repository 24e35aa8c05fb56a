// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace nspect {

/// What an interface is joined to besides its peer: as a port to a bridge or bond, or, being a
/// VLAN, macvlan or tunnel, to the device it stands on. Of the moment; not recorded.
struct Attachment {
    std::uint64_t netns = 0;  ///< of the interface
    std::uint32_t index = 0;
    std::uint32_t master_index = 0;  ///< the bridge or bond, in the same namespace; 0: none
    std::uint32_t lower_index = 0;   ///< the device below; 0: none
    std::uint64_t lower_netns = 0;   ///< where that lives; 0 when not known

    bool operator==(const Attachment&) const = default;
};

}  // namespace nspect
