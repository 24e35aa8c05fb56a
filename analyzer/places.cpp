// SPDX-License-Identifier: Apache-2.0
#include "analyzer/places.h"

namespace nspect::analyzer {

// The first of several with one id counts: ids of a forged recording need not be unique.
Places::Places(const Recording& context) {
    for (const auto& each : context.vantages) vantages_.try_emplace(each.id, &each);
    for (const auto& each : context.targets) targets_.try_emplace(each.id, &each);
}

const Vantage* Places::find(std::uint32_t vantage) const {
    const auto found = vantages_.find(vantage);
    return found == vantages_.end() ? nullptr : found->second;
}

const TargetInfo* Places::target(std::uint32_t id) const {
    const auto found = targets_.find(id);
    return found == targets_.end() ? nullptr : found->second;
}

std::string Places::owner(const Vantage& vantage) const {
    if (!vantage.target) return {};
    const auto found = targets_.find(*vantage.target);
    if (found == targets_.end()) return {};
    const auto& target = *found->second;
    if (target.is_host) return "host";
    return target.pod.empty() ? target.name : target.pod;
}

std::string Places::words(std::uint32_t id) const {
    const auto* vantage = find(id);
    if (vantage == nullptr) return "vantage " + std::to_string(id);
    // Interfaces of different files may have one name.
    const bool of_file = vantage->side == VantageSide::file && !vantage->source.empty() &&
                         vantage->source != vantage->interface_name;
    const auto whose = of_file ? vantage->source : owner(*vantage);
    return vantage->interface_name + (whose.empty() ? "" : " (" + whose + ")");
}

}  // namespace nspect::analyzer
