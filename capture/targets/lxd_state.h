// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "capture/targets/container_state.h"

namespace nspect::capture {

/// Whether `root` is the state of LXD, or of Incus; plain LXC has folders of the same names.
bool is_state_of(std::string_view runtime, const std::string& root);

/// The container that an instance's backup.yaml describes: its image, and its user.* keys as labels
/// without "user.". Values over several lines are no labels and are passed over.
void read_lxd_backup(std::string_view yaml, ContainerFacts& facts);

}  // namespace nspect::capture
