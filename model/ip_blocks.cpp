// SPDX-License-Identifier: Apache-2.0
#include "model/ip_blocks.h"

namespace nspect {

std::vector<IpPrefix> prefixes_of(const IpSet& addresses) {
    std::vector<IpPrefix> list;
    for (const IpRange& range : addresses.intervals()) {
        std::optional<IpAddress> at = range.first;
        while (at && *at <= range.last) {
            unsigned length = at->bits();
            while (length > 0) {
                const IpPrefix wider(*at, length - 1);
                if (wider.address() != *at || range.last < wider.range().last) break;
                --length;
            }
            const IpPrefix block(*at, length);
            list.push_back(block);
            at = successor(block.range().last);
        }
    }
    return list;
}

}  // namespace nspect
