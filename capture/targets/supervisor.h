// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capture/os/procfs.h"
#include "capture/targets/container_identity.h"
#include "capture/targets/container_state.h"

namespace nspect::capture {

/// The process that started a container and stays beside it. Its arguments say where the state of
/// the runtime is, wherever that was configured to be, and which container it is where control
/// groups do not (rootless Podman, containerd namespaces of any name, nspawn).
struct Supervisor {
    ContainerIdentity identity;
    std::string name;   ///< what people call the container; conmon and LXC know
    StateRoots roots;   ///< the state of this runtime alone
    std::string image;  ///< nspawn: the folder or file it runs

    bool operator==(const Supervisor&) const = default;
};

/// From the arguments and the working folder of a process; nothing when it is no supervisor.
std::optional<Supervisor> parse_supervisor(std::span<const std::string> arguments,
                                           const std::string& folder);

/// The nearest supervisor among the ancestors of a process. Its paths are given as they are reached
/// from here, also when it lives in another mount namespace.
std::optional<Supervisor> supervisor_of(const Procfs& procfs, std::uint32_t pid);

}  // namespace nspect::capture
