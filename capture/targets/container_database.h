// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "capture/targets/container_state.h"

namespace nspect::capture {

/// Labels, image and pod of a Podman container from the database in its storage folder: Bolt up to
/// Podman 4, SQLite since 5. Returns whether it knows the container.
bool read_podman_database(const std::string& storage, const ContainerIdentity& who,
                          ContainerFacts& facts);

/// Labels and image of a containerd container from its metadata database; for a pod's sandbox the
/// labels are those of the pod. `root` is containerd's root folder.
void read_containerd_database(const std::string& root, const std::string& realm,
                              const ContainerIdentity& who, ContainerFacts& facts);

}  // namespace nspect::capture
