// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/target_events.h"

#include <algorithm>

namespace nspect::capture {

TargetInfo identity_of(TargetInfo target) {
    target.interfaces.clear();
    target.pids.clear();
    for (auto& each : target.sharing) each.pids.clear();
    return target;
}

const InterfaceInfo* find_interface(const std::vector<InterfaceInfo>& interfaces,
                                    std::uint32_t index) {
    const auto found = std::find_if(interfaces.begin(), interfaces.end(),
                                    [&](const InterfaceInfo& info) { return info.index == index; });
    return found != interfaces.end() ? &*found : nullptr;
}

void add_interface_events(std::vector<TargetEvent>& events, const TargetInfo& target,
                          const std::vector<InterfaceInfo>& before) {
    using Kind = TargetEvent::Kind;
    for (const auto& old : before) {
        if (find_interface(target.interfaces, old.index) == nullptr)
            events.push_back({Kind::interface_gone, target, old});
    }
    for (const auto& info : target.interfaces) {
        const auto* known = find_interface(before, info.index);
        if (known == nullptr) {
            events.push_back({Kind::interface_appeared, target, info});
        } else if (*known != info) {
            events.push_back({Kind::interface_changed, target, info});
        }
    }
}

}  // namespace nspect::capture
