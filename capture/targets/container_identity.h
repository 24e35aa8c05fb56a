// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nspect::capture {

/// The container that a process runs in, as far as its control groups tell.
struct ContainerIdentity {
    /// "docker", "containerd", "cri-o", "podman", "lxc", "nspawn", "nerdctl". For ids that stand
    /// alone it is the likeliest one: "containerd" in a pod, "docker" elsewhere; LXD and Incus say
    /// "lxc" too. The state files of the runtimes know better (container_state.h).
    std::string runtime;
    std::string container;  ///< 64 hexadecimal digits, or a name (LXC, nspawn, ctr)
    std::string pod_uid;    ///< Kubernetes; with dashes as in the API

    bool operator==(const ContainerIdentity&) const = default;
};

/// Reads the text of /proc/PID/cgroup: version 1, 2, or both at once. Nothing for processes of the
/// host and for those that only watch a container (conmon, lxc monitor, nspawn supervisor). Where
/// containers are nested (kind), the innermost is the answer.
std::optional<ContainerIdentity> container_identity(std::string_view cgroup);

/// The same from one control group path.
std::optional<ContainerIdentity> container_of_path(std::string_view path);

/// "cron.service" from the control group of a systemd service; "" when it is not in one.
std::string service_of(std::string_view cgroup);

}  // namespace nspect::capture
