// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "capture/targets/watcher.h"

namespace nspect::capture {

/// Who it is, without what changes all the time.
TargetInfo identity_of(TargetInfo target);

/// Nothing when it has none of that index.
const InterfaceInfo* find_interface(const std::vector<InterfaceInfo>& interfaces,
                                    std::uint32_t index);

/// What became of the interfaces that `target` had before.
void add_interface_events(std::vector<TargetEvent>& events, const TargetInfo& target,
                          const std::vector<InterfaceInfo>& before);

}  // namespace nspect::capture
