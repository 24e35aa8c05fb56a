// SPDX-License-Identifier: Apache-2.0
#include "analyzer/class_pairs.h"

namespace nspect::analyzer {

TrafficId ClassPairs::over(IpFamily family, std::uint32_t from, std::uint32_t to) {
    const TrafficId sent =
        compiled_.egress.traffic(from, compiled_.egress.peers().face(to, family));
    if (sent == TrafficPool::none) return sent;
    const auto taken = compiled_.ingress.traffic(to, compiled_.ingress.peers().face(from, family));
    return pool_.intersect(sent, taken);
}

TrafficId ClassPairs::traffic(std::uint32_t from, std::uint32_t to) {
    const PeerSpace& peers = compiled_.ingress.peers();
    if (!peers.has_second_face(from) && !peers.has_second_face(to)) {
        return over(IpFamily::v4, from, to);
    }
    const std::uint8_t families = compiled_.common_families(from, to);
    TrafficId result = TrafficPool::none;
    if ((families & v4_bit) != 0) result = over(IpFamily::v4, from, to);
    if ((families & v6_bit) != 0) result = pool_.unite(result, over(IpFamily::v6, from, to));
    return result;
}

TrafficId ClassPairs::outside(Direction direction, std::uint32_t class_id,
                              std::uint32_t address_class) {
    const Profiles& profiles = compiled_.profiles(direction);
    return profiles.traffic(class_id, profiles.peers().outside(address_class));
}

}  // namespace nspect::analyzer
