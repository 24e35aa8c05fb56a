// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/targets/container_identity.h"
#include "capture/targets/engine_api.h"
#include "model/labels.h"

namespace nspect::capture {

/// Where the runtimes keep what they know, on disk; and the sockets of those that answer for what
/// is not found there.
struct StateRoots {
    std::vector<std::string> docker{"/var/lib/docker"};
    std::vector<std::string> containerd{
        "/run/containerd/io.containerd.runtime.v2.task",
        "/run/k3s/containerd/io.containerd.runtime.v2.task",
        "/var/snap/microk8s/common/run/containerd/io.containerd.runtime.v2.task",
    };
    /// Podman's and CRI-O's storage: containers.json and <id>/userdata/config.json in its
    /// *-containers.
    std::vector<std::string> storage{"/var/lib/containers/storage", "/run/containers/storage"};
    std::vector<std::string> pod_logs{"/var/log/pods"};
    std::vector<std::string> incus{"/var/lib/incus"};
    std::vector<std::string> lxd{"/var/lib/lxd", "/var/snap/lxd/common/lxd"};
    std::vector<std::string> lxc{"/var/lib/lxc"};
    std::vector<std::string> sockets{"/run/docker.sock", "/var/run/docker.sock",
                                     "/run/podman/podman.sock"};
    std::string prefix;  ///< put before paths that are found in the runtimes' files

    bool operator==(const StateRoots&) const = default;

    /// All of them, each below `root` (an agent sees its host's disk somewhere else).
    StateRoots below(std::string_view root) const;
};

/// What people call a container. Empty means not known.
struct ContainerFacts {
    std::string runtime;
    std::string name;
    std::string image;
    Labels labels;
    std::string pod;
    std::string namespace_name;  ///< Kubernetes namespace, Compose project, LXC project
    std::string pod_uid;
    std::string realm;     ///< containerd namespace, unless it is one that everybody uses
    bool sandbox = false;  ///< the pod's own ("pause") container
    bool joined = false;   ///< uses the network of another container
    std::vector<std::string> netns_paths;
    /// Has a file replaced whenever some of this changes, its own or one that lists all of them;
    /// empty where the runtime has none.
    std::string state_folder;

    bool operator==(const ContainerFacts&) const = default;
};

/// Reads the state files about one container; a file that is missing, too long or no JSON adds
/// nothing. Where there are none, `engine` is asked.
ContainerFacts container_facts(const StateRoots& roots, const ContainerIdentity& identity,
                               EngineApi* engine = nullptr);

/// The names by id in a state folder that lists many; nothing where it is that of one container.
std::optional<std::map<std::string, std::string>> listed_names(const std::string& state_folder);

/// The folders that get an entry for each new container: what to watch.
std::vector<std::string> container_folders(const StateRoots& roots);

}  // namespace nspect::capture
