// SPDX-License-Identifier: Apache-2.0
#include "analyzer/places.h"

#include <algorithm>

namespace nspect::analyzer {

const Vantage* Places::find(std::uint32_t vantage) const {
    const auto& all = context_->vantages;
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Vantage& each) { return each.id == vantage; });
    return found == all.end() ? nullptr : &*found;
}

std::string Places::owner(const Vantage& vantage) const {
    if (!vantage.target) return {};
    const auto& all = context_->targets;
    const auto found = std::find_if(
        all.begin(), all.end(), [&](const TargetInfo& each) { return each.id == *vantage.target; });
    if (found == all.end()) return {};
    if (found->is_host) return "host";
    return found->pod.empty() ? found->name : found->pod;
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
